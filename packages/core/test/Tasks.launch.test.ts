import { assert, describe } from "@effect/vitest"
import { Array, Effect, Fiber, Random } from "effect"
import { endOf, failing, failingOnce, hang, inWorld, messageOf, pass, say, soon, wait } from "./support/world.ts"

/** Chance that comes out as it is told, and then as it wants. */
const loaded = (...throws: ReadonlyArray<number>) => {
  const left = [...throws]
  return Effect.map(Random.Random, (chance) => ({
    ...chance,
    nextDoubleUnsafe: () => left.shift() ?? chance.nextDoubleUnsafe()
  }))
}

describe("launching a task", () => {
  inWorld(
    "takes the next id where another task has it (A16)",
    { scripts: { one: [hang], two: [hang] } },
    ({ launch, status, tasks }) =>
      Effect.gen(function*() {
        const chance = yield* loaded(0.25, 0.25, 0.25, 0.75)
        const ids = yield* Effect.forEach(["one", "two"], (prompt) =>
          Effect.provideService(Effect.map(launch(prompt), ({ id }) => id), Random.Random, chance))
        assert.deepStrictEqual(ids, ["bg_40000000", "bg_c0000000"])
        yield* pass(1_000)
        assert.deepStrictEqual(
          (yield* tasks.list).map(({ request }) =>
            request.prompt
          ),
          ["one", "two"]
        )
        for (const id of ids) assert.strictEqual(yield* status({ id }), "running")
        yield* Effect.forEach(ids, (id) => tasks.cancel(id))
      })
  )

  inWorld(
    "whoever waits for the session waits no longer than they want to",
    {},
    ({ host, launch, tasks }) =>
      Effect.gen(function*() {
        yield* host.faults(failing({ open: { slow: 5_000 } }))
        const { id } = yield* launch("look around")
        const waiting = yield* Effect.forkChild(tasks.opened(id, 2_000))
        yield* pass(1_999)
        assert.strictEqual(waiting.pollUnsafe(), undefined)
        yield* pass(1)
        assert.strictEqual((yield* Fiber.join(waiting)).session, undefined)
        yield* pass("1 minute")
        assert.isDefined((yield* tasks.opened(id, 2_000)).session)
      })
  )

  inWorld(
    "whoever waits for the session, however long that takes, is answered when it is there or the task over (A6, E1)",
    { settings: { defaultConcurrency: 1 }, behave: () => [hang] },
    ({ host, launch, sessionOf, tasks }) =>
      Effect.gen(function*() {
        yield* host.faults(failingOnce("open", "hang"))
        const stuck = yield* launch("stuck")
        const next = yield* launch("next")
        const last = yield* launch("last")
        const waiting = yield* Effect.forEach([stuck, next, last], ({ id }) => Effect.forkChild(tasks.opened(id)))
        const answered = () => waiting.map((fiber) => fiber.pollUnsafe() !== undefined)
        yield* pass(29_999)
        assert.deepStrictEqual(answered(), [false, false, false])
        yield* pass(1)
        assert.deepStrictEqual(answered(), [true, true, false])
        yield* tasks.cancel(last.id)
        yield* soon
        assert.deepStrictEqual(answered(), [true, true, true])
        const found = yield* Effect.forEach(waiting, Fiber.join)
        assert.deepStrictEqual(found.map(endOf), ["start-failed", "running", "requested"])
        assert.deepStrictEqual(found.map(({ session }) => session), [undefined, yield* sessionOf(next), undefined])
      })
  )

  inWorld(
    "returns before the session exists",
    { latency: 50 },
    ({ get, host, launch, sessionOf, tasks }) =>
      Effect.gen(function*() {
        yield* host.faults(failing({ open: { slow: 5_000 } }))
        const launching = yield* Effect.forkChild(launch("look around"))
        yield* pass(50)
        const task = yield* Fiber.join(launching)
        assert.strictEqual(task.status, "running")
        assert.strictEqual(task.session, undefined)
        yield* pass(4_000)
        assert.strictEqual((yield* get(task)).session, undefined)
        const opened = yield* Effect.forkChild(tasks.opened(task.id))
        yield* soon
        assert.strictEqual(opened.pollUnsafe(), undefined)
        yield* pass(1_050)
        assert.strictEqual((yield* Fiber.join(opened)).session, yield* sessionOf(task))
      })
  )

  for (const n of [1, 40]) {
    inWorld(`takes two round trips to the prompt, for ${n} at once as for one`, {
      latency: 50,
      settings: { defaultConcurrency: 0 }
    }, ({ callsOf, launch, host }) =>
      Effect.gen(function*() {
        // The first launch asks where the parent belongs; that is known from then on.
        yield* Effect.forkChild(launch("first"))
        yield* pass("1 minute")
        const before = (yield* callsOf("prompt")).length
        yield* Effect.forkChild(Effect.forEach(Array.range(1, n), (i) => launch(`${i}`)))
        yield* pass(100)
        const prompts = (yield* callsOf("prompt")).slice(before)
        assert.deepStrictEqual(prompts.map(({ at }) => at), Array.replicate(60_050, n))
        assert.strictEqual((yield* host.working).length, n)
      }))
  }

  inWorld(
    "gives ids of the tutorial's form, each once",
    { settings: { maxConcurrency: 1 } },
    ({ launch }) =>
      Effect.gen(function*() {
        const launched = yield* Effect.forEach(Array.range(1, 500), (i) => launch(`${i}`))
        for (const { id } of launched) assert.match(id, /^bg_[0-9a-f]{8}$/)
        assert.strictEqual(new Set(launched.map(({ id }) => id)).size, 500)
      })
  )

  inWorld(
    "keeps the request, and who is above it",
    {},
    ({ host, launch, parent, sessionOf }) =>
      Effect.gen(function*() {
        yield* host.behave(() => [hang])
        const model = { provider: "anthropic", id: "claude-opus-4-5" }
        const outer = yield* launch("outer", { model })
        yield* pass(0)
        const session = yield* sessionOf(outer)
        const inner = yield* launch("inner", { parent: session, description: "deeper", background: false })
        assert.deepStrictEqual(outer.request, {
          description: "the errand \"outer\"",
          prompt: "outer",
          agent: "explore",
          model,
          parent,
          ancestors: [parent],
          background: true
        })
        assert.deepStrictEqual(inner.request, {
          description: "deeper",
          prompt: "inner",
          agent: "explore",
          parent: session,
          ancestors: [session, parent],
          background: false
        })
      })
  )
})

