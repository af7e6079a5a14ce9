import { assert, describe } from "@effect/vitest"
import { Array, Effect } from "effect"
import { failing, hang, inWorld, pass, say, wait } from "./support/world.ts"

describe("after many tasks", () => {
  inWorld(
    "only the retained ones are left: no slot, no session under watch, no fiber, no timer, no call (D9)",
    { settings: { defaultConcurrency: 50 } },
    ({ atRest, callsOf, host, launch, living, parent, tasks, used }) =>
      Effect.gen(function*() {
        const asleep = yield* living
        const parents = [parent, ...(yield* Effect.forEach(Array.range(1, 9), (i) => host.root(`ses_${i}`)))]
        yield* host.behave(({ session, text }) =>
          parents.includes(session) || text.endsWith("0") ? [say("done")] : [wait(100), say("done")]
        )
        const all = yield* Effect.forEach(
          Array.range(0, 1_999),
          (i) => launch(`${i}`, { parent: parents[i % 10] ?? parent, background: i % 3 > 0 })
        )
        yield* pass(10_000)
        const kept = yield* tasks.list
        assert.strictEqual(kept.length, 200)
        assert.deepStrictEqual(new Set(kept.map(({ status }) => status)), new Set(["completed"]))
        assert.strictEqual((yield* callsOf("prompt")).length, all.length)
        assert.strictEqual(yield* used, 0)
        assert.deepStrictEqual(yield* living, asleep)
        yield* atRest
      }),
    60_000
  )
})

describe("a finished task", () => {
  inWorld("is kept unchanged until newer ones take its place, the oldest first (D1, D2, D9)", {
    settings: { retainedTasks: 3, defaultConcurrency: 1 }
  }, ({ atRest, get, launch, sessionOf, tasks, parent }) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(Array.range(1, 3), (i) => launch(`${i}`))
      yield* pass(60_000)
      const ended = yield* Effect.forEach(all, get)
      yield* pass("24 hours")
      assert.deepStrictEqual(yield* tasks.list, ended)
      const session = yield* sessionOf(all[0])
      const more = yield* Effect.forEach(Array.range(4, 5), (i) => launch(`${i}`))
      yield* pass(60_000)
      assert.deepStrictEqual((yield* tasks.list).map(({ id }) => id), [all[2], ...more].map((task) => task?.id))
      assert.strictEqual((yield* Effect.flip(tasks.get(all[0].id)))._tag, "TaskNotFound")
      const error = yield* Effect.flip(tasks.resume({ session, prompt: "x", parent }))
      assert.strictEqual(error._tag, "SessionUnknown")
      yield* atRest
    }))

  inWorld("is kept until the notice that names it has arrived, however many there are (D1)", {
    settings: { retainedTasks: 2 }
  }, ({ atRest, host, launch, tasks, told }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ notify: "fail" }))
      yield* Effect.forEach(Array.range(1, 10), (i) => launch(`${i}`))
      yield* pass(120_000)
      assert.strictEqual((yield* tasks.list).length, 10)
      yield* host.faults(() => "ok")
      yield* pass(60_000)
      assert.strictEqual((yield* told()).filter((text) => text.startsWith("final")).length, 1)
      assert.strictEqual((yield* tasks.list).length, 2)
      yield* atRest
    }))

  inWorld("is kept while a sibling runs: the last word will name it (D1)", {
    settings: { retainedTasks: 0 },
    scripts: { slow: [wait(60_000), say("done")] }
  }, ({ atRest, launch, tasks }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(["1", "2", "slow"], (name) => launch(name))
      yield* pass(59_000)
      assert.strictEqual((yield* tasks.list).length, 3)
      yield* pass(5_000)
      assert.deepStrictEqual(yield* tasks.list, [])
      yield* atRest
    }))

  inWorld("that was owed to a parent that is gone is forgotten (C16, D9)", {
    settings: { retainedTasks: 0 }
  }, ({ atRest, host, launch, parent, tasks }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ notify: "fail" }))
      yield* launch("x")
      yield* pass(10_000)
      assert.strictEqual((yield* tasks.list).length, 1)
      yield* host.remove(parent)
      yield* pass(5_000)
      assert.deepStrictEqual(yield* tasks.list, [])
      yield* atRest
    }))

  inWorld("that was owed to a parent that the host says is gone is forgotten (C16, D9)", {
    settings: { retainedTasks: 0 }
  }, ({ atRest, callsOf, host, launch, parent, tasks }) =>
    Effect.gen(function*() {
      // The host tells nothing of the deletion.
      yield* host.feed(({ _tag }) => _tag === "Deleted" ? [] : [0])
      yield* launch("x")
      yield* host.remove(parent)
      yield* pass(60_000)
      assert.isFalse(yield* tasks.expecting(parent))
      assert.strictEqual((yield* callsOf("notify")).length, 1)
      assert.deepStrictEqual(yield* tasks.list, [])
      yield* atRest
    }))

  inWorld("is forgotten however late the host says that its parent is gone (C16, D9)", {
    settings: { retainedTasks: 0 }
  }, ({ atRest, host, launch, parent, tasks }) =>
    Effect.gen(function*() {
      yield* host.feed(({ _tag }) => _tag === "Deleted" ? [] : [0])
      yield* host.faults(failing({ notify: "fail" }))
      yield* launch("x")
      yield* pass(30_000)
      yield* host.remove(parent)
      yield* host.faults(() => "ok")
      assert.strictEqual((yield* tasks.list).length, 1)
      yield* pass(60_000)
      assert.isFalse(yield* tasks.expecting(parent))
      assert.deepStrictEqual(yield* tasks.list, [])
      yield* atRest
    }))
})

