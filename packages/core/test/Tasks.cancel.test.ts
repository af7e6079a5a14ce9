import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Exit, Fiber, Layer, PubSub, Scheduler, Scope, Stream } from "effect"
import { AgentHost, type HostEvent } from "../src/AgentHost.ts"
import type * as Task from "../src/Task.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost, type Step } from "../src/testing/SimulatedHost.ts"
import {
  call,
  Census,
  counted,
  endOf,
  failing,
  failingOnce,
  hang,
  inWorld,
  type Options,
  pass,
  say,
  soon,
  wait,
  type World,
  worldIn
} from "./support/world.ts"

const one: Options["settings"] = { defaultConcurrency: 1 }

/** `outer` sends `inner` out and waits for its news, which comes after a second; whatever else they are told, they hang. */
const sendsOne =
  (launch: World["launch"]) =>
  ({ session, text }: { readonly session: Task.SessionId; readonly text: string }): ReadonlyArray<Step> => {
    if (text === "outer") return [call("delegate", launch("inner", { parent: session })), say("I wait")]
    return text === "inner" ? [wait(1_000), say("done")] : [hang]
  }

/** Cancels at this moment, and says how that went when the host has had its time. */
const cancelNow = ({ get, launch, tasks }: World, task: Effect.Success<ReturnType<typeof launch>>) =>
  Effect.gen(function*() {
    const now = (yield* get(task)).status
    const cancelling = yield* Effect.forkChild(Effect.orDie(tasks.cancel(task.id)))
    yield* soon
    const ended = yield* get(task)
    assert.strictEqual(ended.status, "cancelled", "terminal at once")
    assert.strictEqual(endOf(ended), "requested")
    return { before: now, ended, cancelling }
  })

describe("cancelling a queued task", () => {
  for (const [name, which] of [["head", 1], ["middle", 2], ["tail", 4]] as const) {
    inWorld(
      `at the ${name} of the line touches no other (A5, A9, C12)`,
      { settings: one },
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, get, launch, tasks, told } = world
          const all = yield* Effect.forEach(Array.range(0, 4), (i) => launch(`${i}`))
          yield* pass(500)
          const victim = yield* get(all[which] ?? { id: "" })
          const { before, cancelling, ended } = yield* cancelNow(world, victim)
          assert.strictEqual(before, "pending")
          assert.deepStrictEqual(yield* Fiber.join(cancelling), {
            task: ended,
            before: "pending",
            cancelled: true,
            abort: "none"
          })
          yield* pass(5_000)
          assert.deepStrictEqual(
            (yield* tasks.list).filter(({ id }) => id !== victim.id).map((task) => [task.startedAt, endOf(task)]),
            [0, 1_000, 2_000, 3_000].map((at) => [at, "completed"])
          )
          assert.strictEqual((yield* callsOf("open")).length, 4)
          assert.deepStrictEqual(yield* callsOf("abort"), [])
          assert.strictEqual((yield* told()).filter((text) => text.startsWith("final")).length, 1)
          yield* atRest
        })
    )
  }
})

/** Every point at which a task can be called off once it has its slots. */
interface Stage {
  readonly options?: Options
  /** What goes wrong, or takes long. */
  readonly faults?: Parameters<World["host"]["faults"]>[0]
  /** How long the host takes to begin with what it has taken (ms). */
  readonly lag?: number
  readonly steps: ReadonlyArray<Step>
  readonly at: number
  readonly abort: "none" | "confirmed" | "unconfirmed"
}

