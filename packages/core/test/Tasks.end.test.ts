import { assert, describe } from "@effect/vitest"
import { Array, Effect } from "effect"
import type { HostEvent } from "../src/AgentHost.ts"
import type { Step } from "../src/testing/SimulatedHost.ts"
import { answerOf, call, down, failing, hang, inWorld, messageOf, pass, say, soon, wait } from "./support/world.ts"

const minutes = (n: number): number => n * 60_000

describe("a task whose agent answers", () => {
  for (const ms of [0, 50]) {
    inWorld(
      `within ${ms} ms is completed at once (B2)`,
      { scripts: { fast: [wait(ms), say("here")] } },
      (world) =>
        Effect.gen(function*() {
          const task = yield* world.launch("fast")
          yield* pass(ms)
          const ended = yield* world.get(task)
          assert.deepStrictEqual(ended.outcome, { _tag: "Completed", answer: "here" })
          assert.strictEqual(ended.endedAt, ms)
          yield* pass(0)
          assert.deepStrictEqual(yield* world.told(), ["final: completed"])
          yield* world.atRest
        })
    )
  }

  inWorld("is completed with what was said last, after tools", {
    scripts: { work: [wait(100), { do: "tool", name: "grep", ms: 500 }, wait(100), say("found")] }
  }, ({ atRest, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("work")
      yield* pass(300)
      const { progress } = yield* get(task)
      assert.deepStrictEqual(progress, { toolCalls: 1, lastTool: "grep", activeAt: 100 })
      yield* pass(400)
      const ended = yield* get(task)
      assert.strictEqual(answerOf(ended), "found")
      assert.deepStrictEqual(ended.progress, { toolCalls: 1, lastTool: "grep", activeAt: 700 })
      yield* atRest
    }))

  inWorld("with nothing is completed with an empty answer, and not before an early end is past doubt (B2, B8)", {
    scripts: { empty: [wait(500)], blank: [wait(500), say(" \n ")] }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(["empty", "blank"], (name) => launch(name))
      yield* pass(4_999)
      assert.deepStrictEqual(yield* Effect.forEach(all, end), ["running", "running"])
      yield* pass(2_001)
      for (const task of all) assert.deepStrictEqual((yield* get(task)).outcome, { _tag: "Completed", answer: "" })
      yield* atRest
    }))

  inWorld("at the output limit says that the answer was cut", {
    scripts: { long: [wait(100), { do: "say", text: "and so", cut: true }] }
  }, ({ get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("long")
      yield* pass(100)
      assert.deepStrictEqual((yield* get(task)).outcome, {
        _tag: "Completed",
        answer: "and so",
        note: "the answer was cut at the model's output limit"
      })
    }))

  inWorld("with more than is kept says how much it was", {
    settings: { answerMaxChars: 10 },
    scripts: { long: [say("0123456789abcdef")] }
  }, ({ get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("long")
      yield* pass(0)
      assert.deepStrictEqual((yield* get(task)).outcome, { _tag: "Completed", answer: "0123456789", cutFrom: 16 })
    }))

  inWorld("and leaves todos open is waited for, but not for ever, and says so (B12)", {
    scripts: { todos: [{ do: "todos", open: 2 }, wait(1_000), say("mostly done")] }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("todos")
      yield* pass(10_900)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(2_000)
      assert.deepStrictEqual((yield* get(task)).outcome, {
        _tag: "Completed",
        answer: "mostly done",
        note: "it left 2 of its todos open"
      })
      yield* atRest
    }))

  inWorld("and finishes its todos meanwhile is completed without a word about them (B12)", {
    scripts: { todos: [{ do: "todos", open: 2 }, wait(1_000), say("mostly")] }
  }, ({ atRest, get, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      const task = yield* launch("todos")
      yield* pass(2_000)
      yield* host.behave(() => [wait(1_000), { do: "todos", open: 0 }, say("all done")])
      yield* host.say(yield* sessionOf(task), "go on")
      yield* pass(1_000)
      assert.deepStrictEqual((yield* get(task)).outcome, { _tag: "Completed", answer: "all done" })
      yield* atRest
    }))
})