describe("watching", () => {
  inWorld("costs one call for all sessions at every tick, and reads no transcript meanwhile (B14)", {
    settings: { defaultConcurrency: 0 },
    behave: () => [hang]
  }, ({ callsOf, launch, tasks, parent }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(Array.range(1, 100), (i) => launch(`${i}`))
      yield* pass(60_000)
      assert.isAtMost((yield* callsOf("activity")).length, 31)
      assert.isAtLeast((yield* callsOf("activity")).length, 29)
      assert.deepStrictEqual(yield* callsOf("transcript"), [])
      yield* tasks.cancelAll(parent)
    }))

  inWorld("asks nothing about sessions that were heard of since the last tick (B14)", {
    behave: () => [{ do: "stream", ms: 600_000, every: 500 }]
  }, ({ callsOf, launch, tasks, parent }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(Array.range(1, 5), (i) => launch(`${i}`))
      yield* pass(1_000)
      const before = (yield* callsOf("activity")).length
      yield* pass(60_000)
      assert.strictEqual((yield* callsOf("activity")).length, before)
      yield* tasks.cancelAll(parent)
    }))

  inWorld("never asks twice at once, however slowly the host answers (B14)", {
    behave: () => [hang]
  }, ({ callsOf, host, launch, tasks, parent }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ activity: { slow: 9_000 } }))
      yield* Effect.forEach(Array.range(1, 5), (i) => launch(`${i}`))
      yield* pass(60_000)
      const asked = (yield* callsOf("activity")).map(({ at }) => at)
      assert.isAtLeast(asked.length, 5)
      for (const [i, at] of asked.slice(1).entries()) assert.isAtLeast(at - (asked[i] ?? 0), 9_000)
      yield* tasks.cancelAll(parent)
    }))

  for (const how of ["ended", "failed"] as const) {
    inWorld(`listens again after the feed of events has ${how} (B3)`, {
      scripts: { slow: [wait(30_000), say("done")] }
    }, ({ atRest, get, host, launch }) =>
      Effect.gen(function*() {
        // Only the events can tell.
        yield* host.faults(failing({ activity: "fail" }))
        yield* host.cut(how)
        yield* pass(1_000)
        yield* host.cut(how)
        yield* pass(2_000)
        const task = yield* launch("slow")
        yield* pass(30_000)
        assert.strictEqual((yield* get(task)).endedAt, 33_000)
        yield* atRest
      }))
  }
})
