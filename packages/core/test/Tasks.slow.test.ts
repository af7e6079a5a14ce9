/**
 * A journal that takes its time: what happens while something is being kept or looked up there.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import * as Ending from "../src/Ending.ts"
import { Journal } from "../src/Journal.ts"
import type * as Task from "../src/Task.ts"
import { SessionId, TaskId } from "../src/Task.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"
import { byScript, call, endOf, failing, hang, pass, say, summary, wait } from "./support/world.ts"

const slowly = (slow: (journal: Journal["Service"]) => Partial<Journal["Service"]>): Layer.Layer<Journal> =>
  Layer.effect(Journal, Effect.map(Journal, (journal) => ({ ...journal, ...slow(journal) }))).pipe(
    Layer.provide(Journal.layer)
  )

/** Takes a second to keep an event of these kinds. */
const keeping = (...kinds: ReadonlyArray<TaskEvent["_tag"]>) =>
  slowly(({ append }) => ({
    append: (event) =>
      Effect.andThen(kinds.includes(event._tag) ? Effect.sleep("1 second") : Effect.void, append(event))
  }))

/** Tells how a task was a second ago. */
const telling = slowly(({ get }) => ({ get: (id) => Effect.tap(get(id), () => Effect.sleep("1 second")) }))

const stampOf = (id: string) => ({ id: TaskId.make(id), run: 1, at: 0 })
const [outer, inner] = [stampOf("bg_00000001"), stampOf("bg_00000002")]

/** Left behind: a task that was called off, and one of its own. It takes a second to say whose session one is. */
const leftBehind = (more: ReadonlyArray<TaskEvent> = []) =>
  slowly(({ append, bySession, get }) => {
    const root = SessionId.make("ses_root")
    const session = SessionId.make("ses_outer")
    const of = (parent: SessionId, ...above: ReadonlyArray<SessionId>): Task.Request => ({
      description: "left behind",
      prompt: "hangs",
      agent: "explore",
      parent,
      ancestors: [parent, ...above],
      background: true
    })
    const events: ReadonlyArray<TaskEvent> = [
      { _tag: "Queued", ...outer, request: of(root) },
      { _tag: "Started", ...outer },
      { _tag: "Opened", ...outer, session },
      { _tag: "Queued", ...inner, request: of(session, root) },
      ...more,
      { _tag: "Ended", ...outer, outcome: Ending.cancelled("requested"), progress: { toolCalls: 0 } },
      { _tag: "Adopted", ...inner, ranMs: 0 }
    ]
    return {
      bySession: (session) => Effect.tap(bySession(session), () => Effect.sleep("1 second")),
      inherit: () =>
        Effect.map(Effect.andThen(Effect.forEach(events, append), get(inner.id)), (task) => ({
          tasks: Option.toArray(task),
          parents: [session],
          unclear: false
        }))
    }
  })

interface World {
  readonly tasks: Tasks["Service"]
  readonly host: SimulatedHost["Service"]
  readonly parent: Task.SessionId
  readonly launch: (prompt: string, parent?: Task.SessionId) => Effect.Effect<Fiber.Fiber<Task.Task>>
  readonly end: (task: { readonly id: string }) => Effect.Effect<string>
}

const scripts = byScript({ hangs: [hang], "five seconds": [wait(5_000), say("done")] })

const inWorld = (
  name: string,
  journal: Layer.Layer<Journal>,
  story: (world: World) => Effect.Effect<unknown, unknown>
) =>
  it.effect(name, () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks
      const host = yield* SimulatedHost
      const root = yield* host.root("ses_root")
      yield* story({
        tasks,
        host,
        parent: root,
        launch: (prompt, parent = root) =>
          Effect.forkChild(Effect.orDie(tasks.launch({ description: prompt, prompt, agent: "explore", parent })), {
            startImmediately: true
          }),
        end: ({ id }) => Effect.map(Effect.orDie(tasks.get(id)), endOf)
      })
    }).pipe(Effect.provide(Tasks.layerOnJournal.pipe(
      Layer.provide(journal),
      Layer.provideMerge(SimulatedHost.layer({ behave: scripts }))
    ))))

const sessionOf = ({ tasks }: World, { id }: Task.Task) =>
  Effect.flatMap(tasks.get(id), ({ session }) => Effect.fromOption(Option.fromUndefinedOr(session)))

describe("a task whose parent ends while it is being made", () => {
  inWorld("E5 ends with it", keeping("Queued", "Continued"), (world) =>
    Effect.gen(function*() {
      const { end, launch, tasks } = world
      const launching = yield* launch("hangs")
      yield* pass("2 seconds")
      const outer = yield* Fiber.join(launching)
      const session = yield* sessionOf(world, outer)
      const inner = yield* launch("hangs", session)
      yield* pass(500)
      yield* tasks.cancel(outer.id)
      yield* pass("2 seconds")
      assert.strictEqual(yield* end(yield* Fiber.join(inner)), "parent-ended")
      // A person may go on in there later.
      const later = yield* launch("hangs", session)
      yield* pass("2 seconds")
      assert.strictEqual(yield* end(yield* Fiber.join(later)), "running")
    }))
})