describe("an end that events tell badly", () => {
  const slow: Record<string, ReadonlyArray<Step>> = { work: [wait(3_100), say("done")] }
  const feeds: Record<string, { deliver: (event: HostEvent) => ReadonlyArray<number>; by: number }> = {
    "the idle event is lost": { deliver: ({ _tag }) => _tag === "Idle" ? [] : [0], by: 6_000 },
    "the end of the message is not told": { deliver: ({ _tag }) => _tag === "MessageEnded" ? [] : [0], by: 3_100 },
    "every event is lost": { deliver: () => [], by: 6_000 },
    "every event is told three times, two of them late": { deliver: () => [0, 10, 5_000], by: 3_100 },
    "every event is late": { deliver: () => [700], by: 4_000 },
    "events come in the wrong order": {
      deliver: ({ _tag }) => _tag === "Busy" ? [3_300] : _tag === "MessageEnded" ? [100] : [0],
      by: 6_000
    }
  }
  for (const [name, { by, deliver }] of Object.entries(feeds)) {
    inWorld(
      `is found all the same when ${name} (B3)`,
      { scripts: slow },
      ({ atRest, end, get, host, launch, told }) =>
        Effect.gen(function*() {
          yield* host.feed(deliver)
          const task = yield* launch("work")
          yield* pass(3_099)
          assert.strictEqual(yield* end(task), "running")
          yield* pass(by - 3_099)
          assert.strictEqual(answerOf(yield* get(task)), "done")
          yield* atRest
          assert.deepStrictEqual(yield* told(), ["final: completed"])
        })
    )
  }

  inWorld("is not believed while the host still works (B1)", {
    scripts: {
      early: [{ do: "tell", event: (session) => ({ _tag: "Idle", session }) }, wait(20_000), say("done")],
      retry: [
        wait(100),
        { do: "retry", ms: 20_000, message: "overloaded" },
        { do: "tell", event: (session) => ({ _tag: "Idle", session }) },
        wait(20_000),
        say("done")
      ]
    }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const early = yield* launch("early")
      const retry = yield* launch("retry")
      yield* pass(19_999)
      assert.deepStrictEqual([yield* end(early), yield* end(retry)], ["running", "running"])
      yield* pass(1)
      assert.deepStrictEqual([yield* end(early), yield* end(retry)], ["completed", "running"])
      yield* pass(20_100)
      assert.strictEqual((yield* get(retry)).endedAt, 40_100)
      yield* atRest
    }))
})

describe("a poll whose answer is older than an event", () => {
  inWorld("does not undo it: the task ends at once, not polls later (B3)", {
    settings: { pollIntervalMs: 2_000 },
    scripts: { work: [wait(6_500), say("done")] }
  }, ({ atRest, get, host, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("work")
      yield* pass(5_900)
      // Asked at six seconds, when it is busy; answered at seven, when it has told of its end. By then nobody has seen what
      // it said.
      yield* host.faults(failing({ activity: { late: 1_000 }, transcript: { late: 800 } }))
      yield* pass(2_000)
      assert.strictEqual((yield* get(task)).endedAt, 7_300)
      yield* atRest
    }))

  inWorld("does not undo what is told in the very moment in which it was asked (B3)", {
    settings: { pollIntervalMs: 2_000 },
    scripts: {
      work: [
        { do: "tell", event: (session) => ({ _tag: "MessageEnded", session, last: true }) },
        wait(3_000),
        wait(1_000),
        say("done")
      ]
    }
  }, ({ atRest, get, host, launch }) =>
    Effect.gen(function*() {
      let ends = 0
      yield* host.feed(({ _tag }) => _tag === "MessageEnded" && ends++ === 0 ? [4_000] : [0])
      const task = yield* launch("work")
      yield* pass(3_900)
      // At four seconds, one after the other: a message has ended, the poll comes, the session is idle.
      yield* host.faults(failing({ activity: { late: 500 }, transcript: { late: 800 } }))
      yield* pass(2_000)
      assert.strictEqual((yield* get(task)).endedAt, 4_800)
      yield* atRest
    }))
})

