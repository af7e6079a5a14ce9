/**
 * A process that is killed at any point loses nothing, tells nothing twice, and leaves nothing stuck.
 */
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { run, type Trial } from "./Trial.ts"

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
  it(
    `D8 C1 C2 A1 E2 at ${kills} points of launch, start, end, notice and compaction: nothing lost, doubled, leaked or stuck`,
    async () => {
      const whole = await run(bundle, join(folder, "whole.sqlite"), 1, [])
      assert.deepStrictEqual(whole.broken, [])
      assert.isAbove(whole.points, 100)
      let killed = 0
      let seed = 1
      const failures: Array<string> = []
      const work = async () => {
        while (killed < kills && seed < 2 * kills) {
          const own = seed++
          // Two in five are killed a second time, early: while they take over what the first has left.
          const again = own % 5 < 2 ? [1 + scatter(own * 7) % 150] : []
          const at = 1 + scatter(own) % whole.points
          const trial: Trial = await run(bundle, join(folder, `${own}.sqlite`), own, [at, ...again])
          killed += trial.killed
          failures.push(
            ...trial.broken.map((words) => `seed ${own}, killed at ${[at, ...again].join(" and ")}: ${words}`)
          )
        }
      }
      await Promise.all([work(), work(), work(), work()])
      assert.deepStrictEqual(failures, [])
      assert.isAtLeast(killed, kills)
    },
    900_000
  )
})