describe("a task that is launched from a session that is still being stopped", () => {
  inWorld("E5 A8 ends with the task that it is the session of", keeping("Queued"), (world) =>
    Effect.gen(function*() {
      const { end, host, launch, tasks } = world
      const launching = yield* launch("hangs")
      yield* pass("2 seconds")
      const outer = yield* Fiber.join(launching)
      const session = yield* sessionOf(world, outer)
      yield* host.faults(failing({ abort: "hang" }))
      yield* Effect.forkChild(tasks.cancel(outer.id))
      yield* pass(100)
      // Its agent has not heard of that yet.
      const inner = yield* launch("hangs", session)
      yield* pass("2 seconds")
      yield* host.faults(() => "ok")
      yield* pass("1 minute")
      assert.strictEqual(yield* end(yield* Fiber.join(inner)), "parent-ended")
      assert.deepStrictEqual(yield* host.working, [])
    }))
})

describe("a session that is deleted", () => {
  inWorld("E4 takes along what is being made below it", keeping("Queued"), (world) =>
    Effect.gen(function*() {
      const { end, host, launch, parent } = world
      const launching = yield* launch("hangs")
      yield* pass(500)
      yield* host.remove(parent)
      yield* pass("2 seconds")
      assert.strictEqual(yield* end(yield* Fiber.join(launching)), "deleted")
      assert.deepStrictEqual(yield* host.working, [])
    }))
})

describe("a task that was left behind by a task that has no answer", () => {
  const calls = ({ host, tasks }: World) =>
    Effect.gen(function*() {
      yield* pass("10 seconds")
      assert.deepStrictEqual((yield* tasks.list).map(endOf), ["requested", "parent-ended"])
      return (yield* host.calls).map(({ operation }) => operation)
    })

  inWorld(
    "E5 ends, and never begins, however long it takes to find out",
    leftBehind(),
    (world) => Effect.map(calls(world), (made) => assert.deepStrictEqual(made, []))
  )

  const atWork: ReadonlyArray<TaskEvent> = [
    { _tag: "Started", ...inner },
    { _tag: "Opened", ...inner, session: SessionId.make("ses_inner") }
  ]
  inWorld(
    "E5 ends, and its session is stopped, which may be at work still",
    leftBehind(atWork),
    (world) => Effect.map(calls(world), (made) => assert.deepStrictEqual(made, ["abort"]))
  )
})

describe("a task whose end is being kept", () => {
  inWorld(
    "E2 is not called off any more, and whoever tries is told how it ended",
    keeping("Ended"),
    (world) =>
      Effect.gen(function*() {
        const { host, launch, parent, tasks } = world
        const one = yield* Fiber.join(yield* launch("five seconds"))
        yield* pass(5_500)
        const cancelling = yield* Effect.forkChild(tasks.cancel(one.id))
        yield* pass("1 second")
        const { before, cancelled, task } = yield* Fiber.join(cancelling)
        assert.deepStrictEqual([before, cancelled, endOf(task)], ["running", false, "completed"])
        assert.deepStrictEqual((yield* host.notices(parent)).map(summary), ["final: completed"])
      })
  )

  inWorld(
    "E2 E3 is none of those that were called off, where all were",
    keeping("Ended"),
    (world) =>
      Effect.gen(function*() {
        const { launch, parent, tasks } = world
        yield* Fiber.join(yield* launch("five seconds"))
        const other = yield* Fiber.join(yield* launch("hangs"))
        yield* pass(5_500)
        const cancelling = yield* Effect.forkChild(tasks.cancelAll(parent))
        yield* pass("2 seconds")
        assert.deepStrictEqual((yield* Fiber.join(cancelling)).map(({ task }) => task.id), [other.id])
      })
  )

  inWorld(
    "E5 C16 is told nothing of its own tasks any more, where it was called off",
    keeping("Ended"),
    (world) =>
      Effect.gen(function*() {
        const { end, host, launch, tasks } = world
        yield* host.behave((told) =>
          told.text === "delegates" ? [call("delegate", launch("five seconds", told.session)), hang] : scripts(told)
        )
        const outer = yield* Fiber.join(yield* launch("delegates"))
        yield* pass(5_500)
        const session = yield* sessionOf(world, outer)
        const cancelling = yield* Effect.forkChild(tasks.cancel(outer.id))
        yield* pass("10 seconds")
        assert.isTrue((yield* Fiber.join(cancelling)).cancelled)
        const [, inner] = yield* tasks.list
        assert.deepStrictEqual([yield* end(outer), inner === undefined ? "" : endOf(inner)], ["requested", "completed"])
        assert.deepStrictEqual(yield* host.notices(session), [])
      })
  )
})

describe("a cancellation that comes after the end of the run that was meant", () => {
  inWorld("A16 E2 leaves the next run alone", telling, (world) =>
    Effect.gen(function*() {
      const { host, launch, parent, tasks } = world
      yield* launch("five seconds")
      yield* pass(4_500)
      const [task] = yield* tasks.list
      if (task?.session === undefined) return assert.fail("it has no session")
      const cancelling = yield* Effect.forkChild(tasks.cancel(task.id))
      yield* pass(700)
      yield* Effect.forkChild(tasks.resume({ session: task.session, prompt: "hangs", parent }))
      yield* pass("5 seconds")
      const found = yield* Fiber.join(cancelling)
      assert.deepStrictEqual([found.cancelled, found.task.run, found.task.status], [false, 2, "running"])
      assert.deepStrictEqual(yield* host.working, [task.session])
    }))
})