describe("an outage of the host", () => {
  inWorld("of its activity list alone costs nothing while events come (B3)", {
    scripts: { work: [wait(30_000), say("done")] }
  }, ({ atRest, get, host, launch }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ activity: "fail" }))
      const task = yield* launch("work")
      yield* pass(30_000)
      assert.strictEqual(answerOf(yield* get(task)), "done")
      yield* atRest
    }))

  for (const fault of ["fail", "hang", "die"] as const) {
    inWorld(
      `of five minutes, in which every call does ${fault}, neither completes nor kills a task (B5)`,
      {
        settings: { defaultConcurrency: 0 },
        scripts: {
          before: [wait(500), say("done")],
          during: [wait(100_000), say("done")],
          failing: [wait(100_000), { do: "fail", message: "no" }],
          after: [{ do: "stream", ms: 400_000, every: 10_000 }, say("done")]
        }
      },
      ({ atRest, end, host, launch, status, told }) =>
        Effect.gen(function*() {
          const names = ["before", "during", "failing", "after"]
          const all = yield* Effect.forEach(names, (name) => launch(name))
          yield* pass(100)
          yield* host.faults(() => fault)
          yield* host.feed(() => [])
          yield* pass(minutes(5))
          assert.deepStrictEqual(yield* Effect.forEach(all, status), Array.replicate("running" as const, 4))
          yield* host.faults(() => "ok")
          yield* host.feed(() => [0])
          // A call that hangs has ten seconds, and then there is the poll.
          yield* pass(13_000)
          assert.deepStrictEqual(
            yield* Effect.forEach(all, end),
            ["completed", "completed", "agent-error", "running"]
          )
          yield* pass(minutes(2))
          assert.deepStrictEqual(yield* Effect.forEach(all, end), [
            "completed",
            "completed",
            "agent-error",
            "completed"
          ])
          yield* pass(minutes(1))
          assert.strictEqual((yield* told()).at(-1), "final: completed, completed, agent-error, completed")
          yield* atRest
        })
    )
  }

  inWorld("in which the events go on is survived too (B5)", {
    scripts: { during: [wait(100_000), say("done")], failing: [wait(100_000), { do: "fail", message: "no" }] }
  }, ({ atRest, end, host, launch }) =>
    Effect.gen(function*() {
      const during = yield* launch("during")
      const failed = yield* launch("failing")
      yield* pass(1_000)
      yield* host.faults(down)
      yield* pass(minutes(5))
      assert.deepStrictEqual([yield* end(during), yield* end(failed)], ["running", "running"])
      yield* host.faults(() => "ok")
      yield* pass(2_000)
      assert.deepStrictEqual([yield* end(during), yield* end(failed)], ["completed", "agent-error"])
      yield* atRest
    }))

  inWorld("for good fails a task after hostTimeoutMs, and names it (B5)", {
    scripts: { hang: [hang] },
    settings: { hostTimeoutMs: 120_000 }
  }, ({ atRest, end, get, host, launch, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("hang")
      yield* pass(1_000)
      yield* host.faults(down)
      yield* pass(120_000)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(4_000)
      const ended = yield* get(task)
      assert.strictEqual(ended.status, "error")
      assert.strictEqual(messageOf(ended), "the host has not answered for 120 s (hostTimeoutMs)")
      // When it comes back it hears of the abort, and the parent of the end.
      yield* host.faults(() => "ok")
      yield* pass(minutes(1))
      assert.deepStrictEqual(yield* told(), ["final: host-unreachable"])
      yield* atRest
    }))

  for (const defaultConcurrency of [1, 5]) {
    inWorld(
      `for good fails a task that waits for its own after hostTimeoutMs as well, with a limit of ${defaultConcurrency} (B5, A1)`,
      { settings: { hostTimeoutMs: 120_000, taskTtlMs: 0, defaultConcurrency } },
      ({ atRest, end, host, launch, told, used }) =>
        Effect.gen(function*() {
          yield* host.behave(({ session, text }) =>
            text === "outer"
              ? [call("delegate", launch("inner", { parent: session })), say("I wait for it")]
              : text === "inner"
              ? [hang]
              : [say("heard")]
          )
          const outer = yield* launch("outer")
          yield* pass(1_000)
          yield* host.faults(down)
          yield* pass(120_000)
          assert.strictEqual(yield* end(outer), "running")
          yield* pass(10_000)
          assert.strictEqual(yield* end(outer), "host-unreachable")
          assert.strictEqual(yield* used, 0)
          yield* host.faults(() => "ok")
          yield* pass(minutes(1))
          assert.deepStrictEqual(yield* told(), ["final: host-unreachable"])
          yield* atRest
        })
    )
  }

  for (const operation of ["transcript", "todos"] as const) {
    for (const fault of ["fail", "hang", "die"] as const) {
      inWorld(
        `of its ${operation} alone (${fault}) is never taken for a good answer, nor waited out for ever (B5, B6)`,
        { settings: { hostTimeoutMs: 120_000, taskTtlMs: 0 } },
        ({ atRest, end, host, launch }) =>
          Effect.gen(function*() {
            yield* host.faults(failing({ [operation]: fault }))
            const healed = yield* launch("healed")
            yield* pass(60_000)
            assert.strictEqual(yield* end(healed), "running")
            yield* host.faults(() => "ok")
            yield* pass(13_000)
            assert.strictEqual(yield* end(healed), "completed")
            yield* host.faults(failing({ [operation]: fault }))
            const lost = yield* launch("lost")
            yield* pass(120_000)
            assert.strictEqual(yield* end(lost), "running")
            yield* pass(30_000)
            assert.strictEqual(yield* end(lost), "host-unreachable")
            yield* atRest
          })
      )
    }
  }
})

