/**
 * What can be shown of tasks is what is so: counts, places and notices agree at every moment.
 */
import { assert, describe } from "@effect/vitest"
import { Array, Effect } from "effect"
import { inWorld, pass, say, wait } from "./support/world.ts"

describe("what is shown", () => {
  inWorld("agrees with what is so, on every path: ended, cancelled in line, cancelled at work (G6, G7)", {
    settings: { defaultConcurrency: 2 },
    scripts: { short: [wait(1_000), say("done")], long: [wait(60_000), say("done")] }
  }, ({ atRest, host, launch, limits, parent, tasks }) =>
    Effect.gen(function*() {
      /** What lists, the pool and the line say: `running, in use, waiting, the place of each that waits`. */
      const shown = Effect.gen(function*() {
        const all = yield* tasks.list
        const waiting = all.filter(({ status }) => status === "pending")
        const places = yield* Effect.forEach(waiting, ({ id }) => tasks.place(id))
        const [pool] = yield* limits.pools
        return {
          running: all.filter(({ status }) => status === "running").length,
          inUse: pool?.used,
          ahead: Array.getSomes(places).map(({ ahead, size, used }) => [ahead, used, size])
        }
      })

      const [, long, third, fourth] = yield* Effect.forEach(["short", "long", "long", "long"], (name) => launch(name))
      assert.deepStrictEqual(yield* shown, { running: 2, inUse: 2, ahead: [[0, 2, 2], [1, 2, 2]] })

      yield* pass(1_000)
      assert.deepStrictEqual(yield* shown, { running: 2, inUse: 2, ahead: [[0, 2, 2]] })
      const told = (yield* host.notices(parent)).at(-1)
      const out = (yield* tasks.list).filter(({ endedAt }) => endedAt === undefined).length
      assert.deepStrictEqual([told?.kind, told?.remaining], ["progress", out])

      yield* tasks.cancel(fourth?.id ?? "none")
      assert.deepStrictEqual(yield* shown, { running: 2, inUse: 2, ahead: [] })
      yield* tasks.cancel(long?.id ?? "none")
      assert.deepStrictEqual(yield* shown, { running: 1, inUse: 1, ahead: [] })
      yield* tasks.cancel(third?.id ?? "none")
      assert.deepStrictEqual(yield* shown, { running: 0, inUse: 0, ahead: [] })
      yield* pass(5_000)
      const last = (yield* host.notices(parent)).at(-1)
      assert.deepStrictEqual([last?.kind, last?.remaining, last?.tasks.length], ["final", 0, 4])
      yield* atRest
    }))
})