describe("a start that fails", () => {
  const faults = [
    ["open", "fail", 0, "simulated fault in open"],
    ["open", "die", 0, "simulated fault in open"],
    ["open", "hang", 30_000, "the host did not answer within 30000 ms"],
    ["prompt", "fail", 0, "simulated fault in prompt"],
    ["prompt", "die", 0, "simulated fault in prompt"],
    ["prompt", "hang", 30_000, "the host did not answer within 30000 ms"],
    ["prompt", "fail-after", 0, "simulated fault in prompt"],
    ["prompt", "hang-after", 30_000, "the host did not answer within 30000 ms"]
  ] as const
  for (const [operation, fault, after, message] of faults) {
    inWorld(
      `${operation} ${fault}: an error with the reason, the slot free, the session aborted, the parent told (A7)`,
      { settings: { defaultConcurrency: 1 }, scripts: { doomed: [hang] } },
      ({ atRest, callsOf, end, get, host, launch, sessionOf, told }) =>
        Effect.gen(function*() {
          yield* host.faults(failingOnce(operation, fault))
          const doomed = yield* launch("doomed")
          const next = yield* launch("next")
          yield* soon
          assert.strictEqual(yield* end(doomed), after === 0 ? "start-failed" : "running")
          yield* pass(after)
          const failed = yield* get(doomed)
          assert.strictEqual(failed.status, "error")
          assert.strictEqual(endOf(failed), "start-failed")
          assert.include(messageOf(failed), message)
          assert.deepStrictEqual(
            (yield* callsOf("abort")).map(({ session }) => session),
            failed.session === undefined ? [] : [failed.session]
          )
          assert.strictEqual(failed.session === undefined, operation === "open")
          assert.deepStrictEqual(yield* host.working, [yield* sessionOf(next)])
          yield* pass(2_000)
          assert.deepStrictEqual(
            yield* told(),
            // What fails at once is over before the next is launched: two batches.
            after === 0
              ? ["final: start-failed", "final: completed"]
              : ["progress: start-failed", "final: start-failed, completed"]
          )
          // What was not answered may begin a moment later: it is stopped once more.
          yield* pass(5_000)
          yield* atRest
        })
    )
  }

  for (const lag of [30_050, 32_500]) {
    inWorld(
      `because the host did not answer to its prompt in time: what it begins after ${lag} ms is stopped (A7, E5)`,
      { scripts: { doomed: [hang] }, lag },
      ({ atRest, callsOf, end, host, launch }) =>
        Effect.gen(function*() {
          yield* host.faults(failingOnce("prompt", "hang-after"))
          const doomed = yield* launch("doomed")
          yield* pass(30_000)
          assert.strictEqual(yield* end(doomed), "start-failed")
          assert.deepStrictEqual(yield* host.working, [])
          assert.strictEqual((yield* callsOf("abort")).length, 1)
          yield* pass(2_500)
          assert.strictEqual((yield* host.working).length, 1 - Number(lag < 31_000))
          yield* pass(2_500)
          assert.deepStrictEqual(yield* host.working, [])
          yield* atRest
        })
    )
  }

  inWorld(
    "that hangs costs one slot and not the pool (A6)",
    { settings: { defaultConcurrency: 2 } },
    ({ atRest, end, host, launch }) =>
      Effect.gen(function*() {
        yield* host.faults(failingOnce("open", "hang"))
        const stuck = yield* launch("stuck")
        const others = yield* Effect.forEach(Array.range(1, 10), (i) => launch(`${i}`))
        yield* pass(10_000)
        assert.deepStrictEqual(yield* Effect.forEach(others, end), Array.replicate("completed", 10))
        assert.strictEqual(yield* end(stuck), "running")
        yield* pass(20_000)
        assert.strictEqual(yield* end(stuck), "start-failed")
        yield* atRest
      })
  )

  inWorld(
    "does not leave the next task waiting while its session is aborted or its parent told (A3)",
    { settings: { defaultConcurrency: 1 } },
    ({ end, host, launch, callsOf }) =>
      Effect.gen(function*() {
        yield* host.faults(failing({ notify: "hang", received: "hang", abort: "hang" }))
        yield* host.behave(({ text }) =>
          text === "fails" ? [{ do: "fail", message: "no" }] : [wait(1_000), say("done")]
        )
        const names = ["one", "fails", "two", "three"]
        const all = yield* Effect.forEach(names, (name) => launch(name))
        yield* pass(3_100)
        assert.deepStrictEqual(yield* Effect.forEach(all, end), ["completed", "agent-error", "completed", "completed"])
        assert.deepStrictEqual((yield* callsOf("prompt")).map(({ at }) => at), [0, 1_000, 1_000, 2_000])
      })
  )
})