describe("a session that comes to nothing", () => {
  inWorld("because nothing comes of its prompt is an error after startTimeoutMs: never started (B7)", {
    scripts: { ignored: [{ do: "ignore" }] }
  }, ({ atRest, callsOf, end, get, launch, sessionOf, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("ignored")
      yield* pass(29_999)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(4_001)
      assert.strictEqual(yield* end(task), "never-started")
      assert.include(messageOf(yield* get(task)), "startTimeoutMs = 30000")
      assert.deepStrictEqual((yield* callsOf("abort")).map(({ session }) => session), [yield* sessionOf(task)])
      yield* pass(0)
      assert.deepStrictEqual(yield* told(), ["final: never-started"])
      yield* atRest
    }))

  inWorld("because its prompt is refused after it was taken is an error with the host's words (B10)", {
    scripts: { refused: [{ do: "refuse", message: "there is no agent \"explor\"" }] }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("refused")
      yield* pass(4_000)
      assert.strictEqual(yield* end(task), "agent-error")
      assert.strictEqual(messageOf(yield* get(task)), "there is no agent \"explor\"")
      yield* atRest
    }))

  inWorld("because the provider fails is an error at once, with the provider's words, told once (B10, B19)", {
    scripts: { fails: [wait(1_000), { do: "fail", message: "401: bad key" }] }
  }, ({ atRest, end, get, launch, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("fails")
      yield* pass(1_040)
      assert.strictEqual(yield* end(task), "agent-error")
      assert.strictEqual(messageOf(yield* get(task)), "401: bad key")
      yield* atRest
      assert.deepStrictEqual(yield* told(), ["final: agent-error"])
    }))

  inWorld("because it stops after a tool call is an error that says so (B10)", {
    scripts: { stops: [wait(1_000), { do: "stop" }] }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("stops")
      yield* pass(9_999)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(4_001)
      assert.strictEqual(yield* end(task), "no-answer")
      assert.strictEqual(messageOf(yield* get(task)), "its session stopped after a tool call that failed: rejected")
      yield* atRest
    }))

  for (const where of ["working", "retry", "lost events"] as const) {
    inWorld(`because a person interrupts it (${where}) is cancelled, never completed, and told (B9)`, {
      scripts: {
        work: where === "retry"
          ? [wait(500), { do: "retry", ms: 60_000, message: "overloaded" }]
          : [{ do: "stream", ms: 60_000, every: 100 }, say("never said")]
      }
    }, ({ atRest, end, host, launch, sessionOf, told }) =>
      Effect.gen(function*() {
        if (where === "lost events") yield* host.feed(() => [])
        const task = yield* launch("work")
        yield* pass(5_000)
        yield* host.interrupt(yield* sessionOf(task))
        yield* pass(where === "lost events" ? 2_000 : 100)
        assert.strictEqual(yield* end(task), "interrupted")
        yield* pass(100)
        assert.deepStrictEqual(yield* told(), ["final: interrupted"])
        yield* atRest
      }))
  }
})

