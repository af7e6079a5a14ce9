/**
 * What can be asked about tasks while they run and afterwards: waiting for one, whether it has its session, the list, and
 * calling off many at once.
 */
import { assert, describe } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Tracer } from "effect"
import { answerOf, call, failing, hang, inWorld, pass, say, soon, wait } from "./support/world.ts"

describe("waiting for a task", () => {
  inWorld(
    "that is over already is answered at once, as often as it is asked (D3, D6)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { launch, parent, tasks } = world
        const { id } = yield* launch("look around")
        yield* pass(2_000)
        for (const by of [undefined, parent]) {
          const asked = yield* Effect.forkChild(tasks.await(id, by))
          yield* soon
          assert.strictEqual((yield* Fiber.join(asked)).status, "completed")
        }
        const opened = yield* Effect.forkChild(tasks.opened(id))
        yield* soon
        assert.isDefined((yield* Fiber.join(opened)).session)
      })
  )

  inWorld(
    "that has its session already waits for its end, in a root session (D6)",
    {},
    ({ launch, parent, tasks }) =>
      Effect.gen(function*() {
        const { id } = yield* launch("look around")
        yield* pass(500)
        const asked = yield* Effect.forkChild(tasks.await(id, parent))
        yield* soon
        assert.isUndefined(asked.pollUnsafe())
        yield* pass(500)
        assert.strictEqual(answerOf(yield* Fiber.join(asked)), "done: look around")
      })
  )

  inWorld("that has its session already waits for its end, in the session that sent it out (A15, D6)", {
    settings: { defaultConcurrency: 1 }
  }, ({ atRest, get, host, launch, tasks }) =>
    Effect.gen(function*() {
      const inner = yield* Deferred.make<string>()
      yield* host.behave((told) =>
        told.text === "outer"
          ? [
            call(
              "delegate",
              Effect.flatMap(
                launch("inner", { parent: told.session, background: false }),
                ({ id }) => Deferred.succeed(inner, id)
              )
            ),
            call("first", Effect.flatMap(Deferred.await(inner), (id) => tasks.await(id, told.session))),
            say("it is back")
          ]
          : [wait(5_000), say("inner done")]
      )
      const outer = yield* launch("outer")
      yield* pass(1_000)
      // The inner task runs in the slot that was lent; the one who asks now asks for a task that has its session.
      const { session } = yield* get(outer)
      const asked = yield* Effect.forkChild(tasks.await(yield* Deferred.await(inner), session))
      yield* soon
      assert.isUndefined(asked.pollUnsafe())
      yield* pass(5_000)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(asked)))
      assert.strictEqual(answerOf(yield* get(outer)), "it is back")
      yield* atRest
    }))
})

describe("the list", () => {
  inWorld("has the oldest first, and a task that was continued where it was asked for last (G7)", {
    settings: { defaultConcurrency: 0 }
  }, ({ launch, parent, sessionOf, tasks }) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(["a", "b", "c", "d", "e", "f"], (name) => Effect.tap(launch(name), pass(10)))
      yield* pass(5_000)
      const ids = all.map(({ id }) => id)
      assert.deepStrictEqual((yield* tasks.list).map(({ id }) => id), ids)
      const [first, ...rest] = all
      if (first === undefined) return assert.fail("there are six")
      yield* tasks.resume({ session: yield* sessionOf(first), prompt: "go on", parent })
      assert.deepStrictEqual((yield* tasks.list).map(({ id }) => id), [...rest.map(({ id }) => id), first.id])
      yield* pass(5_000)
    }))
})

describe("calling off many at once", () => {
  inWorld("waits for the host's word on all of them together, not on one after the other (E1, E3)", {
    settings: { abortTimeoutMs: 5_000 },
    behave: () => [hang]
  }, ({ host, launch, parent, tasks }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(["a", "b", "c"], (name) => launch(name))
      yield* pass(1_000)
      yield* host.faults(failing({ abort: "hang" }))
      const calling = yield* Effect.forkChild(tasks.cancelAll(parent))
      yield* pass(5_000)
      const cancelled = yield* Fiber.join(calling)
      assert.deepStrictEqual(
        cancelled.map(({ abort, cancelled, task }) => [cancelled, abort, task.status]),
        [1, 2, 3].map(() => [true, "unconfirmed", "cancelled"])
      )
      yield* host.faults(() => "ok")
      yield* pass("1 minute")
    }))
})

describe("a trace", () => {
  inWorld(
    "has each thing that was asked for under its name (G7)",
    {},
    ({ launch, parent, sessionOf, tasks }) =>
      Effect.gen(function*() {
        const names: Array<string> = []
        const tracer = Tracer.make({
          span: (options) => {
            names.push(options.name)
            return new Tracer.NativeSpan(options)
          }
        })
        yield* Effect.gen(function*() {
          const task = yield* launch("look around")
          yield* pass(5_000)
          const again = yield* tasks.resume({ session: yield* sessionOf(task), prompt: "go on", parent })
          yield* tasks.cancel(again.id)
          yield* tasks.cancelAll(parent)
        }).pipe(Effect.withTracer(tracer))
        assert.deepStrictEqual(
          names.filter((name) => name.startsWith("Tasks.") || name === ""),
          ["Tasks.launch", "Tasks.resume", "Tasks.cancel", "Tasks.cancelAll"]
        )
      })
  )
})
