/**
 * G3: a toast is an extra. Whatever goes wrong with it, tasks start, end and are told in their order.
 */
import { assert, describe, it } from "@effect/vitest"
import { Settings, Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { Effect, Layer, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../src/host/Client.ts"
import * as Toasts from "../src/Toasts.ts"

const failures = {
  "hangs for ever": Effect.never,
  "breaks": Effect.die("no terminal"),
  "is well": Effect.void,
  "is switched off (G8)": Effect.void
}

describe("G3 a toast", () => {
  for (const [how, outcome] of Object.entries(failures)) {
    it.effect(`that ${how} holds nothing up`, () =>
      Effect.gen(function*() {
        const shown = yield* Ref.make<ReadonlyArray<string>>([])
        const client = Layer.mock(Client)({
          toast: (message) => Effect.andThen(Ref.update(shown, (all) => [...all, message]), outcome)
        })
        const toasts = !how.startsWith("is switched off")
        const world = Toasts.layer({ toasts }).pipe(
          Layer.provideMerge(Tasks.Tasks.layer),
          Layer.provideMerge(SimulatedHost.SimulatedHost.layer()),
          Layer.provide(client),
          Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, defaultConcurrency: 1 }))
        )
        yield* Effect.gen(function*() {
          const tasks = yield* Tasks.Tasks
          const host = yield* SimulatedHost.SimulatedHost
          const parent = yield* host.root("ses_root")
          for (const round of [1, 2, 3]) {
            const all = yield* Effect.forEach(["first", "second"], (prompt) =>
              tasks.launch({ description: prompt, prompt, agent: "explore", parent }))
            yield* TestClock.adjust("2 seconds")
            const ends = yield* Effect.forEach(all, ({ id }) =>
              Effect.map(tasks.get(id), ({ status }) => status))
            assert.deepStrictEqual(ends, ["completed", "completed"])
            const notices = yield* host.notices(parent)
            assert.strictEqual(notices.filter(({ kind }) => kind === "final").length, round)
            yield* TestClock.adjust("5 seconds")
          }
        }).pipe(Effect.provide(world))
        assert.strictEqual((yield* Ref.get(shown)).length, toasts ? 3 : 0)
      }))
  }
})
