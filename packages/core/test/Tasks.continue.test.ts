import { assert, describe } from "@effect/vitest"
import { Array, Effect, Fiber } from "effect"
import * as Task from "../src/Task.ts"
import {
  answerOf,
  failing,
  hang,
  inWorld,
  messageOf,
  type Options,
  pass,
  say,
  soon,
  summary,
  wait,
  type World
} from "./support/world.ts"

const resume = ({ parent, sessionOf, tasks }: World, task: Task.Task, prompt: string) =>
  Effect.flatMap(sessionOf(task), (session) => tasks.resume({ session, prompt, parent }))

describe("continuing a task", () => {
  inWorld(
    "is a new run of the same task in the same session, with its own answer, told once more",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, get, host, launch, parent, sessionOf, tasks, told } = world
        const model = { provider: "anthropic", id: "opus" }
        const task = yield* launch("first", { model })
        yield* pass(5_000)
        const first = yield* get(task)
        const session = yield* sessionOf(task)
        const again = yield* tasks.resume({ session, prompt: "second", parent, description: "and more" })
        assert.deepStrictEqual(again, {
          id: task.id,
          run: 2,
          request: { ...first.request, prompt: "second", description: "and more" },
          status: "running",
          queuedAt: 5_000,
          startedAt: 5_000,
          session,
          // What was said before is known: nothing of it is the new answer.
          opened: { after: again.opened?.after ?? "" },
          progress: { toolCalls: 0 }
        })
        assert.isString(again.opened?.after)
        yield* pass(999)
        assert.strictEqual((yield* get(task)).status, "running", "the old answer is not the new one")
        yield* pass(1)
        assert.strictEqual(answerOf(yield* get(task)), "done: second")
        yield* atRest
        assert.deepStrictEqual((yield* callsOf("open")).length, 1)
        assert.deepStrictEqual((yield* callsOf("attach")).map(({ session }) => session), [session])
        assert.deepStrictEqual(yield* told(), ["final: completed", "final: completed"])
        assert.deepStrictEqual(
          (yield* host.notices(parent)).map(({ tasks }) => tasks.map(({ run }) => run)),
          [[1], [2]]
        )
        assert.strictEqual((yield* tasks.list).length, 1)
      })
  )

  for (const events of ["heard", "lost"] as const) {
    for (const activity of [true, false]) {
      const name = `events ${events}, activity ${activity ? "known" : "unknown"}`
      inWorld(`does not take the old answer for the new one (${name})`, {
        capabilities: { activity },
        scripts: { first: [say("old answer")], second: [wait(30_000), say("new answer")] }
      }, (world) =>
        Effect.gen(function*() {
          const { atRest, get, host, launch } = world
          const task = yield* launch("first")
          yield* pass(1_000)
          assert.strictEqual(answerOf(yield* get(task)), "old answer")
          if (events === "lost") yield* host.feed(() => [])
          yield* resume(world, task, "second")
          yield* pass(29_999)
          assert.strictEqual((yield* get(task)).status, "running")
          yield* pass(10_001)
          assert.strictEqual(answerOf(yield* get(task)), "new answer")
          yield* atRest
        }))
    }
  }

  inWorld("does not take the old answer for the new one where a prompt shows late", {
    lag: 5_000,
    scripts: { first: [say("old answer")], second: [wait(1_000), say("new answer")] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, launch } = world
      const task = yield* launch("first")
      yield* pass(10_000)
      assert.strictEqual(answerOf(yield* get(task)), "old answer")
      yield* resume(world, task, "second")
      yield* pass(4_999)
      assert.strictEqual((yield* get(task)).status, "running")
      yield* pass(1_001)
      assert.strictEqual(answerOf(yield* get(task)), "new answer")
      yield* atRest
    }))

  inWorld("that was called off before its agent began is continued once that is stopped for certain (E7, A8)", {
    lag: 50,
    settings: { startTimeoutMs: 3_000, defaultConcurrency: 1 },
    scripts: { first: [hang], second: [say("new answer")] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, get, launch, tasks } = world
      const task = yield* launch("first")
      yield* pass(20)
      yield* tasks.cancel(task.id)
      yield* resume(world, task, "second")
      yield* pass(10_000)
      assert.strictEqual(answerOf(yield* get(task)), "new answer")
      assert.isAtLeast((yield* callsOf("abort")).length, 2)
      yield* atRest
    }))

  inWorld("that never takes the prompt up ends as never started, not with the old answer (B7)", {
    scripts: { first: [say("old answer")], second: [{ do: "ignore" }] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, launch } = world
      const task = yield* launch("first")
      yield* pass(1_000)
      yield* resume(world, task, "second")
      yield* pass(34_000)
      assert.strictEqual(yield* end(task), "never-started")
      yield* atRest
    }))

  inWorld("is refused while it runs, and while it waits in line (A16)", {
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, launch, sessionOf, told } = world
      const task = yield* launch("first")
      yield* pass(500)
      const error = yield* Effect.flip(resume(world, task, "second"))
      assert.strictEqual(error._tag, "TaskRunning")
      assert.include(error.message, task.id)
      assert.include(error.message, yield* sessionOf(task))
      yield* pass(500)
      const other = yield* launch("other")
      yield* resume(world, task, "second")
      assert.strictEqual((yield* get(task)).status, "pending")
      assert.strictEqual((yield* Effect.flip(resume(world, task, "third")))._tag, "TaskRunning")
      yield* pass(5_000)
      assert.strictEqual(answerOf(yield* get(task)), "done: second")
      assert.strictEqual(answerOf(yield* get(other)), "done: other")
      yield* atRest
      assert.deepStrictEqual(yield* told(), ["final: completed", "progress: completed", "final: completed, completed"])
    }))

  inWorld(
    "twice at once: one is taken, the other is told the truth (A16)",
    { latency: 10 },
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, get, launch } = world
        const launched = yield* Effect.forkChild(launch("first"))
        yield* pass(5_000)
        const task = yield* Fiber.join(launched)
        const both = yield* Effect.forkChild(Effect.all([
          Effect.exit(resume(world, task, "a")),
          Effect.exit(resume(world, task, "b"))
        ], { concurrency: "unbounded" }))
        yield* pass(5_000)
        const exits = yield* Fiber.join(both)
        assert.deepStrictEqual(exits.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
        assert.strictEqual((yield* callsOf("prompt")).length, 2)
        assert.strictEqual(answerOf(yield* get(task)), exits[0]._tag === "Success" ? "done: a" : "done: b")
        yield* atRest
      })
  )

  inWorld("after a cancellation works, with everything that was said before (E7)", {
    scripts: { first: [{ do: "stream", ms: 60_000, every: 100 }] },
    latency: 20
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, get, host, launch, sessionOf, tasks, told } = world
      const launched = yield* Effect.forkChild(launch("first"))
      yield* pass(5_000)
      const task = yield* Fiber.join(launched)
      const cancelling = yield* Effect.forkChild(Effect.andThen(tasks.cancel(task.id), resume(world, task, "second")))
      yield* pass(100)
      yield* Fiber.join(cancelling)
      yield* pass(900)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(1_000)
      assert.strictEqual(answerOf(yield* get(task)), "done: second")
      assert.strictEqual((yield* host.turns(yield* sessionOf(task))).length, 2)
      yield* atRest
      assert.deepStrictEqual(yield* told(), ["final: completed"])
    }))

  for (
    const { faults, heals, name } of [
      { name: "is slow", faults: failing({ abort: { slow: 3_000 } }), heals: 60_000 },
      { name: "failed", faults: failing({ abort: "fail" }), heals: 10_000 },
      { name: "hangs", faults: failing({ abort: "hang" }), heals: 10_000 },
      { name: "failed after it was done", faults: failing({ abort: "fail-after" }), heals: 10_000 }
    ]
  ) {
    inWorld(`right after its time limit is not hit by the abort of the run before, which ${name} (A16, E7)`, {
      settings: { taskTtlMs: 60_000 },
      scripts: { first: [{ do: "stream", ms: 600_000, every: 1_000 }], second: [wait(30_000), say("new answer")] }
    }, (world) =>
      Effect.gen(function*() {
        const { atRest, end, get, host, launch } = world
        const task = yield* launch("first")
        yield* pass(59_000)
        yield* host.faults(faults)
        yield* pass(1_500)
        assert.strictEqual(yield* end(task), "time-limit")
        yield* resume(world, task, "second")
        yield* pass(heals)
        yield* host.faults(() => "ok")
        yield* pass(50_000)
        assert.strictEqual(answerOf(yield* get(task)), "new answer")
        yield* atRest
      }))
  }

  inWorld("is an error when the run before cannot be stopped, and does not run beside it (A16)", {
    settings: { taskTtlMs: 60_000 },
    scripts: { first: [{ do: "stream", ms: 600_000, every: 1_000 }] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, end, get, host, launch } = world
      const task = yield* launch("first")
      yield* pass(59_000)
      yield* host.faults(failing({ abort: "fail" }))
      yield* pass(1_500)
      yield* resume(world, task, "second")
      yield* pass(30_000)
      assert.strictEqual(yield* end(task), "start-failed")
      assert.include(messageOf(yield* get(task)), "did not answer")
      assert.strictEqual((yield* callsOf("prompt")).length, 1)
      yield* host.faults(() => "ok")
      yield* pass(600_000)
      yield* atRest
    }))

  inWorld(
    "is not answered by a prompt of the run before that arrives late (A8, A16)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch, sessionOf, tasks } = world
        const task = yield* launch("first")
        yield* pass(2_000)
        yield* host.faults(failing({ prompt: { slow: 10_000 } }))
        yield* resume(world, task, "second")
        yield* pass(1_000)
        yield* tasks.cancel(task.id)
        yield* host.faults(() => "ok")
        yield* resume(world, task, "third")
        yield* pass(20_000)
        assert.strictEqual(answerOf(yield* get(task)), "done: third")
        const session = yield* sessionOf(task)
        const heard = (yield* host.turns(session)).flat().map(({ text }) => text)
        assert.deepStrictEqual(heard, ["first", "second", "third"])
        yield* atRest
      })
  )

  inWorld("keeps its limits, and lends nobody a second slot (A14)", {
    settings: { defaultConcurrency: 2 },
    scripts: { slow: [wait(10_000), say("done")] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, launch } = world
      const all = yield* Effect.forEach(Array.range(1, 4), () => launch("slow"))
      yield* pass(20_000)
      for (const task of all) yield* resume(world, task, "slow")
      yield* pass(5_000)
      assert.strictEqual((yield* host.working).length, 2)
      yield* pass(15_000)
      assert.strictEqual(yield* host.peak, 2)
      yield* atRest
    }))
})