describe("trouble that passes", () => {
  inWorld("is no end: a provider that is tried again, for seconds or for an hour (B10, B16)", {
    settings: { taskTtlMs: 0 },
    scripts: {
      seconds: [
        { do: "retry", ms: 2_000, message: "429" },
        { do: "retry", ms: 5_000, message: "429" },
        wait(1_000),
        say("done")
      ],
      hour: [wait(500), { do: "retry", ms: minutes(60), message: "429: try again in an hour" }, wait(500), say("done")]
    }
  }, ({ atRest, end, get, launch }) =>
    Effect.gen(function*() {
      const seconds = yield* launch("seconds")
      const hour = yield* launch("hour")
      yield* pass(8_000)
      assert.strictEqual(yield* end(seconds), "completed")
      assert.deepStrictEqual((yield* get(hour)).progress.retry, {
        attempt: 1,
        message: "429: try again in an hour",
        nextAt: minutes(60) + 500
      })
      yield* pass(minutes(59))
      assert.strictEqual(yield* end(hour), "running")
      yield* pass(minutes(1))
      assert.strictEqual(answerOf(yield* get(hour)), "done")
      yield* atRest
    }))

  inWorld("does not hide the answer: an error, then a good end (B11, D5)", {
    scripts: { overflow: [wait(1_000), { do: "overflow" }, wait(1_000), say("the answer")] }
  }, ({ atRest, get, launch, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("overflow")
      yield* pass(2_050)
      assert.strictEqual(answerOf(yield* get(task)), "the answer")
      yield* atRest
      assert.deepStrictEqual(yield* told(), ["final: completed"])
    }))
})