const stages: Record<string, Stage> = {
  "while the host makes its session": {
    faults: failing({ open: { slow: 1_000 } }),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "after the host made its session and before it said so": {
    faults: failingOnce("open", "hang-after"),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "while the host does not answer its open at all": {
    faults: failingOnce("open", "hang"),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "before the host took its prompt": {
    faults: failing({ prompt: { slow: 1_000 } }),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "before the host took its prompt, which it takes while its answer to the abort is on its way": {
    faults: failing({ prompt: { slow: 1_000 }, abort: { late: 2_000 } }),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "after the host took its prompt and before it said so": {
    faults: failingOnce("prompt", "hang-after"),
    steps: [hang],
    at: 500,
    abort: "unconfirmed"
  },
  "after the host took its prompt and before it began": { steps: [hang], lag: 50, at: 20, abort: "confirmed" },
  "long before the host begins": { steps: [hang], lag: 3_000, at: 20, abort: "confirmed" },
  "while it runs": { steps: [{ do: "stream", ms: 60_000, every: 100 }], at: 5_000, abort: "confirmed" },
  "while a tool runs": { steps: [{ do: "tool", name: "bash", ms: 60_000 }], at: 5_000, abort: "confirmed" },
  "while the provider is tried again": {
    steps: [{ do: "retry", ms: 60_000, message: "429" }],
    at: 5_000,
    abort: "confirmed"
  },
  "while it waits for a permission": { steps: [{ do: "ask", what: "bash" }, say("x")], at: 5_000, abort: "confirmed" }
}

describe("cancelling a task", () => {
  for (const [name, stage] of Object.entries(stages)) {
    inWorld(`${name}: cancelled at once, aborted, never prompted again, the slot free (A1, A8, C12)`, {
      settings: one,
      scripts: { victim: stage.steps },
      lag: stage.lag
    }, (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, get, host, launch, told } = world
        yield* host.faults(stage.faults ?? (() => "ok"))
        const victim = yield* launch("victim")
        const next = yield* launch("next")
        yield* pass(stage.at)
        const promptsBefore = (yield* callsOf("prompt")).length
        const { before, cancelling, ended } = yield* cancelNow(world, victim)
        assert.strictEqual(before, "running")
        assert.strictEqual(ended.endedAt, stage.at)
        assert.strictEqual((yield* get(next)).startedAt, stage.at, "the slot is free at once")
        yield* pass(10_000)
        const result = yield* Fiber.join(cancelling)
        assert.deepStrictEqual(result, { task: ended, before: "running", cancelled: true, abort: stage.abort })
        yield* pass(60_000)
        assert.strictEqual((yield* callsOf("prompt")).length, promptsBefore + 1, "only the next is prompted")
        assert.strictEqual(endOf(yield* get(next)), "completed")
        assert.deepStrictEqual(yield* get(victim), ended)
        assert.deepStrictEqual(yield* told(), ["final: requested, completed"])
        yield* atRest
      }))
  }

  inWorld(
    "at any moment of its launch leaves nothing of it (A1, A8, E2)",
    { behave: () => [hang] },
    ({ atRest, launch, parent, tasks }) =>
      Effect.gen(function*() {
        for (const [steps, turns] of Array.cartesian([3, 4, 5], Array.range(0, 40))) {
          const launching = yield* Effect.forkChild(
            Effect.provideService(launch("x"), Scheduler.MaxOpsBeforeYield, steps)
          )
          yield* Effect.repeat(Effect.yieldNow, { times: turns })
          const found = yield* tasks.cancelAll(parent)
          for (const { task } of found) assert.strictEqual(endOf(task), "requested")
          yield* Fiber.join(launching)
          yield* tasks.cancelAll(parent)
        }
        yield* atRest
      })
  )

  for (const after of [0, 20, 39, 41]) {
    inWorld(
      `${after} ms after its session was told of its own, with which the host begins after 40 ms, stops that (E5)`,
      { lag: 40 },
      ({ atRest, callsOf, end, host, launch, tasks }) =>
        Effect.gen(function*() {
          yield* host.behave(sendsOne(launch))
          const outer = yield* launch("outer")
          yield* Effect.repeat(pass(1), { until: () => Effect.map(callsOf("notify"), (calls) => calls.length > 0) })
          yield* pass(after)
          yield* tasks.cancel(outer.id)
          assert.strictEqual(yield* end(outer), "requested")
          yield* pass(60_000)
          assert.deepStrictEqual(yield* host.working, [])
          assert.strictEqual((yield* callsOf("abort")).length, after > 40 ? 1 : 3)
          yield* atRest
        })
    )
  }

  inWorld(
    "while its session is to be told of its own, and waits for its slot again, does not wake it (E5)",
    { settings: one, lag: 40 },
    ({ atRest, end, host, launch, status, tasks }) =>
      Effect.gen(function*() {
        yield* host.behave(sendsOne(launch))
        const outer = yield* launch("outer")
        yield* pass(500)
        const next = yield* launch("next")
        yield* pass("10 seconds")
        assert.strictEqual(yield* status(next), "running", "it has the slot")
        yield* tasks.cancel(outer.id)
        assert.strictEqual(yield* end(outer), "requested")
        yield* pass("1 minute")
        assert.strictEqual((yield* host.working).length, 1)
        yield* tasks.cancel(next.id)
        yield* atRest
      })
  )

  inWorld(
    "by a person tells its parent, who does not know (C12)",
    { scripts: { victim: [hang] } },
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, launch, tasks, told } = world
        const victim = yield* launch("victim")
        yield* pass(1_000)
        const { cancelled } = yield* tasks.cancel(victim.id, "by-person")
        assert.isTrue(cancelled)
        assert.strictEqual(endOf(yield* get(victim)), "by-person")
        yield* pass(10_000)
        assert.deepStrictEqual(yield* told(), ["final: by-person"])
        yield* atRest
      })
  )

  inWorld("alone tells its parent nothing (C12)", { scripts: { victim: [hang] } }, (world) =>
    Effect.gen(function*() {
      const { atRest, launch, tasks, parent, told } = world
      const victim = yield* launch("victim")
      yield* pass(100)
      yield* tasks.cancel(victim.id)
      assert.isFalse(yield* tasks.expecting(parent))
      yield* atRest
      assert.deepStrictEqual(yield* told(), [])
    }))

  for (const how of ["await", "idle"] as const) {
    inWorld(
      `while it lends its slot to its child (${how}) takes the child along (A1, E5)`,
      { settings: one },
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, end, get, host, launch, sessionOf, tasks, told } = world
          yield* host.behave(({ session, text }) =>
            text === "outer"
              ? [
                call(
                  "delegate",
                  Effect.flatMap(
                    launch("inner", { parent: session }),
                    (inner) => how === "await" ? tasks.await(inner.id, session) : Effect.void
                  )
                ),
                say("I wait")
              ]
              : text === "inner"
              ? [hang]
              : [wait(1_000), say("done")]
          )
          const outer = yield* launch("outer")
          yield* launch("next")
          yield* pass(5_000)
          const inner = (yield* tasks.list).find(({ request }) => request.prompt === "inner")
          assert.deepStrictEqual([inner?.status, yield* end(outer)], ["running", "running"])
          const { cancelling } = yield* cancelNow(world, outer)
          yield* pass(2_000)
          yield* Fiber.join(cancelling)
          assert.strictEqual(yield* end(inner ?? outer), "parent-ended")
          assert.deepStrictEqual(
            new Set((yield* callsOf("abort")).map(({ session }) => session)),
            new Set([yield* sessionOf(outer), yield* sessionOf(inner ?? outer)])
          )
          assert.strictEqual((yield* get({ id: outer.id })).status, "cancelled")
          assert.deepStrictEqual(yield* told(), ["final: requested, completed"])
          yield* atRest
        })
    )
  }
})

