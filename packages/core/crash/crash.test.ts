/**
 * A process that is killed at any point loses nothing, tells nothing twice, and leaves nothing stuck.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "esbuild"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { run } from "./Trial.ts"

/** How many kills there have to be. */
const kills = 200

const folder = mkdtempSync(join(tmpdir(), "errand-crash-"))
const bundle = join(folder, "worker.mjs")

beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, "worker.ts")],
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error"
  })
)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A number that looks like any other, the same for the same seed. */
const scatter = (seed: number): number => Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0

describe("a process that is killed", () => {
  it.live(
    `D8 C1 C2 A1 E2 at ${kills} points of launch, start, end, notice and compaction: nothing lost, doubled, leaked or stuck`,
    () =>
      Effect.gen(function*() {
        const whole = yield* run(bundle, join(folder, "whole.sqlite"), 1, [])
        assert.deepStrictEqual(whole.broken, [])
        assert.isAbove(whole.points, 100)
        const trial = Effect.fnUntraced(function*(seed: number) {
          // Two in five are killed a second time, early: while they take over what the first has left.
          const again = seed % 5 < 2 ? [1 + scatter(seed * 7) % 150] : []
          const dieAt = [1 + scatter(seed) % whole.points, ...again]
          const { broken, killed } = yield* run(bundle, join(folder, `${seed}.sqlite`), seed, dieAt)
          return { killed, words: broken.map((words) => `seed ${seed}, killed at ${dieAt.join(" and ")}: ${words}`) }
        })
        const trials = yield* Effect.forEach(Array.from({ length: kills }, (_, nth) => nth + 1), trial, {
          concurrency: 4
        })
        assert.deepStrictEqual(trials.flatMap(({ words }) => words), [])
        assert.isAtLeast(trials.reduce((sum, { killed }) => sum + killed, 0), kills)
      }),
    900_000
  )
})
