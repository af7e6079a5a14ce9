/**
 * A launch that is called off while OpenCode is still asked for what it needs: there is no task yet, and none comes of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Journal, type Task, Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Agents } from "../src/host/Agents.ts"
import { backgroundCancel } from "../src/tools/backgroundCancel.ts"
import { delegateTask } from "../src/tools/delegateTask.ts"
import { CalledOff, Launching } from "../src/tools/Launching.ts"
import { make, until } from "./rim/support/plugin.ts"

const world = Launching.layer.pipe(
  Layer.provideMerge(Tasks.Tasks.layer),
  Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] }))
)

const cancelAll = (session: Tasks.LaunchRequest["parent"]) => backgroundCancel({ all: true }, { session })

/** Begins to launch from a session; goes on when the answer is there. */
const launchFrom = Effect.fnUntraced(function*(parent: Tasks.LaunchRequest["parent"], description: string) {
  const tasks = yield* Tasks.Tasks
  const launching = yield* Launching
  const answer = yield* Deferred.make<void>()
  const fiber = yield* Deferred.await(answer).pipe(
    Effect.as(tasks.launch({ description, prompt: description, agent: "explore", parent })),
    launching.around(parent, description),
    Effect.result,
    Effect.forkChild({ startImmediately: true })
  )
  return { answer: Deferred.succeed(answer, undefined), result: Fiber.join(fiber) }
})

describe("a call to call off one task", () => {
  it.effect("C12 by the session that launched it is known there; by one further above it is not", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
      const launch = (parent: Tasks.LaunchRequest["parent"]) =>
        tasks.launch({ description: "d", prompt: "p", agent: "explore", parent })
      const outer = yield* launch(parent)
      const session = yield* Effect.fromOption(Option.fromUndefinedOr((yield* tasks.opened(outer.id)).session))
      const inner = yield* launch(session)
      const other = yield* launch(session)
      yield* backgroundCancel({ task_id: inner.id }, { session: parent })
      yield* backgroundCancel({ task_id: other.id }, { session })
      const reasonOf = ({ outcome }: Task.Task) => outcome?._tag === "Cancelled" ? outcome.reason : undefined
      assert.deepStrictEqual((yield* tasks.list).map(reasonOf), [undefined, "from-above", "requested"])
      yield* tasks.cancelAll(parent)
    }).pipe(Effect.provide(world)))
})

describe("a launch that is not a task yet", () => {
  it.effect("A8 is called off with everything else: nothing comes of it, and both are told so", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
      const one = yield* launchFrom(parent, "find | it")
      const two = yield* launchFrom(parent, "find | it")
      const { output, title } = yield* cancelAll(parent)
      assert.strictEqual(title, "2 cancelled")
      assert.strictEqual(
        output,
        "Called off 2 background task(s) that had not begun, so nothing of them was started:\n\n- find | it\n- find | it"
      )
      yield* one.answer
      for (const { result } of [one, two]) {
        const ended = yield* result
        assert.strictEqual(ended._tag === "Failure" ? ended.failure._tag : ended._tag, new CalledOff()._tag)
      }
      assert.deepStrictEqual(yield* tasks.list, [])
      assert.include((yield* cancelAll(parent)).output, "No running or pending background tasks")
    }).pipe(Effect.provide(world)))

  it.effect("E3 is left alone once it is a task, or where it belongs to somebody else", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const host = yield* SimulatedHost.SimulatedHost
      const [parent, other] = [yield* host.root("ses_root"), yield* host.root("ses_other")]
      const made = yield* launchFrom(parent, "made")
      const others = yield* launchFrom(other, "of another")
      yield* made.answer
      yield* made.result
      const { output, title } = yield* cancelAll(parent)
      assert.strictEqual(title, "1 cancelled")
      assert.notInclude(output, "had not begun")
      yield* others.answer
      assert.strictEqual((yield* others.result)._tag, "Success")
      assert.deepStrictEqual((yield* tasks.list).map(({ status }) => status), ["cancelled", "running"])
      yield* tasks.cancelAll(other)
    }).pipe(Effect.provide(world)))

  it.effect("E3 is called off where a task below launches it", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
      const { id } = yield* tasks.launch({ description: "d", prompt: "p", agent: "explore", parent })
      const { session } = yield* tasks.opened(id)
      const below = yield* launchFrom(yield* Effect.fromOption(Option.fromUndefinedOr(session)), "below")
      const { output, title } = yield* cancelAll(parent)
      assert.strictEqual(title, "2 cancelled")
      assert.include(output, "- below")
      assert.include(output, id)
      assert.strictEqual((yield* below.result)._tag, "Failure")
      assert.strictEqual((yield* tasks.list).length, 1)
    }).pipe(Effect.provide(world)))
})

