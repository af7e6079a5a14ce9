/**
 * Settings that are what they may be: wrong ones are told at the start, by name, and not by tasks that wait for ever.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer } from "effect"
import { Limits } from "../src/Limits.ts"
import * as Settings from "../src/Settings.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"

const wrong: ReadonlyArray<readonly [string, Partial<Settings.Settings>, string]> = [
  ["a limit below none", { defaultConcurrency: -1 }, "defaultConcurrency"],
  ["a limit of one and a half", { defaultConcurrency: 1.5 }, "defaultConcurrency"],
  ["a limit that is no number", { modelConcurrency: { "anthropic/opus": Number.NaN } }, "anthropic/opus"],
  ["a time that is no number", { taskTtlMs: Number.NaN }, "taskTtlMs"],
  ["polls without a pause", { pollIntervalMs: 0 }, "pollIntervalMs"],
  ["answers of less than nothing", { answerMaxChars: -1 }, "answerMaxChars"]
]

/** What somebody is told who starts with these settings, which they never decoded. */
const start = <A>(settings: Partial<Settings.Settings>, services: Layer.Layer<A>) =>
  services.pipe(
    Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, ...settings })),
    Layer.build,
    Effect.scoped,
    Effect.exit,
    Effect.map((exit) => Exit.isSuccess(exit) ? "well" : Cause.pretty(exit.cause))
  )

const tasks = Tasks.layer.pipe(Layer.provide(SimulatedHost.layer()))

describe("settings", () => {
  for (const [what, settings, name] of wrong) {
    it.effect(`A12 nothing starts with ${what}: it is said which is wrong`, () =>
      Effect.gen(function*() {
        assert.include(yield* start(settings, tasks), name)
        assert.include(yield* start(settings, Limits.layer), name)
      }))
  }

  it.effect("A12 that are only what differs from the defaults, checked", () =>
    Effect.gen(function*() {
      const settings = yield* Effect.provide(Settings.Current, Settings.layer({ defaultConcurrency: 0 }))
      assert.deepStrictEqual(settings, { ...Settings.defaults, defaultConcurrency: 0 })
      const error = yield* Effect.flip(Effect.provide(Settings.Current, Settings.layer({ defaultConcurrency: 1.5 })))
      assert.include(error.message, "defaultConcurrency")
    }))
})
