/**
 * Who may look at a task: every session of the family that it belongs to, and nobody else.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { failing, hang, inWorld, pass } from "./support/world.ts"

describe("finding a task", () => {
  inWorld("is for every session with the same root, above, beside or below (D7)", {
    behave: () => [hang]
  }, ({ host, launch, parent, sessionOf, tasks }) =>
    Effect.gen(function*() {
      const stranger = yield* host.root("ses_stranger")
      const first = yield* launch("first")
      const beside = yield* launch("beside")
      yield* pass(0)
      const below = yield* launch("below", { parent: yield* sessionOf(first) })
      yield* pass(0)
      const all = [first, beside, below]
      for (const from of [parent, ...(yield* Effect.forEach(all, sessionOf))]) {
        for (const { id } of all) assert.strictEqual((yield* tasks.find(id, from)).id, id)
      }
      for (const { id } of all) {
        assert.strictEqual((yield* Effect.flip(tasks.find(id, stranger)))._tag, "TaskForeign")
      }
      yield* tasks.cancelAll(parent)
    }))

  inWorld("is for those above it only, where the host cannot say where somebody belongs (D7)", {
    behave: () => [hang]
  }, ({ host, launch, parent, tasks }) =>
    Effect.gen(function*() {
      const member = yield* host.root("ses_member", parent)
      const task = yield* launch("task")
      yield* pass(0)
      yield* host.faults(failing({ parentOf: "fail" }))
      assert.strictEqual((yield* tasks.find(task.id, parent)).id, task.id)
      assert.strictEqual((yield* Effect.flip(tasks.find(task.id, member)))._tag, "TaskForeign")
      yield* host.faults(() => "ok")
      assert.strictEqual((yield* tasks.find(task.id, member)).id, task.id)
      yield* tasks.cancelAll(parent)
    }))
})
