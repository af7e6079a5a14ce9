/**
 * A journal that takes its time: what happens while it is being kept that somebody asked for a task.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Journal } from "../src/Journal.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"
import { endOf, hang, pass } from "./support/world.ts"

const slowJournal = Layer.effect(
  Journal,
  Effect.map(Journal, (journal) => ({
    ...journal,
    append: (event: Parameters<typeof journal.append>[0]) =>
      Effect.andThen(
        event._tag === "Queued" || event._tag === "Continued" ? Effect.sleep("1 second") : Effect.void,
        journal.append(event)
      )
  }))
).pipe(Layer.provide(Journal.layer))

const world = Tasks.layerOnJournal.pipe(
  Layer.provideMerge(slowJournal),
  Layer.provideMerge(SimulatedHost.layer({ behave: () => [hang] }))
)

describe("a task whose parent ends while it is being made", () => {
  it.effect("E5 ends with it", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks
      const parent = yield* (yield* SimulatedHost).root("ses_root")
      const launch = (parent: Parameters<typeof tasks.launch>[0]["parent"], prompt: string) =>
        Effect.forkChild(tasks.launch({ description: prompt, prompt, agent: "explore", parent }), {
          startImmediately: true
        })
      const outer = yield* launch(parent, "outer")
      yield* pass("2 seconds")
      const { id, session } = yield* tasks.get((yield* Fiber.join(outer)).id)
      if (session === undefined) return assert.fail("it has no session")
      const inner = yield* launch(session, "inner")
      yield* pass(500)
      yield* tasks.cancel(id)
      yield* pass("2 seconds")
      assert.strictEqual(endOf(yield* tasks.get((yield* Fiber.join(inner)).id)), "parent-ended")
      // A person may go on in there later.
      const later = yield* launch(session, "later")
      yield* pass("2 seconds")
      assert.strictEqual((yield* tasks.get((yield* Fiber.join(later)).id)).status, "running")
    }).pipe(Effect.provide(world)))
})
