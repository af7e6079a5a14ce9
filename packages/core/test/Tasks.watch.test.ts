/**
 * How sessions are watched: when the poll finds what the events did not tell, and what a look costs.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { AgentHost } from "../src/AgentHost.ts"
import { Tasks } from "../src/Tasks.ts"
import type { Deliver } from "../src/testing/Feed.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"
import { answerOf, call, endOf, failing, hang, inWorld, pass, say, wait } from "./support/world.ts"

describe("the poll", () => {
  inWorld("finds an end of which no event told when it comes next, not one later (B3, B14)", {
    settings: { pollIntervalMs: 2_000 }
  }, ({ atRest, get, host, launch }) =>
    Effect.gen(function*() {
      yield* host.feed(() => [])
      const task = yield* launch("look around")
      yield* pass(10_000)
      const { endedAt, startedAt, status } = yield* get(task)
      assert.strictEqual(status, "completed")
      assert.strictEqual((endedAt ?? 0) - (startedAt ?? 0), 2_000)
      yield* atRest
    }))
})

describe("an end that is due", () => {
  const lost: Deliver = ({ _tag }) => _tag === "Idle" ? [] : [0]

  inWorld(
    "is found when the poll comes next, although the session was heard of since the last one (B3)",
    {
      settings: { pollIntervalMs: 2_000 },
      scripts: { "look around": [{ do: "stream", ms: 6_500, every: 500 }, say("found it")] }
    },
    ({ atRest, callsOf, get, host, launch }) =>
      Effect.gen(function*() {
        yield* host.feed(lost)
        const task = yield* launch("look around")
        yield* pass(6_000)
        assert.deepStrictEqual(yield* callsOf("activity"), [], "who writes is not asked for (B1)")
        yield* pass(4_000)
        const { endedAt, startedAt, status } = yield* get(task)
        assert.strictEqual(status, "completed")
        assert.strictEqual((endedAt ?? 0) - (startedAt ?? 0), 8_000)
        assert.strictEqual((yield* callsOf("activity")).length, 1)
        yield* atRest
      })
  )

  inWorld(
    "is due no longer when the session goes on, and then costs no request (B1)",
    {
      settings: { pollIntervalMs: 2_000 },
      scripts: {
        "look around": [
          { do: "tell", event: (session) => ({ _tag: "MessageEnded", session, last: true }) },
          { do: "stream", ms: 60_000, every: 500 },
          say("found it")
        ]
      }
    },
    ({ atRest, callsOf, end, launch }) =>
      Effect.gen(function*() {
        const task = yield* launch("look around")
        yield* pass("50 seconds")
        assert.deepStrictEqual(yield* callsOf("activity"), [])
        yield* pass("20 seconds")
        assert.strictEqual(yield* end(task), "completed")
        yield* atRest
      })
  )
})

describe("a look at a transcript", () => {
  inWorld("that fails is tried again when the poll comes, and not at once and again (B5, B14)", {
    settings: { pollIntervalMs: 2_000 }
  }, ({ atRest, callsOf, end, host, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("look around")
      yield* pass(500)
      yield* host.faults(failing({ transcript: "fail" }))
      const before = (yield* callsOf("transcript")).length
      yield* pass(60_000)
      assert.isAtMost((yield* callsOf("transcript")).length - before, 60 / 2 + 2)
      assert.strictEqual(yield* end(task), "running")
      yield* host.faults(() => "ok")
      yield* pass(2_000)
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  inWorld(
    "takes one round trip, the todos included (B14)",
    { latency: 1_000 },
    ({ callsOf, get, launch }) =>
      Effect.gen(function*() {
        const launching = yield* Effect.forkChild(launch("look around"))
        yield* pass("1 minute")
        const task = yield* get(yield* Fiber.join(launching))
        const [look] = (yield* callsOf("transcript")).slice(-1)
        assert.strictEqual(task.endedAt, (look?.at ?? 0) + 1_000)
      })
  )

  inWorld("shows what was before that which is heard while it is on its way (D5, B1)", {
    scripts: { "look around": [wait(100), say("found one thing")], more: [wait(100), say("found two things")] }
  }, ({ atRest, get, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ todos: { late: 4_500 } }))
      const task = yield* launch("look around")
      yield* pass(150)
      yield* host.faults(() => "ok")
      yield* host.say(yield* sessionOf(task), "more")
      yield* pass("1 minute")
      assert.strictEqual(answerOf(yield* get(task)), "found two things")
      yield* atRest
    }))

  inWorld("is good enough where it takes longer than a poll, and all is quiet meanwhile (A4, B14)", {
    settings: { pollIntervalMs: 2_000 }
  }, ({ atRest, callsOf, end, host, launch }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ transcript: { late: 7_000 } }))
      const task = yield* launch("look around")
      yield* pass("20 seconds")
      assert.strictEqual(yield* end(task), "completed")
      assert.strictEqual((yield* callsOf("transcript")).length, 1)
      yield* atRest
    }))

  it.effect("asks for the end of it only, whatever its length (B14)", () =>
    Effect.gen(function*() {
      const asked: Array<number> = []
      const watched = Layer.effect(
        AgentHost,
        Effect.map(AgentHost, (host) =>
          AgentHost.of({
            ...host,
            transcript: (session, options) => {
              asked.push(options.last)
              return host.transcript(session, options)
            }
          }))
      )
      yield* Effect.gen(function*() {
        const tasks = yield* Tasks
        const parent = yield* (yield* SimulatedHost).root("ses_root")
        const { id } = yield* tasks.launch({ description: "d", prompt: "look around", agent: "explore", parent })
        yield* pass(10_000)
        assert.strictEqual((yield* tasks.get(id)).status, "completed")
      }).pipe(
        Effect.provide(Tasks.layer.pipe(Layer.provideMerge(watched), Layer.provideMerge(SimulatedHost.layer())))
      )
      assert.isAbove(asked.length, 0)
      for (const last of asked) assert.isBelow(last, 10)
    }))
})

describe("a feed that breaks", () => {
  for (const [how, broken] of Object.entries({ dies: Stream.die("no"), ends: Stream.empty })) {
    it.effect(`is taken up again: ${how} (B3, C16)`, () =>
      Effect.gen(function*() {
        let feeds = 0
        const torn = Layer.effect(
          AgentHost,
          Effect.map(AgentHost, (host) =>
            AgentHost.of({ ...host, events: Stream.suspend(() => feeds++ === 0 ? broken : host.events) }))
        )
        yield* Effect.gen(function*() {
          const tasks = yield* Tasks
          const host = yield* SimulatedHost
          const parent = yield* host.root("ses_root")
          yield* pass(3_000)
          const { id } = yield* tasks.launch({ description: "d", prompt: "hangs", agent: "explore", parent })
          yield* pass(1_000)
          // That a session was deleted is only told.
          yield* host.remove(parent)
          yield* pass(1_000)
          assert.strictEqual(endOf(yield* tasks.get(id)), "deleted")
        }).pipe(
          Effect.provide(
            Tasks.layer.pipe(
              Layer.provideMerge(torn),
              Layer.provideMerge(SimulatedHost.layer({ behave: () => [hang] }))
            )
          )
        )
      }))
  }
})

describe("a session whose tasks were all called off", () => {
  inWorld("is woken by nobody, and is over with what it said (B13, C12)", {}, (world) =>
    Effect.gen(function*() {
      const { atRest, end, get, host, launch, tasks } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [call("delegate", launch("inner", { parent: told.session })), say("nothing to wait for")]
          : told.text === "inner"
          ? [hang]
          : [say("heard")]
      )
      const outer = yield* launch("outer")
      yield* pass(20_000)
      assert.strictEqual(yield* end(outer), "running")
      const inner = (yield* tasks.list).find(({ request }) => request.prompt === "inner")
      yield* tasks.cancel(inner?.id ?? "")
      yield* pass(1_000)
      assert.strictEqual(answerOf(yield* get(outer)), "nothing to wait for")
      yield* atRest
    }))
})