describe("a cancellation that the host does not confirm", () => {
  for (const fault of ["fail", "hang", "die"] as const) {
    inWorld(`(abort ${fault}) cancels all the same, says so, and goes on trying (E1)`, {
      settings: one,
      scripts: { victim: [{ do: "stream", ms: 600_000, every: 1_000 }] }
    }, (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch, sessionOf } = world
        const victim = yield* launch("victim")
        const next = yield* launch("next")
        yield* pass(500)
        yield* host.faults(failing({ abort: fault }))
        const { cancelling, ended } = yield* cancelNow(world, victim)
        assert.strictEqual((yield* get(next)).startedAt, 500)
        if (fault === "hang") {
          yield* pass(4_999)
          assert.strictEqual(cancelling.pollUnsafe(), undefined)
          yield* pass(1)
        }
        yield* soon
        assert.deepStrictEqual(yield* Fiber.join(cancelling), {
          task: ended,
          before: "running",
          cancelled: true,
          abort: "unconfirmed"
        })
        assert.include(yield* host.working, yield* sessionOf(victim))
        yield* pass(10_000)
        yield* host.faults(() => "ok")
        yield* pass(30_000)
        assert.deepStrictEqual(yield* host.working, [])
        yield* atRest
      }))
  }
})

describe("cancelling twice", () => {
  inWorld("is one cancellation (E2)", { scripts: { victim: [hang] } }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, launch, tasks, told } = world
      const victim = yield* launch("victim")
      yield* pass(100)
      const results = yield* Effect.all(Array.replicate(tasks.cancel(victim.id), 3), { concurrency: "unbounded" })
      const later = yield* tasks.cancel(victim.id)
      assert.deepStrictEqual(results.map(({ cancelled }) => cancelled), [true, false, false])
      assert.deepStrictEqual(later, { ...later, before: "cancelled", cancelled: false, abort: "none" })
      assert.strictEqual((yield* callsOf("abort")).length, 1)
      yield* atRest
      assert.deepStrictEqual(yield* told(), [])
    }))

  for (const steps of [3, 4, 5, 7, 11]) {
    inWorld(
      `in the same instant is one cancellation whoever comes first, giving way every ${steps} steps (E2)`,
      { scripts: { victim: [hang] } },
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, launch, tasks } = world
          const victim = yield* launch("victim")
          yield* pass(100)
          const cancelling = yield* Effect.forEach(Array.range(1, 5), () => Effect.forkChild(tasks.cancel(victim.id)))
            .pipe(
              Effect.provideService(Scheduler.MaxOpsBeforeYield, steps)
            )
          yield* pass(100)
          const results = yield* Effect.forEach(cancelling, Fiber.join)
          assert.strictEqual(results.filter(({ cancelled }) => cancelled).length, 1)
          assert.deepStrictEqual(results.map(({ task }) => endOf(task)), Array.replicate("requested", 5))
          assert.strictEqual((yield* callsOf("abort")).length, 1)
          yield* atRest
        })
    )
  }

  for (const first of ["the cancellation", "the answer"] as const) {
    inWorld(
      `in the same instant as it ends has one winner, ${first} being due first (E2)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, get, launch, tasks, told } = world
          const ends: Array<string> = []
          const listening = yield* Effect.forkChild(Stream.runForEach(
            tasks.changes,
            ({ event }) => Effect.sync(() => event._tag === "Ended" ? ends.push(event.outcome._tag) : 0)
          ))
          const cancelAfterASecond = (id: string) => Effect.forkChild(Effect.delay(tasks.cancel(id), 1_000))
          yield* world.host.behave(() => [wait(1_000), say("done")])
          yield* world.limits.pause
          const task = yield* launch("x")
          if (first === "the answer") yield* world.limits.resume
          yield* soon
          const cancelling = yield* cancelAfterASecond(task.id)
          yield* soon
          if (first === "the cancellation") yield* world.limits.resume
          yield* pass(1_000)
          const { cancelled } = yield* Fiber.join(cancelling)
          const ended = yield* get(task)
          assert.strictEqual(cancelled, ended.status === "cancelled")
          assert.strictEqual(ended.status, first === "the answer" ? "completed" : "cancelled")
          yield* Fiber.interrupt(listening)
          yield* atRest
          assert.deepStrictEqual(ends, [ended.outcome?._tag ?? ""])
          assert.deepStrictEqual(yield* told(), ended.status === "completed" ? ["final: completed"] : [])
        })
    )
  }
})

describe("cancelling all", () => {
  inWorld("hits the descendants of a session, at every depth, waiting or running, and nothing else (E3)", {
    settings: { defaultConcurrency: 4 },
    behave: () => [hang]
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch, parent, sessionOf, tasks } = world
      const other = yield* host.root("ses_other")
      const a = yield* launch("a")
      const b = yield* launch("b", { parent: other })
      yield* pass(0)
      const ab = yield* launch("a/b", { parent: yield* sessionOf(a), background: false })
      yield* pass(0)
      const abc = yield* launch("a/b/c", { parent: yield* sessionOf(ab) })
      yield* pass(0)
      const waiting = yield* launch("waits")
      const below = yield* launch("a/waits", { parent: yield* sessionOf(a) })
      const bWaits = yield* launch("b/waits", { parent: other })
      const all = [a, b, ab, abc, waiting, below, bWaits]
      const states = Effect.forEach(all, end)
      assert.deepStrictEqual(yield* states, [
        "running",
        "running",
        "running",
        "running",
        "pending",
        "pending",
        "pending"
      ])
      const inner = yield* tasks.cancelAll(yield* sessionOf(a))
      assert.deepStrictEqual(new Set(inner.map(({ task }) => task.id)), new Set([ab.id, abc.id, below.id]))
      assert.strictEqual(yield* end(a), "running")
      const rest = yield* tasks.cancelAll(parent)
      assert.deepStrictEqual(new Set(rest.map(({ task }) => task.id)), new Set([a.id, waiting.id]))
      const why = new Map([...inner, ...rest].map(({ task }) => [task.id, endOf(task)]))
      assert.deepStrictEqual([ab, abc, below, a, waiting].map(({ id }) => why.get(id)), [
        "requested",
        "from-above",
        "requested",
        "requested",
        "requested"
      ])
      assert.deepStrictEqual(rest.map(({ before }) => before).toSorted(), ["pending", "running"])
      yield* soon
      assert.deepStrictEqual([yield* end(b), yield* end(bWaits)], ["running", "running"])
      assert.deepStrictEqual(yield* tasks.cancelAll(parent), [])
      yield* tasks.cancelAll(other)
      yield* atRest
    }))
})

describe("cancelling all, where others below have sent tasks out", () => {
  inWorld("tells a session that goes on by itself what became of its own: it does not know (C3 C12)", {
    scripts: { hangs: [hang] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, launch, parent, sessionOf, tasks, told } = world
      const outer = yield* launch("outer")
      yield* pass(5_000)
      // A person goes on in there.
      const session = yield* sessionOf(outer)
      const inner = yield* launch("hangs", { parent: session })
      yield* launch("hangs")
      yield* pass(1_000)
      yield* tasks.cancelAll(parent)
      yield* pass(1_000)
      assert.deepStrictEqual([yield* end(outer), yield* end(inner)], ["completed", "from-above"])
      assert.deepStrictEqual(yield* told(session), ["final: from-above"])
      assert.deepStrictEqual(yield* told(), ["final: completed"])
      yield* atRest
    }))

  for (const outer of ["works", "waits"] as const) {
    inWorld(
      `tells nothing to those that it ends as well: one ${outer} (C3 C12)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, end, host, launch, parent, sessionOf, tasks } = world
          yield* host.behave((said) =>
            said.text === "inner" || outer === "works" ? [hang] : [wait(500), say("I wait for it")]
          )
          const task = yield* launch("outer")
          yield* pass(100)
          const inner = yield* launch("inner", { parent: yield* sessionOf(task) })
          yield* pass(1_000)
          yield* tasks.cancelAll(parent)
          yield* pass(1_000)
          assert.deepStrictEqual([yield* end(task), yield* end(inner)], ["requested", "from-above"])
          assert.deepStrictEqual(yield* callsOf("notify"), [])
          yield* atRest
        })
    )
  }
})

