/**
 * How sessions are watched: when the poll finds what the events did not tell, and what a look costs.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Fiber, Layer, PubSub, Stream } from "effect"
import { AgentHost, type HostEvent } from "../src/AgentHost.ts"
import type { SessionId } from "../src/Task.ts"
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

  inWorld("finds it no later beside sessions that only have to go on: nobody looks at those (B3, B14)", {
    settings: { pollIntervalMs: 2_000 },
    scripts: { hangs: [hang] }
  }, ({ callsOf, get, host, launch, parent, sessionOf, tasks }) =>
    Effect.gen(function*() {
      yield* Effect.forEach(Array.range(1, 3), () => launch("hangs"))
      yield* pass(0)
      yield* host.feed(() => [])
      const task = yield* launch("look around")
      yield* pass(10_000)
      assert.strictEqual((yield* get(task)).endedAt, 2_000)
      assert.deepStrictEqual((yield* callsOf("transcript")).map(({ session }) => session), [yield* sessionOf(task)])
      yield* tasks.cancelAll(parent)
    }))

  inWorld("has a crowd looked at a few at a time, and all of it within half a second (B3, B14)", {
    settings: { pollIntervalMs: 2_000, defaultConcurrency: 0 }
  }, ({ atRest, callsOf, host, launch, status }) =>
    Effect.gen(function*() {
      yield* host.feed(() => [])
      const crowd = yield* Effect.forEach(Array.range(1, 250), () => launch("look around", { background: false }))
      yield* pass(2_500)
      assert.deepStrictEqual(new Set(yield* Effect.forEach(crowd, status)), new Set(["completed"]))
      const looks = Array.groupBy(yield* callsOf("transcript"), ({ at }) => `${at}`)
      for (const atOnce of Object.values(looks)) assert.isAtMost(atOnce.length, 3)
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

  inWorld("that fails is tried no more often while its session writes (B5, B14)", {
    settings: { pollIntervalMs: 2_000 },
    scripts: { "look around": [{ do: "stream", ms: 60_000, every: 100 }, say("found it")] }
  }, ({ atRest, callsOf, end, host, launch }) =>
    Effect.gen(function*() {
      yield* host.feed(({ _tag }) => _tag === "Busy" ? [] : [0])
      yield* host.faults(failing({ transcript: "fail" }))
      const task = yield* launch("look around")
      yield* pass(59_000)
      assert.isAtMost((yield* callsOf("transcript")).length, 60 / 2)
      assert.strictEqual(yield* end(task), "running")
      yield* host.faults(() => "ok")
      yield* pass(1_000)
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

  inWorld("does without the todos of a host that has none", {
    capabilities: { todos: false }
  }, ({ atRest, callsOf, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("look around")
      yield* pass(1_000)
      assert.strictEqual(answerOf(yield* get(task)), "done: look around")
      assert.deepStrictEqual(yield* callsOf("todos"), [])
      yield* atRest
    }))

  inWorld("goes further back where the host has made room by a summary: the answer is before that (D5)", {
    scripts: { "look around": [wait(100), { do: "fill", text: "found it" }, wait(100), say("anything else?")] }
  }, ({ atRest, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("look around")
      yield* pass(1_000)
      assert.strictEqual(answerOf(yield* get(task)), "found it")
      yield* atRest
    }))

  inWorld("counts as the poll's only where the poll asked for it: after an error another try may follow (B11)", {
    settings: { pollIntervalMs: 2_000 },
    scripts: { "look around": [{ do: "no-model", message: "overloaded" }], again: [wait(500), say("found it")] }
  }, ({ atRest, end, get, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      // Idle is told once more, half a second late.
      yield* host.feed(({ _tag }) => _tag === "Idle" ? [0, 500] : [0])
      const task = yield* launch("look around")
      yield* pass(1_000)
      assert.strictEqual(yield* end(task), "running")
      yield* host.say(yield* sessionOf(task), "again")
      yield* pass(500)
      assert.strictEqual(answerOf(yield* get(task)), "found it")
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

/** A host that tells in its own way, and agents that hang. */
const telling = (events: (host: AgentHost["Service"]) => AgentHost["Service"]["events"]) =>
  Tasks.layer.pipe(
    Layer.provideMerge(
      Layer.effect(AgentHost, Effect.map(AgentHost, (host) => AgentHost.of({ ...host, events: events(host) })))
    ),
    Layer.provideMerge(SimulatedHost.layer({ behave: () => [hang] }))
  )

const launchFrom = (parent: SessionId) =>
  Effect.flatMap(Tasks, (tasks) => tasks.launch({ description: "d", prompt: "hangs", agent: "explore", parent }))

// That a session was deleted is only told: no poll would find it.
describe("a feed", () => {
  for (const [how, broken] of Object.entries({ dies: Stream.die("no"), ends: Stream.empty })) {
    it.effect(`that breaks is taken up again: ${how} (B3, C16)`, () => {
      let feeds = 0
      return Effect.gen(function*() {
        const host = yield* SimulatedHost
        const parent = yield* host.root("ses_root")
        yield* pass(3_000)
        const { id } = yield* launchFrom(parent)
        yield* pass(1_000)
        yield* host.remove(parent)
        yield* pass(1_000)
        assert.strictEqual(endOf(yield* (yield* Tasks).get(id)), "deleted")
      }).pipe(Effect.provide(telling(({ events }) => Stream.suspend(() => feeds++ === 0 ? broken : events))))
    })
  }

  it.effect("is heard from the moment on in which the service is there (B3, E5)", () =>
    Effect.gen(function*() {
      const events = yield* PubSub.unbounded<HostEvent>()
      yield* Effect.gen(function*() {
        const parent = yield* (yield* SimulatedHost).root("ses_root")
        const { id } = yield* launchFrom(parent)
        yield* PubSub.publish(events, { _tag: "Deleted", session: parent })
        yield* pass(1_000)
        assert.strictEqual(endOf(yield* (yield* Tasks).get(id)), "deleted")
      }).pipe(Effect.provide(telling(() => Stream.fromPubSub(events))))
    }))
})

describe("a session whose tasks were all called off", () => {
  for (const [when, ms] of [["long before", 20_000], ["before the poll came", 1_500]] as const) {
    inWorld(
      `is woken by nobody, and is over at once with what it said, idle ${when} (B13, C12)`,
      {},
      (world) =>
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
          yield* pass(ms)
          assert.strictEqual(yield* end(outer), "running")
          const inner = (yield* tasks.list).find(({ request }) => request.prompt === "inner")
          yield* tasks.cancel(inner?.id ?? "")
          yield* pass(100)
          const ended = yield* get(outer)
          assert.strictEqual(answerOf(ended), "nothing to wait for")
          assert.strictEqual(ended.endedAt, ms)
          yield* atRest
        })
    )
  }
})
