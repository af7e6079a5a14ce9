import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"

const world = (options?: Parameters<typeof SimulatedHost.layer>[0]) =>
  Tasks.layer.pipe(Layer.provideMerge(SimulatedHost.layer(options)))

describe("a task", () => {
  it.effect("runs, completes, and its parent is told once", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks
      const host = yield* SimulatedHost
      const parent = yield* host.root("ses_root")
      const task = yield* tasks.launch({ description: "look", prompt: "look around", agent: "explore", parent })
      assert.strictEqual(task.status, "running")
      yield* TestClock.adjust("1 second")
      const ended = yield* tasks.get(task.id)
      assert.deepStrictEqual(ended.outcome, { _tag: "Completed", answer: "done: look around" })
      yield* TestClock.adjust("1 minute")
      const notices = yield* host.notices(parent)
      assert.deepStrictEqual(notices.map(({ kind, tasks }) => [kind, tasks.map(({ id }) => id)]), [["final", [
        task.id
      ]]])
    }).pipe(Effect.provide(world())))
})