describe("the quiet limit", () => {
  inWorld("ends a session that hangs, names its setting, aborts, frees the slot, tells the parent (B16, B18, E5)", {
    settings: { defaultConcurrency: 1, staleTimeoutMs: 60_000 },
    scripts: { hangs: [wait(10_000), { do: "tool", name: "grep", ms: 0 }, hang], never: [hang] }
  }, ({ atRest, callsOf, end, get, launch, sessionOf, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("hangs")
      const next = yield* launch("next")
      yield* pass(69_000)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(3_000)
      const ended = yield* get(task)
      assert.deepStrictEqual(ended.outcome, {
        _tag: "Cancelled",
        reason: "quiet-limit",
        setting: "staleTimeoutMs",
        message: "it showed no activity for 60 s; the limit is staleTimeoutMs = 60000"
      })
      assert.deepStrictEqual((yield* callsOf("abort")).map(({ session }) => session), [yield* sessionOf(task)])
      assert.strictEqual((yield* get(next)).startedAt, ended.endedAt)
      yield* pass(2_000)
      assert.deepStrictEqual(yield* told(), ["progress: quiet-limit", "final: quiet-limit, completed"])
      yield* atRest
    }))

  const lively: Record<string, ReadonlyArray<Step>> = {
    "a session that writes now and then (B17)": [{ do: "stream", ms: minutes(20), every: 50_000 }, say("done")],
    "a tool that runs (B15)": [{ do: "tool", name: "bash", ms: minutes(20) }, say("done")],
    "a wait for a permission": [{ do: "ask", what: "bash \"npm test\"" }, say("done")],
    "a retry of the provider (B10)": [{ do: "retry", ms: minutes(20), message: "429" }, say("done")]
  }
  for (const [name, script] of Object.entries(lively)) {
    for (const events of ["heard", "lost"] as const) {
      // Nothing but the event tells that somebody is asked.
      if (name.includes("permission") && events === "lost") continue
      inWorld(`is not for ${name}, its events ${events}`, {
        settings: { staleTimeoutMs: 60_000 },
        scripts: { lively: script }
      }, ({ atRest, end, host, launch, sessionOf }) =>
        Effect.gen(function*() {
          if (events === "lost") yield* host.feed(() => [])
          const task = yield* launch("lively")
          yield* pass(minutes(20) - 1)
          assert.strictEqual(yield* end(task), "running")
          yield* host.answer(yield* sessionOf(task))
          yield* pass(4_000)
          assert.strictEqual(yield* end(task), "completed")
          yield* atRest
        }))
    }
  }

  inWorld("begins anew after a retry of the provider, also when its end was not told", {
    settings: { staleTimeoutMs: 60_000, taskTtlMs: 0 },
    scripts: { retries: [{ do: "retry", ms: minutes(20), message: "429" }, wait(50_000), say("done")] }
  }, ({ atRest, end, host, launch }) =>
    Effect.gen(function*() {
      yield* host.feed(({ _tag }) => _tag === "Retrying" ? [0] : [])
      const task = yield* launch("retries")
      yield* pass(minutes(20) + 49_000)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(3_000)
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  inWorld("is for a session that hangs after a tool whose end was not told (B16)", {
    settings: { staleTimeoutMs: 60_000, taskTtlMs: 0 },
    scripts: { hangs: [{ do: "tool", name: "bash", ms: 30_000 }, hang] }
  }, ({ atRest, end, host, launch }) =>
    Effect.gen(function*() {
      yield* host.feed((event) => event._tag === "Tool" && event.state === "running" ? [0] : [])
      const task = yield* launch("hangs")
      yield* pass(minutes(3))
      assert.strictEqual(yield* end(task), "quiet-limit")
      yield* atRest
    }))

  inWorld("does not take our own asking for activity of the session (B15)", {
    scripts: { hangs: [wait(1_000), { do: "tool", name: "grep", ms: 0 }, hang] }
  }, ({ callsOf, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("hangs")
      yield* pass(170_000)
      assert.isAbove((yield* callsOf("activity")).length, 80)
      assert.isAbove((yield* callsOf("transcript")).length, 0)
      assert.strictEqual((yield* get(task)).progress.activeAt, 1_000)
    }))

  inWorld("is off at 0", {
    settings: { staleTimeoutMs: 0 },
    scripts: { hangs: [hang] }
  }, ({ callsOf, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("hangs")
      yield* pass(minutes(29))
      assert.strictEqual(yield* end(task), "running")
      assert.deepStrictEqual(yield* callsOf("transcript"), [])
    }))

  inWorld("is not for a host whose sessions may be silent", {
    capabilities: { silent: true },
    scripts: { hangs: [hang] }
  }, ({ callsOf, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("hangs")
      yield* pass(minutes(29))
      assert.strictEqual(yield* end(task), "running")
      assert.deepStrictEqual(yield* callsOf("transcript"), [])
    }))
})

describe("the time limit", () => {
  inWorld("ends a task that goes on and on, names its setting, aborts, frees the slot, tells (B17, B18, E5)", {
    settings: { defaultConcurrency: 1, taskTtlMs: 60_000 },
    scripts: { forever: [{ do: "stream", ms: minutes(60), every: 1_000 }] }
  }, ({ atRest, callsOf, end, get, launch, sessionOf, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("forever")
      const next = yield* launch("next")
      yield* pass(59_999)
      assert.strictEqual(yield* end(task), "running")
      yield* pass(1)
      const ended = yield* get(task)
      assert.deepStrictEqual(ended.outcome, {
        _tag: "Cancelled",
        reason: "time-limit",
        setting: "taskTtlMs",
        message: "it ran for longer than 60 s; the limit is taskTtlMs = 60000"
      })
      assert.deepStrictEqual((yield* callsOf("abort")).map(({ session }) => session), [yield* sessionOf(task)])
      assert.strictEqual((yield* get(next)).startedAt, 60_000)
      yield* pass(1_000)
      assert.deepStrictEqual(yield* told(), ["progress: time-limit", "final: time-limit, completed"])
      yield* atRest
    }))

  inWorld("counts no time in line (B17)", {
    settings: { defaultConcurrency: 1, taskTtlMs: 60_000 },
    scripts: { slow: [wait(50_000), say("done")] }
  }, ({ atRest, end, launch }) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(Array.range(1, 4), () => launch("slow"))
      yield* pass(200_000)
      assert.deepStrictEqual(yield* Effect.forEach(all, end), Array.replicate("completed", 4))
      yield* atRest
    }))

  inWorld("begins again where the answer to a permission was not heard, once its tool has ended (B16, B5)", {
    scripts: { x: [{ do: "permission", name: "bash", what: "npm test", ms: 100 }, hang] }
  }, ({ atRest, end, get, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      yield* host.feed(({ _tag }) => _tag === "Answered" ? [] : [0])
      const task = yield* launch("x")
      yield* pass("10 minutes")
      assert.strictEqual((yield* get(task)).progress.waitingFor, "npm test")
      yield* host.answer(yield* sessionOf(task))
      yield* pass("1 minute")
      assert.strictEqual((yield* get(task)).progress.waitingFor, undefined)
      yield* pass("3 minutes")
      assert.strictEqual(yield* end(task), "quiet-limit")
      yield* atRest
    }))

  inWorld("counts no time in which a permission is waited for (B17)", {
    settings: { taskTtlMs: 60_000 },
    scripts: { asks: [wait(30_000), { do: "ask", what: "bash \"npm test\"" }, hang] }
  }, ({ atRest, end, get, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      const task = yield* launch("asks")
      yield* pass(minutes(60))
      const waiting = yield* get(task)
      assert.strictEqual(waiting.status, "running")
      assert.strictEqual(waiting.progress.waitingFor, "bash \"npm test\"")
      yield* host.answer(yield* sessionOf(task))
      yield* pass(29_000)
      assert.strictEqual(yield* end(task), "running")
      assert.strictEqual((yield* get(task)).progress.waitingFor, undefined)
      yield* pass(2_000)
      assert.strictEqual(yield* end(task), "time-limit")
      yield* atRest
    }))

  inWorld("counts no time of one permission after the other (B17)", {
    settings: { taskTtlMs: 60_000 },
    scripts: {
      asks: [
        wait(25_000),
        { do: "ask", what: "bash" },
        wait(5_000),
        { do: "ask", what: "edit" },
        wait(25_000),
        say("done")
      ]
    }
  }, ({ atRest, end, host, launch, sessionOf }) =>
    Effect.gen(function*() {
      const task = yield* launch("asks")
      yield* pass(minutes(20))
      yield* host.answer(yield* sessionOf(task))
      yield* pass(minutes(20))
      yield* host.answer(yield* sessionOf(task))
      yield* pass(25_000)
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  inWorld("counts a retry of the provider (B10, F9)", {
    settings: { taskTtlMs: 60_000 },
    scripts: { retries: [{ do: "retry", ms: minutes(60), message: "429" }] }
  }, ({ atRest, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("retries")
      yield* pass(60_000)
      assert.strictEqual(yield* end(task), "time-limit")
      yield* atRest
    }))

  inWorld("is off at 0 (B17)", {
    settings: { taskTtlMs: 0 },
    scripts: { long: [{ do: "stream", ms: minutes(180), every: 60_000 }, say("done")] }
  }, ({ atRest, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("long")
      yield* pass(minutes(180))
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))
})

describe("a task that is over", () => {
  inWorld(
    "is changed by nothing that comes later (B19)",
    {},
    ({ get, host, launch, sessionOf, tasks, told, atRest }) =>
      Effect.gen(function*() {
        const task = yield* launch("x")
        yield* pass(2_000)
        const ended = yield* get(task)
        const session = yield* sessionOf(task)
        yield* host.behave(({ text }) =>
          text === "again" ? [wait(100), say("another answer")] : [{ do: "fail", message: "too late" }]
        )
        yield* host.say(session, "again")
        yield* pass(5_000)
        yield* host.say(session, "fail")
        yield* pass(50)
        yield* host.say(session, "x")
        yield* host.interrupt(session)
        yield* pass(5_000)
        const { cancelled } = yield* Effect.orDie(tasks.cancel(task.id))
        assert.isFalse(cancelled)
        yield* host.remove(session)
        yield* pass(5_000)
        assert.deepStrictEqual(yield* get(task), ended)
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        yield* atRest
      })
  )
})

describe("a host that cannot say what its sessions do", () => {
  const capabilities = { activity: false }

  inWorld(
    "is believed when it tells that a session is idle (B4)",
    { capabilities },
    ({ atRest, callsOf, get, launch }) =>
      Effect.gen(function*() {
        const task = yield* launch("x")
        yield* pass(1_000)
        assert.strictEqual(answerOf(yield* get(task)), "done: x")
        assert.deepStrictEqual(yield* callsOf("activity"), [])
        yield* atRest
      })
  )

  inWorld("and whose events are lost: an end is an end when it stays one for three polls, not before 10 s (B3, B4)", {
    capabilities,
    scripts: {
      early: [wait(1_000), say("done")],
      late: [{ do: "stream", ms: 20_500, every: 1_000 }, say("done")],
      empty: [wait(1_000)],
      hangs: [wait(1_000), hang]
    }
  }, ({ atRest, get, host, launch }) =>
    Effect.gen(function*() {
      yield* host.feed(() => [])
      const early = yield* launch("early")
      const late = yield* launch("late")
      yield* pass(60_000)
      assert.strictEqual(answerOf(yield* get(early)), "done")
      assert.strictEqual((yield* get(early)).endedAt, 10_000)
      assert.strictEqual(answerOf(yield* get(late)), "done")
      // Seen new at 22 s, and the same three times after that.
      assert.strictEqual((yield* get(late)).endedAt, 28_000)
      yield* atRest
    }))
})

describe("a host that keeps no transcript", () => {
  const capabilities = { activity: false, transcript: false, todos: false, receipts: false, continues: false }
  const ended = (result: Extract<HostEvent, { readonly _tag: "Ended" }>["result"]): Step => ({
    do: "tell",
    event: (session) => ({ _tag: "Ended", session, result })
  })

  inWorld("tells by its last word how a session ended", {
    capabilities,
    scripts: {
      good: [wait(5_000), ended({ _tag: "Done", answer: "it is in auth.ts" })],
      bad: [wait(5_000), ended({ _tag: "Failed", message: "exit code 1" })],
      empty: [ended({ _tag: "Done", answer: "" })]
    }
  }, ({ atRest, callsOf, get, launch, told }) =>
    Effect.gen(function*() {
      const good = yield* launch("good")
      const bad = yield* launch("bad")
      const empty = yield* launch("empty")
      yield* pass(5_000)
      assert.deepStrictEqual((yield* get(good)).outcome, { _tag: "Completed", answer: "it is in auth.ts" })
      assert.deepStrictEqual((yield* get(bad)).outcome, {
        _tag: "Failed",
        reason: "agent-error",
        message: "exit code 1"
      })
      assert.deepStrictEqual((yield* get(empty)).outcome, { _tag: "Completed", answer: "" })
      yield* pass(0)
      assert.strictEqual((yield* told()).at(-1), "final: completed, agent-error, completed")
      for (const operation of ["activity", "transcript", "todos", "received"] as const) {
        assert.deepStrictEqual(yield* callsOf(operation), [])
      }
      yield* atRest
    }))

  inWorld("is at work as long as it shows that it writes, or that a tool runs", {
    capabilities,
    scripts: {
      lively: [
        { do: "stream", ms: minutes(10), every: 60_000 },
        { do: "tool", name: "bash", ms: minutes(10) },
        ended({ _tag: "Done", answer: "done" })
      ]
    }
  }, ({ atRest, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("lively")
      yield* pass(minutes(20))
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  inWorld("and that says nothing more is ended by the limits", {
    capabilities,
    scripts: { hangs: [wait(1_000), hang] }
  }, ({ atRest, end, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("hangs")
      yield* pass(minutes(2))
      assert.strictEqual(yield* end(task), "running")
      yield* pass(minutes(2))
      assert.strictEqual(yield* end(task), "quiet-limit")
      yield* atRest
    }))
})

describe("a task that waits for its own", () => {
  inWorld("is not ended by an idle session while what it launched is out (B13)", {}, (world) =>
    Effect.gen(function*() {
      yield* world.host.behave((told) =>
        told.text === "outer"
          ? [call("delegate", world.launch("inner", { parent: told.session })), say("I wait")]
          : told.text === "inner"
          ? [wait(minutes(2)), say("inner done")]
          : [wait(1_000), say("all done")]
      )
      const outer = yield* world.launch("outer")
      yield* soon
      yield* pass(minutes(2))
      assert.strictEqual(yield* world.end(outer), "running")
      yield* pass(1_000)
      assert.strictEqual(answerOf(yield* world.get(outer)), "all done")
      yield* world.atRest
    }))
})