describe("deleting a session in the host", () => {
  inWorld("cancels and aborts everything below it, and nothing more is owed to it (E4, C16)", {
    settings: { defaultConcurrency: 3 },
    behave: () => [hang]
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, end, host, launch, parent, sessionOf, tasks } = world
      const other = yield* host.root("ses_other")
      const a = yield* launch("a")
      yield* pass(0)
      const ab = yield* launch("a/b", { parent: yield* sessionOf(a) })
      const b = yield* launch("b", { parent: other })
      const waiting = yield* launch("waits")
      yield* pass(1_000)
      yield* host.remove(parent)
      yield* pass(100)
      assert.deepStrictEqual(
        yield* Effect.forEach([a, ab, waiting, b], end),
        ["deleted", "deleted", "deleted", "running"]
      )
      assert.deepStrictEqual(yield* host.working, [yield* sessionOf(b)])
      assert.isFalse(yield* tasks.expecting(parent))
      yield* tasks.cancel(b.id)
      yield* atRest
      assert.deepStrictEqual(yield* callsOf("notify"), [])
    }))

  for (const steps of [3, 4, 5, 7, 11]) {
    inWorld(`wakes none of those that are ended by it, giving way every ${steps} steps (E4, C16)`, {
      settings: { defaultConcurrency: 9 }
    }, (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, host, launch, parent, sessionOf, tasks } = world
        yield* host.behave(({ text }) => text === "waits" ? [wait(500), say("I wait")] : [hang])
        const a = yield* launch("waits")
        yield* soon
        const b = yield* launch("waits", { parent: yield* sessionOf(a) })
        yield* soon
        const inner = yield* sessionOf(b)
        yield* Effect.forEach(Array.range(1, 3), () => launch("hangs", { parent: inner }))
        yield* launch("hangs", { parent: yield* sessionOf(a) })
        yield* pass(1_000)
        yield* host.remove(parent)
        yield* pass(100)
        assert.deepStrictEqual(new Set((yield* tasks.list).map(endOf)), new Set(["deleted"]))
        assert.deepStrictEqual(yield* callsOf("notify"), [])
        yield* atRest
      }).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, steps)))
  }

  inWorld("of a task ends the task and what is below it, and its parent is told (C3, E4)", {
    settings: { defaultConcurrency: 3 },
    behave: ({ session }) => session === "ses_root" ? [say("ok")] : [hang]
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch, sessionOf, told } = world
      const a = yield* launch("a")
      yield* pass(0)
      const ab = yield* launch("a/b", { parent: yield* sessionOf(a) })
      yield* pass(1_000)
      yield* host.remove(yield* sessionOf(a))
      yield* pass(100)
      assert.deepStrictEqual(yield* Effect.forEach([a, ab], end), ["deleted", "deleted"])
      assert.deepStrictEqual(yield* told(), ["final: deleted"])
      yield* atRest
    }))

  inWorld("of a task ends the task although nobody was told of it, as soon as it is looked at (B10, E4)", {
    settings: { minStabilityTimeMs: 0 },
    behave: () => [wait(5_000), say("never read")]
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch, sessionOf } = world
      const a = yield* launch("a")
      yield* pass(1_000)
      yield* host.feed(({ _tag }) => _tag === "Deleted" ? [] : [0])
      yield* host.remove(yield* sessionOf(a))
      yield* pass(10_000)
      assert.strictEqual(yield* end(a), "deleted")
      yield* host.feed(() => [0])
      yield* atRest
    }))

  inWorld(
    "that is owed news stops the news, even while the host does not take it (C16)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, host, launch, parent, tasks } = world
        yield* host.faults(failing({ notify: "fail" }))
        yield* launch("a")
        yield* pass(5_000)
        assert.isAbove((yield* callsOf("notify")).length, 1)
        assert.isTrue(yield* tasks.expecting(parent))
        const settled = yield* Effect.forkChild(tasks.settled(parent))
        yield* soon
        assert.strictEqual(settled.pollUnsafe(), undefined)
        yield* host.remove(parent)
        yield* pass(0)
        assert.isFalse(yield* tasks.expecting(parent))
        yield* Fiber.join(settled)
        yield* atRest
      })
  )

  it.effect("is heard of from the first moment on (E4)", () =>
    Effect.gen(function*() {
      const feed = yield* PubSub.unbounded<HostEvent>()
      const host = Layer.effect(
        AgentHost,
        Effect.map(AgentHost, (host) => ({ ...host, events: Stream.fromPubSub(feed) }))
      )
      yield* Effect.gen(function*() {
        const tasks = yield* Tasks
        const parent = yield* (yield* SimulatedHost).root("ses_root")
        const { id } = yield* tasks.launch({ description: "x", prompt: "x", agent: "explore", parent })
        yield* PubSub.publish(feed, { _tag: "Deleted", session: parent })
        yield* soon
        assert.strictEqual(endOf(yield* tasks.get(id)), "deleted")
      }).pipe(Effect.provide(
        Tasks.layer.pipe(
          Layer.provideMerge(host),
          Layer.provideMerge(SimulatedHost.layer({ behave: () => [hang] }))
        )
      ))
    }))
})

