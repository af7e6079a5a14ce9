/**
 * What is not asked of the file: of everything that runs here it is known, and of other sessions what was asked once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import * as Settings from "../../src/Settings.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import { Tasks } from "../../src/Tasks.ts"
import { SimulatedHost } from "../../src/testing/SimulatedHost.ts"
import { counting, folder } from "../support/files.ts"
import { pass } from "../support/time.ts"
import { byScript } from "../support/world.ts"

describe("the file", () => {
  it.effect("is asked once who is in the session that launches, however much is launched there and comes back", () =>
    Effect.scoped(Effect.gen(function*() {
      const { count, library } = counting(/\bWHERE session = /)
      const file = join(yield* folder, "journal.sqlite")
      yield* Effect.gen(function*() {
        const tasks = yield* Tasks
        const parent = yield* (yield* SimulatedHost).root("ses_root")
        yield* pass(10)
        yield* Effect.forEach(
          ["one", "two", "three", "four"],
          (prompt) => tasks.launch({ description: prompt, prompt, agent: "explore", parent })
        )
        yield* pass("10 seconds")
        assert.deepStrictEqual(
          (yield* tasks.list).map(({ status }) => status),
          ["completed", "completed", "completed", "completed"]
        )
        assert.isFalse(yield* tasks.expecting(parent))
        assert.strictEqual(count.runs, 1)
      }).pipe(Effect.provide(
        Tasks.layerOnJournal.pipe(
          Layer.provideMerge(SqliteJournal.layer({ file, library, onProblem: Effect.die })),
          Layer.provideMerge(SimulatedHost.layer({ behave: byScript({}) })),
          Layer.provide(Layer.succeed(Settings.Current, Settings.defaults))
        )
      ))
    })))
})