/** A journal that takes a second to keep that a task was asked for. */
const slowJournal = Layer.effect(
  Journal.Journal,
  Effect.map(Journal.Journal, (journal) => ({
    ...journal,
    append: (event: Parameters<typeof journal.append>[0]) =>
      Effect.andThen(event._tag === "Queued" ? Effect.sleep("1 second") : Effect.void, journal.append(event))
  }))
).pipe(Layer.provide(Journal.Journal.layer))

describe("a launch whose task is being made", () => {
  it.effect("A8 E3 is waited for by who calls everything off, and called off as the task that it is by then", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
      const { answer, result } = yield* launchFrom(parent, "nearly there")
      yield* answer
      yield* TestClock.adjust("500 millis")
      const calledOff = yield* Effect.forkChild(cancelAll(parent), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const { output, title } = yield* Fiber.join(calledOff)
      assert.strictEqual(title, "1 cancelled")
      assert.notInclude(output, "had not begun")
      assert.strictEqual((yield* result)._tag, "Success")
      assert.deepStrictEqual((yield* tasks.list).map(({ status }) => status), ["cancelled"])
    }).pipe(Effect.provide(
      Launching.layer.pipe(
        Layer.provideMerge(Tasks.Tasks.layerOnJournal),
        Layer.provideMerge(slowJournal),
        Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] }))
      )
    )))
})

/** One agent, which everybody may send. */
const agents = Layer.succeed(
  Agents,
  Agents.of({
    sendable: Effect.succeed([]),
    find: (name) => Effect.succeed({ name, mode: "subagent" }),
    warm: Effect.void,
    models: Effect.succeed([]),
    named: () => Effect.die("no model is named"),
    modelFor: () => Effect.succeed(undefined)
  })
)

describe("delegate_task that waits for the answer", () => {
  for (const [when, ms] of Object.entries({ "its task is being made": 500, "its task is at work": 5_000 })) {
    it.effect(`E1 E5 and is broken off while ${when}: nobody wants the answer, and nothing runs on`, () =>
      Effect.gen(function*() {
        const tasks = yield* Tasks.Tasks
        const session = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
        const args = { description: "d", prompt: "p", agent: "explore", background: false }
        const calling = yield* Effect.forkChild(delegateTask(args, { session }), { startImmediately: true })
        yield* TestClock.adjust(ms)
        yield* Effect.forkChild(Fiber.interrupt(calling), { startImmediately: true })
        yield* TestClock.adjust("10 seconds")
        assert.isDefined(calling.pollUnsafe())
        assert.deepStrictEqual((yield* tasks.list).map(({ status }) => status), ["cancelled"])
        assert.deepStrictEqual(yield* (yield* SimulatedHost.SimulatedHost).working, [])
      }).pipe(Effect.provide(
        Layer.merge(Launching.layer, agents).pipe(
          Layer.provideMerge(Tasks.Tasks.layerOnJournal),
          Layer.provideMerge(slowJournal),
          Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] }))
        )
      )))
  }
})

describe("delegate_task", () => {
  it.live("A8 opens no session, and says so, where everything is called off before it knows the agents", () =>
    Effect.scoped(Effect.gen(function*() {
      const { promise: asked, resolve: answer } = Promise.withResolvers<void>()
      const { openCode, use } = yield* make({}, {
        overrule: (sent, own) => sent.path === "/agent" ? asked.then(() => own) : own
      })
      const launching = yield* Effect.forkChild(use("delegate_task", { prompt: "Find it", agent: "explore" }))
      yield* until(() => openCode.sent.some(({ path }) => path === "/agent"))
      assert.include(yield* use("background_cancel", { all: true }), "- Find it")
      answer()
      assert.strictEqual(
        yield* Fiber.join(launching),
        "It was called off by background_cancel(all=true) before it began, so nothing was started. "
          + "Call delegate_task again only if it is wanted after all."
      )
      assert.isFalse(openCode.sent.some(({ method, path }) => method === "POST" && path === "/session"))
      assert.include(yield* use("delegate_task", { prompt: "Find it", agent: "explore" }), "launched successfully")
    })))
})