describe("the end of the service", () => {
  /** Five tasks at work, one in line, one that is being opened, one that lends its slot. */
  const busy = (options: Options) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const world = yield* worldIn(scope, { settings: { defaultConcurrency: 7 }, latency: 10, ...options })
      const { host, launch } = world
      yield* host.behave(({ session, text }) =>
        text === "lends" ? [call("delegate", launch("inner", { parent: session })), say("I wait")] : [hang]
      )
      yield* Effect.forkChild(Effect.forEach(["1", "2", "3", "4", "5", "lends"], (name) => launch(name)))
      yield* pass(1_000)
      yield* host.faults(failing({ open: "hang" }))
      const opening = yield* Effect.forkChild(launch("opening"))
      yield* pass(0)
      const waiting = yield* Effect.forkChild(launch("waiting"))
      yield* pass(100)
      const all = yield* world.tasks.list
      assert.deepStrictEqual(all.map(({ status }) => status), [...Array.replicate("running" as const, 8), "pending"])
      assert.isUndefined((yield* Fiber.join(opening)).session)
      return { scope, world, all, waiting: yield* Fiber.join(waiting) }
    })

  const closed = (scope: Scope.Closeable) => Effect.forkChild(Scope.close(scope, Exit.void))

  it.effect("aborts all running sessions in parallel and leaves nothing behind; a second time is nothing (E8)", () =>
    counted(Effect.gen(function*() {
      const living = yield* Census
      const before = yield* living
      const { all, scope, world } = yield* busy({})
      const { callsOf, host, tasks, told } = world
      yield* host.faults(() => "ok")
      const ended = yield* Effect.forEach(all, ({ id }) => Effect.forkChild(Effect.orDie(tasks.await(id))))
      yield* soon
      const closing = yield* closed(scope)
      // The call that hangs has its time, and no more.
      yield* pass(5_000)
      yield* Fiber.join(closing)
      const aborts = yield* callsOf("abort")
      assert.deepStrictEqual(aborts.map(({ at }) => at), Array.replicate(1_100, 7))
      assert.strictEqual(new Set(aborts.map(({ session }) => session)).size, 7)
      assert.deepStrictEqual(yield* host.working, [])
      const outcomes = yield* Effect.forEach(ended, Fiber.join)
      assert.deepStrictEqual(outcomes.map(endOf), Array.replicate("shutdown", 9))
      assert.deepStrictEqual(yield* told(), [])
      assert.deepStrictEqual(yield* living, before)
      yield* Scope.close(scope, Exit.void)
      yield* pass("1 hour")
      assert.strictEqual((yield* callsOf("abort")).length, 7)
    })))

  it.effect("takes a bounded time although the host confirms nothing, and lets everybody go who waits (E8)", () =>
    counted(Effect.gen(function*() {
      const living = yield* Census
      const before = yield* living
      const { scope, world } = yield* busy({})
      yield* world.host.faults(failing({ abort: "hang", notify: "hang", open: "hang" }))
      const settled = yield* Effect.forkChild(world.tasks.settled(world.parent))
      const closing = yield* closed(scope)
      yield* pass(4_999)
      assert.strictEqual(closing.pollUnsafe(), undefined)
      yield* pass(1)
      assert.isDefined(closing.pollUnsafe())
      assert.strictEqual((yield* world.callsOf("abort")).filter(({ at }) => at === 1_100).length, 7)
      yield* Fiber.join(settled)
      assert.deepStrictEqual(yield* living, before)
    })))

  it.effect("ends at once what is launched afterwards: nobody waits for it, and it is not begun (E8, A9)", () =>
    counted(Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { callsOf, launch, parent, tasks } = yield* worldIn(scope)
      yield* launch("before")
      yield* pass("1 minute")
      yield* Scope.close(scope, Exit.void)
      const late = yield* launch("late")
      assert.strictEqual(endOf(late), "shutdown")
      assert.strictEqual(endOf(yield* tasks.await(late.id)), "shutdown")
      yield* tasks.settled(parent)
      assert.strictEqual((yield* callsOf("open")).length, 1)
    })))

  it.effect("with nothing out is immediate", () =>
    counted(Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { host, launch } = yield* worldIn(scope)
      yield* launch("x")
      yield* pass("1 minute")
      const before = (yield* host.calls).length
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* host.calls).length, before)
    })))
})