describe("continuing is refused, with what is wrong and what to do", () => {
  inWorld("where no task ran in the session (D7)", {}, (world) =>
    Effect.gen(function*() {
      const { parent, tasks } = world
      for (const session of [parent, Task.SessionId.make("ses_nowhere"), Task.SessionId.make("bg_12345678")]) {
        const error = yield* Effect.flip(tasks.resume({ session, prompt: "x", parent }))
        assert.strictEqual(error._tag, "SessionUnknown")
        assert.include(error.message, session)
      }
    }))

  inWorld("to another conversation (D7)", {}, (world) =>
    Effect.gen(function*() {
      const { get, host, launch, sessionOf, tasks } = world
      const stranger = yield* host.root("ses_stranger")
      const task = yield* launch("first")
      yield* pass(1_000)
      const ended = yield* get(task)
      const error = yield* Effect.flip(
        tasks.resume({ session: yield* sessionOf(task), prompt: "mine now", parent: stranger })
      )
      assert.strictEqual(error._tag, "TaskForeign")
      assert.deepStrictEqual(yield* get(task), ended)
      assert.strictEqual((yield* Effect.flip(tasks.find(task.id, stranger)))._tag, "TaskForeign")
      assert.strictEqual((yield* Effect.flip(tasks.find("bg_zzzzzzzz", stranger)))._tag, "TaskNotFound")
    }))

  inWorld("to the task itself: nothing is below itself (F1)", {}, (world) =>
    Effect.gen(function*() {
      const { get, launch, sessionOf, tasks } = world
      const task = yield* launch("first")
      yield* pass(1_000)
      const session = yield* sessionOf(task)
      const error = yield* Effect.flip(tasks.resume({ session, prompt: "me again", parent: session }))
      assert.strictEqual(error._tag, "TaskForeign")
      assert.strictEqual((yield* get(task)).run, 1)
    }))

  inWorld("from too deep (F1)", { settings: { maxDepth: 1 } }, (world) =>
    Effect.gen(function*() {
      const { host, launch, parent, sessionOf, tasks } = world
      const child = yield* host.root("ses_child", parent)
      const task = yield* launch("first")
      yield* pass(1_000)
      const error = yield* Effect.flip(
        tasks.resume({ session: yield* sessionOf(task), prompt: "x", parent: child })
      )
      assert.strictEqual(error._tag, "TooDeep")
    }))

  inWorld("by a host that cannot", { capabilities: { continues: false } }, (world) =>
    Effect.gen(function*() {
      const { get, launch, sessionOf } = world
      const task = yield* launch("first")
      yield* pass(1_000)
      const error = yield* Effect.flip(resume(world, task, "second"))
      assert.strictEqual(error._tag, "CannotContinue")
      assert.include(error.message, yield* sessionOf(task))
      assert.strictEqual((yield* get(task)).status, "completed")
    }))

  const broken: Record<
    string,
    { options?: Options; break: (world: World, session: Task.SessionId) => Effect.Effect<void>; says: string }
  > = {
    "was deleted": {
      break: ({ host }, session) => host.remove(session),
      says: "it was deleted"
    },
    "cannot be reached": {
      break: ({ host }) => host.faults(failing({ attach: "fail", transcript: "fail" })),
      says: "simulated fault in attach"
    },
    "has a transcript that cannot be read": {
      break: ({ host }) => host.faults(failing({ transcript: "fail" })),
      says: "simulated fault in transcript"
    }
  }
  for (const [name, { break: damage, says }] of Object.entries(broken)) {
    inWorld(
      `when its session ${name}: an error that says so, told to the parent (A7)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, end, get, host, launch, parent, sessionOf } = world
          const task = yield* launch("first")
          yield* pass(1_000)
          yield* damage(world, yield* sessionOf(task))
          yield* soon
          yield* resume(world, task, "second")
          yield* pass(100)
          assert.strictEqual(yield* end(task), "start-failed")
          assert.include(messageOf(yield* get(task)), says)
          assert.strictEqual((yield* callsOf("prompt")).length, 1)
          assert.deepStrictEqual((yield* host.notices(parent)).map(summary), [
            "final: completed",
            "final: start-failed"
          ])
          yield* host.faults(() => "ok")
          yield* atRest
        })
    )
  }

  inWorld(
    "not by a run that failed: it may be tried again",
    { scripts: { second: [hang] } },
    (world) =>
      Effect.gen(function*() {
        const { atRest, end, get, host, launch } = world
        const task = yield* launch("first")
        yield* pass(1_000)
        yield* host.faults(failing({ prompt: "fail" }))
        yield* resume(world, task, "second")
        yield* pass(100)
        assert.strictEqual(yield* end(task), "start-failed")
        yield* host.faults(() => "ok")
        const again = yield* resume(world, task, "third")
        assert.strictEqual(again.run, 3)
        // First it is seen to that the prompt which nobody answered comes to nothing.
        yield* pass(6_000)
        assert.strictEqual(answerOf(yield* get(task)), "done: third")
        yield* atRest
      })
  )
})

describe("a continued task that is in line", () => {
  inWorld("A1 C1 is not woken by what became of tasks from its session: it is told that once it has its slots", {
    settings: { defaultConcurrency: 1 },
    scripts: { hog: [wait(30_000), say("done")] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch, sessionOf, status, told } = world
      const task = yield* launch("first")
      yield* pass("5 seconds")
      const session = yield* sessionOf(task)
      yield* launch("hog")
      yield* pass("1 second")
      // A person is in there, and has its agent launch something.
      yield* launch("inner", { parent: session, agent: "librarian" })
      yield* resume(world, task, "more")
      yield* pass("20 seconds")
      assert.strictEqual(yield* status(task), "pending")
      assert.lengthOf(yield* host.turns(session), 1)
      yield* pass("20 seconds")
      assert.deepStrictEqual((yield* host.turns(session)).map((turn) => turn.map(({ text }) => text)), [
        ["first"],
        ["more"],
        ["notice final"]
      ])
      assert.deepStrictEqual(yield* told(session), ["final: completed"])
      assert.strictEqual(answerOf(yield* get(task)), "done: notice final")
      yield* atRest
    }))
})
