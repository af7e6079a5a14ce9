import { assert, describe, it } from "@effect/vitest"
import {
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  MutableRef,
  Option,
  Ref,
  Scheduler,
  Schema,
  type Scope,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import { AgentHost, HostError } from "../src/AgentHost.ts"
import { Journal } from "../src/Journal.ts"
import { Limits } from "../src/Limits.ts"
import type { Notice } from "../src/Notice.ts"
import { type Delivered, Notices } from "../src/Notices.ts"
import * as Settings from "../src/Settings.ts"
import type * as Task from "../src/Task.ts"
import { type Call, type Fault, type Options, SimulatedHost } from "../src/testing/SimulatedHost.ts"
import {
  below,
  calledOff,
  completed,
  ended,
  expired,
  failed,
  outcomes,
  patient,
  request,
  sequence,
  sessionId,
  taskId,
  thorough
} from "./support/arbitraries.ts"

type Services = Notices | Journal | Limits | SimulatedHost | AgentHost

/** As `Watch` does it. */
const hearing = Layer.effectDiscard(Effect.gen(function*() {
  const notices = yield* Notices
  yield* Stream.runForEach(
    (yield* AgentHost).events,
    (event) => event._tag === "Received" ? notices.received(event.notice) : Effect.void
  ).pipe(Effect.forkScoped({ startImmediately: true }))
}))

const layer = (
  options?: Options,
  settings: Partial<Settings.Settings> = {},
  journal: Layer.Layer<Journal> = Journal.layer
): Layer.Layer<Services> =>
  hearing.pipe(
    Layer.provideMerge(Notices.layer),
    Layer.provideMerge(Layer.mergeAll(journal, Limits.layer, SimulatedHost.layer(options))),
    Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, ...settings }))
  )

/** A journal in a file on a busy disk: an event has to wait for its turn, and then until it is kept. */
const slowJournal: Layer.Layer<Journal> = Layer.effect(
  Journal,
  Effect.map(Journal, (journal) =>
    Journal.of({
      ...journal,
      note: (parent, decide) =>
        Effect.delay(journal.note(parent, decide), "1 second").pipe(Effect.tap(() => Effect.sleep("1 second")))
    }))
).pipe(Layer.provide(Journal.layer))

/** A journal that counts how often it is asked what somebody is owed. */
const countedJournal = (looks: MutableRef.MutableRef<number>): Layer.Layer<Journal> =>
  Layer.effect(
    Journal,
    Effect.map(Journal, (journal) =>
      Journal.of({
        ...journal,
        boxUnsafe: (parent) => {
          MutableRef.increment(looks)
          return journal.boxUnsafe(parent)
        }
      }))
  ).pipe(Layer.provide(Journal.layer))

const soon = Effect.repeat(Effect.yieldNow, { times: 30 })

const pass = (duration: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.andThen(soon, Effect.andThen(TestClock.adjust(duration), soon))

/** The outbox, with a journal to which everything happens first. */
const withNews = Effect.gen(function*() {
  const notices = yield* Notices
  const journal = yield* Journal
  return {
    ...notices,
    launched: (parent: Task.SessionId, id: Task.TaskId, run: number) =>
      Effect.andThen(
        journal.append({ _tag: run === 1 ? "Queued" : "Continued", id, run, at: 0, request: request(parent) }),
        notices.launched(parent)
      ),
    ended: Effect.fnUntraced(function*(task: Task.Task) {
      const { id, outcome, progress, run, session } = task
      assert.isDefined(outcome)
      assert.isDefined(session)
      if (outcome === undefined || session === undefined) return
      yield* journal.append({ _tag: "Started", id, run, at: 0 })
      yield* journal.append({ _tag: "Opened", id, run, at: 0, session })
      yield* journal.append({ _tag: "Ended", id, run, at: 1, outcome, progress })
      yield* notices.ended(task)
    })
  }
})

const world = Effect.gen(function*() {
  const notices = yield* withNews
  const host = yield* SimulatedHost
  const parent = yield* host.root("root")
  const other = yield* host.root("other")

  const launch = (...tasks: ReadonlyArray<number>) =>
    Effect.forEach(tasks, (n) => notices.launched(parent, taskId(n), 1), { discard: true })
  const end = (n: number, outcome: Task.Outcome = completed) =>
    Effect.andThen(notices.ended(ended(n, parent, outcome)), soon)

  /** What reached a session, as `kind: tasks (remaining)`, in order. */
  const told = (session: Task.SessionId = parent) => Effect.map(host.notices(session), (all) => all.map(summary))

  const calls = (operation: Call["operation"]) =>
    Effect.map(host.calls, (all) => all.filter((call) => call.operation === operation).length)

  return { notices, host, parent, other, launch, end, told, calls }
})
type World = Effect.Success<typeof world>

/** A process that is gone was about to tell a parent of a task, and nobody knows whether it did. */
const leftOnItsWay = Effect.fnUntraced(function*(parent: Task.SessionId) {
  const journal = yield* Journal
  const task = ended(1, parent)
  yield* journal.append({ _tag: "Queued", id: task.id, run: 1, at: 0, request: task.request })
  yield* journal.append({ _tag: "Ended", id: task.id, run: 1, at: 1, outcome: completed, progress: { toolCalls: 0 } })
  return yield* journal.note(parent, () =>
    Option.some({
      _tag: "Sending",
      parent,
      at: 2,
      notice: "nt_before",
      kind: "final",
      tasks: [{ id: task.id, run: 1 }],
      remaining: 0
    }))
})

const numberOf = ({ id }: Task.Task): number => Number.parseInt(id.slice(3), 16)

const summary = ({ kind, remaining, tasks }: Notice): string =>
  `${kind}: ${
    tasks.map((task) => `${numberOf(task)}${task.status === "completed" ? "" : ` ${task.status}`}`).join(", ")
  }` +
  (remaining === 0 ? "" : ` (${remaining} more)`)

const inWorld = <A, E>(
  name: string,
  story: (world: World) => Effect.Effect<A, E, Services | Scope.Scope>,
  options?: Options,
  settings?: Partial<Settings.Settings>,
  journal?: Layer.Layer<Journal>
) => it.effect(name, () => Effect.flatMap(world, story).pipe(Effect.provide(layer(options, settings, journal))))

/** The nth call of an operation goes the nth of these ways; all after that are well. */
const inTurn = (faults: Partial<Record<Call["operation"], ReadonlyArray<Fault>>>) => {
  const made = new Map<string, number>()
  return ({ operation }: Call): Fault => {
    const nth = made.get(operation) ?? 0
    made.set(operation, nth + 1)
    return faults[operation]?.[nth] ?? "ok"
  }
}

describe("a parent", () => {
  inWorld("C3 C4 hears of its one task once, and is woken", ({ end, host, launch, parent }) =>
    Effect.gen(function*() {
      yield* launch(1)
      yield* end(1)
      const [notice, ...more] = yield* host.notices(parent)
      assert.deepStrictEqual(notice?.tasks, [ended(1, parent)])
      assert.deepStrictEqual([notice?.kind, notice?.wakes, notice?.remaining], ["final", true, 0])
      assert.deepStrictEqual(more, [])
      yield* pass("1 hour")
      assert.strictEqual((yield* host.notices(parent)).length, 1)
    }))

  inWorld(
    "C13 hears quietly of those that end while others are out, and of all at the end",
    ({ end, launch, ...world }) =>
      Effect.gen(function*() {
        yield* launch(1, 2, 3)
        yield* end(2)
        yield* end(1, failed)
        assert.deepStrictEqual(yield* world.told(), ["progress: 2 (2 more)", "progress: 1 error (1 more)"])
        assert.isTrue((yield* world.host.notices(world.parent)).every(({ wakes }) => !wakes))
        yield* end(3, expired)
        const last = (yield* world.host.notices(world.parent)).at(-1)
        assert.strictEqual(last === undefined ? "" : summary(last), "final: 1 error, 2, 3 cancelled")
        assert.strictEqual(last?.wakes, true)
        // Its true ends, with the reasons, in the order of launch.
        assert.deepStrictEqual(last?.tasks.map(({ outcome }) => outcome), [failed, completed, expired])
      })
  )

  inWorld(
    "C9 hears once of two that end in the same instant",
    ({ launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        yield* Effect.all([notices.ended(ended(1, parent)), notices.ended(ended(2, parent))], { concurrency: 2 })
        yield* pass("1 minute")
        const all = yield* told()
        assert.strictEqual(all.at(-1), "final: 1, 2")
        assert.strictEqual(all.filter((notice) => notice.startsWith("final")).length, 1)
      })
  )

  inWorld(
    "C9 hears once of two that end while a notice is on its way",
    ({ end, launch, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2, 3)
        yield* end(1)
        yield* end(2)
        yield* end(3)
        assert.deepStrictEqual(yield* told(), [])
        yield* pass("1 second")
        // The one that was on its way, and then everything at once.
        yield* pass("1 second")
        assert.deepStrictEqual(yield* told(), ["progress: 1 (2 more)", "final: 1, 2, 3"])
      }),
    { latency: 1_000 }
  )

  inWorld(
    "C12 hears nothing of what it called off as a whole",
    ({ end, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        yield* end(1, calledOff)
        yield* end(2, calledOff)
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* told(), [])
        assert.isFalse(yield* notices.expecting(parent))
      })
  )

  inWorld(
    "C3 C12 hears the last word when it called off the last of a batch",
    ({ end, launch, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        yield* end(1)
        yield* end(2, calledOff)
        assert.deepStrictEqual(yield* told(), ["progress: 1 (1 more)", "final: 1, 2 cancelled"])
      })
  )

  inWorld(
    "C4 C12 hears nothing of a batch that it called off because it was told of the one before it",
    ({ end, host, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* host.faults(() => "fail")
        yield* launch(1)
        yield* end(1)
        yield* launch(2)
        yield* notices.ended(ended(2, parent))
        yield* host.faults(() => "ok")
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* told(), ["final: 1", "final: 2"])
        yield* notices.reading(parent)(Effect.andThen(launch(3), Effect.andThen(end(3), launch(4))))
        yield* soon
        assert.strictEqual((yield* told()).at(-1), "final: 3")
        yield* end(4, calledOff)
        yield* pass("1 minute")
        assert.strictEqual((yield* told()).at(-1), "final: 3")
        assert.isFalse(yield* notices.expecting(parent))
      })
  )

  inWorld(
    "C4 hears of two batches apart, and in order",
    ({ end, host, launch, parent, told }) =>
      Effect.gen(function*() {
        yield* host.faults(() => "fail")
        yield* launch(1, 2)
        yield* end(1)
        yield* end(2)
        // The first batch is over, and nothing of it was taken yet.
        yield* launch(3, 4)
        yield* end(4)
        yield* host.faults(() => "ok")
        yield* pass("1 minute")
        yield* end(3)
        const all = yield* told()
        assert.deepStrictEqual(all, ["progress: 1 (1 more)", "final: 1, 2", "progress: 4 (1 more)", "final: 3, 4"])
        const ids = (yield* host.notices(parent)).map(({ id }) => id)
        assert.strictEqual(new Set(ids).size, 4)
      })
  )

  inWorld(
    "C4 C11 hears of its own tasks only",
    ({ end, launch, notices, other, parent, told }) =>
      Effect.gen(function*() {
        yield* launch(1)
        yield* notices.launched(other, taskId(2), 1)
        yield* end(1)
        yield* notices.ended(ended(2, other))
        yield* soon
        assert.deepStrictEqual([yield* told(parent), yield* told(other)], [["final: 1"], ["final: 2"]])
      })
  )

  inWorld("hears of a task that it was never promised nothing", ({ end, told }) =>
    Effect.gen(function*() {
      yield* end(7)
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* told(), [])
    }))

  inWorld(
    "B19 C2 hears nothing of a late echo: of an earlier run, or of an end that it knows",
    ({ host, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        yield* notices.ended(ended(1, parent))
        yield* soon
        yield* notices.launched(parent, taskId(1), 2)
        yield* notices.ended(ended(1, parent, failed))
        yield* notices.ended(ended(2, parent))
        yield* soon
        yield* notices.ended(ended(2, parent, failed))
        yield* soon
        assert.deepStrictEqual(yield* told(), ["progress: 1 (1 more)", "progress: 2 (1 more)"])
        yield* notices.ended(ended(1, parent, completed, 2))
        yield* soon
        assert.strictEqual((yield* told()).at(-1), "final: 2, 1")
        assert.deepStrictEqual((yield* host.notices(parent)).at(-1)?.tasks.map(({ run }) => run), [1, 2])
      })
  )
})

describe("a delivery that fails", () => {
  for (const fault of ["fail", "hang", "die"] satisfies ReadonlyArray<Fault>) {
    for (const times of [1, 3, 7]) {
      inWorld(
        `C1 C18 ${times} times (${fault}) is tried again until it is taken, and then never again`,
        (world) =>
          Effect.gen(function*() {
            yield* world.host.faults(inTurn({ notify: Array.from({ length: times }, () => fault) }))
            yield* world.launch(1)
            yield* world.end(1)
            assert.deepStrictEqual(yield* world.told(), [])
            yield* pass("10 minutes")
            assert.deepStrictEqual(yield* world.told(), ["final: 1"])
            assert.strictEqual(yield* world.calls("notify"), times + 1)
            yield* pass("10 hours")
            assert.strictEqual(yield* world.calls("notify"), times + 1)
          })
      )
    }
  }

  for (const fault of ["fail-after", "hang-after"] satisfies ReadonlyArray<Fault>) {
    inWorld(`C2 but was taken all the same (${fault}) is not told twice`, (world) =>
      Effect.gen(function*() {
        yield* world.host.faults(inTurn({ notify: [fault] }))
        yield* world.launch(1)
        yield* world.end(1)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* world.told(), ["final: 1"])
        assert.isFalse(yield* world.notices.expecting(world.parent))
      }))
  }

  inWorld("C2 is looked up first, also when the look-up fails for a while", (world) =>
    Effect.gen(function*() {
      yield* world.host.faults(inTurn({ notify: ["fail-after"], received: ["fail", "hang", "die", "fail"] }))
      yield* world.launch(1)
      yield* world.end(1)
      yield* pass("1 hour")
      assert.deepStrictEqual(yield* world.told(), ["final: 1"])
      assert.strictEqual(yield* world.calls("notify"), 1)
      assert.strictEqual(yield* world.calls("received"), 5)
    }))

  inWorld(
    "C1 C7 is tried for ever, each half a minute at the latest, and told soon after the host is back",
    (world) =>
      Effect.gen(function*() {
        yield* world.host.faults(() => "fail")
        yield* world.launch(1)
        yield* world.end(1)
        yield* pass("10 hours")
        const tried = yield* world.calls("received")
        assert.isAtLeast(tried, 10 * 120 - 10)
        assert.isAtMost(tried, 10 * 120 + 20)
        yield* world.host.faults(() => "ok")
        yield* pass("30 seconds")
        assert.deepStrictEqual(yield* world.told(), ["final: 1"])
      })
  )

  inWorld("C18 G8 keeps no sibling, no other parent and no count waiting", (world) =>
    Effect.gen(function*() {
      yield* world.host.faults(({ operation, session }) =>
        operation === "notify" && session === world.parent ? "die" : "ok"
      )
      yield* world.launch(1, 2)
      yield* world.end(1)
      yield* world.notices.launched(world.other, taskId(3), 1)
      yield* world.notices.ended(ended(3, world.other))
      yield* soon
      assert.deepStrictEqual(yield* world.told(world.other), ["final: 3"])
      yield* world.end(2)
      yield* world.launch(4)
      assert.isTrue(yield* world.notices.expecting(world.parent))
      assert.isTrue(world.notices.owesUnsafe(ended(1, world.parent)))
      assert.isTrue(world.notices.owesUnsafe(ended(4, world.parent)))
      yield* world.host.faults(() => "ok")
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* world.told(), ["progress: 1 (1 more)", "final: 1, 2"])
    }))

  inWorld("C2 counts as taken where the host gives no receipts and did not say no", (world) =>
    Effect.gen(function*() {
      for (const [nth, fault] of (["fail", "fail-after", "hang", "hang-after", "die"] as const).entries()) {
        yield* world.host.faults(inTurn({ notify: [fault] }))
        const before = (yield* world.told()).length
        yield* world.launch(nth)
        yield* world.end(nth)
        yield* pass("1 hour")
        assert.isFalse(yield* world.notices.expecting(world.parent))
        assert.isAtMost((yield* world.told()).length - before, 1)
        assert.strictEqual(yield* world.calls("notify"), nth + 1)
      }
      assert.strictEqual(yield* world.calls("received"), 0)
    }), { capabilities: { receipts: false } })
})

describe("a notice that was on its way when its process ended", () => {
  for (const receipts of [true, false]) {
    for (const arrived of [true, false]) {
      inWorld(
        `C1 C2 is ${arrived ? "not sent again where it has arrived" : "sent where it has not"} (${
          receipts ? "with receipts" : "by the transcript"
        })`,
        ({ host, notices, parent }) =>
          Effect.gen(function*() {
            const agents = yield* AgentHost
            const box = yield* leftOnItsWay(parent)
            for (const notice of arrived ? box.sending : []) yield* agents.notify(parent, notice)
            yield* notices.inherited(parent, false)
            yield* pass("1 minute")
            assert.deepStrictEqual((yield* host.notices(parent)).map(({ id }) => id), ["nt_before"])
            assert.isFalse(yield* notices.expecting(parent))
          }),
        { capabilities: { receipts } }
      )
    }
  }
})

describe("a notice that another process had sent", () => {
  inWorld(
    "C1 C2 and that is taken over while a notice is composed is looked up first, and not sent again",
    ({ calls, end, host, launch, notices, parent }) =>
      Effect.gen(function*() {
        const journal = yield* Journal
        const agents = yield* AgentHost
        const { id, run } = ended(1, parent)
        yield* launch(1)
        // Both wait for their turn, the one that is taken over first.
        const takenOver = journal.note(parent, () =>
          Option.some({
            _tag: "Sending",
            parent,
            at: 0,
            notice: "nt_before",
            kind: "final",
            tasks: [{ id, run }],
            remaining: 0
          }))
        yield* Effect.forkScoped(takenOver, { startImmediately: true })
        yield* agents.notify(parent, {
          id: "nt_before",
          kind: "final",
          wakes: true,
          tasks: [ended(1, parent)],
          remaining: 0
        })
        yield* end(1)
        yield* pass("1 minute")
        assert.deepStrictEqual((yield* host.notices(parent)).map(({ id }) => id), ["nt_before"])
        assert.deepStrictEqual([yield* calls("notify"), yield* calls("received")], [1, 1])
        assert.isFalse(yield* notices.expecting(parent))
      }),
    {},
    {},
    slowJournal
  )
})

/** A host that refuses some times and does nothing else; whether it gives receipts is the test's choice. */
const refusing = (times: number, receipts: boolean) =>
  Effect.gen(function*() {
    const taken = yield* Ref.make<ReadonlyArray<Notice>>([])
    const tries = yield* Ref.make(0)
    const host = Layer.effect(
      AgentHost,
      Effect.map(AgentHost, (host) =>
        AgentHost.of({
          ...host,
          capabilities: { ...host.capabilities, receipts },
          notify: (_, notice) =>
            Effect.flatMap(Ref.updateAndGet(tries, (n) => n + 1), (nth) =>
              nth <= times
                ? Effect.fail(new HostError({ operation: "notify", kind: "refused", message: "not now" }))
                : Ref.update(taken, (all) => [...all, notice])),
          received: () => Effect.succeed(false)
        }))
    ).pipe(Layer.provide(SimulatedHost.layer()))
    return {
      taken,
      tries,
      layer: Notices.layer.pipe(Layer.provideMerge(Layer.mergeAll(Journal.layer, Limits.layer, host)))
    }
  })

describe("a host that says no", () => {
  for (const receipts of [true, false]) {
    it.effect(`C1 is asked again until it takes the notice (${receipts ? "with" : "without"} receipts)`, () =>
      Effect.gen(function*() {
        const { layer, taken, tries } = yield* refusing(5, receipts)
        yield* Effect.gen(function*() {
          const notices = yield* withNews
          yield* notices.launched(sessionId("root"), taskId(1), 1)
          yield* notices.ended(ended(1, "root"))
          yield* pass("5 minutes")
          assert.deepStrictEqual((yield* Ref.get(taken)).map(summary), ["final: 1"])
          assert.strictEqual(yield* Ref.get(tries), 6)
          assert.isFalse(yield* notices.expecting(sessionId("root")))
        }).pipe(Effect.provide(layer))
      }))
  }
})

describe("a parent that is gone", () => {
  inWorld("C16 is owed nothing: no loop, no memory, and nobody waits", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1, 2)
      const settled = yield* Effect.forkScoped(world.notices.settled(world.parent))
      yield* world.host.remove(world.parent)
      yield* world.end(1)
      yield* pass("1 minute")
      assert.deepStrictEqual(settled.pollUnsafe(), Exit.void)
      assert.isFalse(yield* world.notices.expecting(world.parent))
      assert.isFalse(world.notices.owesUnsafe(ended(1, world.parent)))
      const calls = (yield* world.host.calls).length
      yield* world.end(2)
      yield* pass("10 hours")
      assert.strictEqual((yield* world.host.calls).length, calls)
    }))

  inWorld("C16 while its notice cannot be delivered: the attempts end", (world) =>
    Effect.gen(function*() {
      yield* world.host.faults(() => "fail")
      yield* world.launch(1)
      yield* world.end(1)
      yield* pass("1 hour")
      yield* world.host.remove(world.parent)
      yield* world.host.faults(() => "ok")
      yield* pass("1 minute")
      assert.isFalse(yield* world.notices.expecting(world.parent))
      const calls = (yield* world.host.calls).length
      yield* pass("10 hours")
      assert.strictEqual((yield* world.host.calls).length, calls)
    }))

  inWorld("C16 lets go whoever waits until its tasks are back", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1)
      const told = yield* Effect.forkScoped(world.notices.told(world.parent, (returned) => returned))
      yield* soon
      assert.isUndefined(told.pollUnsafe())
      yield* world.notices.forget(world.parent)
      yield* soon
      assert.deepStrictEqual(told.pollUnsafe(), Exit.succeed(Option.none()))
    }))

  inWorld(
    "C16 and was owed nothing can be forgotten as well, and others are told as ever",
    (world) =>
      Effect.gen(function*() {
        yield* world.notices.forget(world.other)
        yield* world.launch(1)
        yield* world.end(1)
        assert.deepStrictEqual(yield* world.told(), ["final: 1"])
      })
  )

  inWorld(
    "C16 and is forgotten by whoever knows: at once, in the middle of an attempt",
    (world) =>
      Effect.gen(function*() {
        yield* world.host.faults(() => "hang")
        yield* world.launch(1, 2)
        yield* world.end(1)
        const settled = yield* Effect.forkScoped(world.notices.settled(world.parent))
        yield* soon
        yield* world.notices.forget(world.parent)
        yield* soon
        assert.deepStrictEqual(settled.pollUnsafe(), Exit.void)
        assert.isFalse(yield* world.notices.expecting(world.parent))
        yield* world.host.faults(() => "ok")
        yield* world.end(2)
        yield* pass("10 hours")
        assert.deepStrictEqual(yield* world.told(), [])
        // What it launches after that is owed again.
        yield* world.launch(3)
        yield* world.end(3)
        assert.deepStrictEqual(yield* world.told(), ["final: 3"])
      })
  )
})

describe("a parent that is forgotten while the journal is busy", () => {
  const inSlowWorld: typeof inWorld = (name, story) => inWorld(name, story, {}, {}, slowJournal)

  inSlowWorld(
    "C1 C16 hears of what it launches meanwhile, though a notice was on its way that is not told any more",
    ({ end, host, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* host.faults(() => "hang")
        yield* launch(1)
        yield* end(1)
        yield* pass("2 seconds")
        const forgetting = yield* Effect.forkScoped(notices.forget(parent))
        yield* pass("1500 millis")
        assert.isUndefined(forgetting.pollUnsafe())
        yield* launch(2)
        yield* pass("1 second")
        assert.deepStrictEqual(forgetting.pollUnsafe(), Exit.void)
        assert.isTrue(yield* notices.expecting(parent))
        yield* host.faults(() => "ok")
        yield* end(2)
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* told(), ["final: 2"])
        assert.isFalse(yield* notices.expecting(parent))
      })
  )

  inSlowWorld(
    "C1 C16 hears of the first that it launches as well, of which it is not known yet that it waits for it",
    ({ end, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        const journal = yield* Journal
        const forgetting = yield* Effect.forkScoped(notices.forget(parent))
        yield* pass("1500 millis")
        yield* journal.append({ _tag: "Queued", id: taskId(1), run: 1, at: 0, request: request(parent) })
        yield* pass("1 second")
        assert.deepStrictEqual(forgetting.pollUnsafe(), Exit.void)
        yield* launch(1)
        yield* end(1)
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* told(), ["final: 1"])
      })
  )
})

describe("a session that is held", () => {
  inWorld(
    "is told nothing until it is used, and then everything",
    ({ end, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        yield* notices.hold(parent)
        yield* end(1)
        yield* end(2)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* told(), [])
        assert.isTrue(yield* notices.expecting(parent))
        yield* notices.used(parent)
        yield* soon
        assert.deepStrictEqual(yield* told(), ["final: 1, 2"])
      })
  )

  inWorld(
    "and is owed nothing is told as ever of what it launches then",
    ({ end, launch, notices, parent, told }) =>
      Effect.gen(function*() {
        yield* notices.hold(parent)
        yield* launch(1)
        yield* end(1)
        assert.deepStrictEqual(yield* told(), ["final: 1"])
      })
  )
})

/** What a session is owed by a process that is gone comes to this one. */
const inherit = Effect.fnUntraced(function*(parent: Task.SessionId, n: number) {
  const journal = yield* Journal
  const notices = yield* Notices
  const { id, progress, request, run } = ended(n, parent)
  yield* journal.append({ _tag: "Queued", id, run, at: 0, request })
  yield* journal.append({ _tag: "Ended", id, run, at: 1, outcome: completed, progress })
  yield* notices.inherited(parent, true)
  yield* soon
})

describe("what was left behind for a session", () => {
  inWorld(
    "D8 is told when somebody uses it, and not before",
    ({ notices, other, parent, told }) =>
      Effect.gen(function*() {
        yield* inherit(parent, 1)
        yield* notices.used(other)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* told(), [])
        assert.isTrue(yield* notices.expecting(parent))
        yield* notices.used(parent)
        yield* soon
        assert.deepStrictEqual(yield* told(), ["final: 1"])
      })
  )

  const elsewhere = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, nth) => sessionId(`elsewhere ${from + nth}`))

  inWorld(
    "D8 is told at once where it is one of the 64 that were used last",
    ({ notices, other, parent, told }) =>
      Effect.gen(function*() {
        yield* notices.used(other)
        yield* notices.used(parent)
        yield* Effect.forEach(elsewhere(0, 63), notices.used)
        yield* inherit(parent, 1)
        yield* inherit(other, 2)
        assert.deepStrictEqual([yield* told(parent), yield* told(other)], [["final: 1"], []])
      })
  )

  inWorld(
    "D8 is told at once where it was used long ago, and lately as well",
    ({ notices, other, parent, told }) =>
      Effect.gen(function*() {
        yield* notices.used(parent)
        yield* notices.used(other)
        yield* Effect.forEach(elsewhere(0, 62), notices.used)
        yield* notices.used(parent)
        yield* Effect.forEach(elsewhere(62, 63), notices.used)
        yield* inherit(parent, 1)
        yield* inherit(other, 2)
        assert.deepStrictEqual([yield* told(parent), yield* told(other)], [["final: 1"], []])
      })
  )
})

describe("whether a session expects something", () => {
  inWorld("C14 is one predicate: tasks out, or a notice owed", (world) =>
    Effect.gen(function*() {
      const expecting = world.notices.expecting(world.parent)
      assert.isFalse(yield* expecting)
      yield* world.launch(1, 2)
      assert.isTrue(yield* expecting)
      yield* world.end(1)
      assert.isTrue(yield* expecting)
      yield* world.host.faults(() => "fail")
      yield* world.end(2)
      yield* pass("1 hour")
      assert.isTrue(yield* expecting, "the last word is owed")
      yield* world.host.faults(() => "ok")
      yield* pass("1 minute")
      assert.isFalse(yield* expecting)
      assert.isFalse(yield* world.notices.expecting(world.other))
    }))

  inWorld("C14 `settled` waits for exactly that", (world) =>
    Effect.gen(function*() {
      yield* world.notices.settled(world.parent)
      yield* world.launch(1)
      const settled = yield* Effect.forkScoped(world.notices.settled(world.parent))
      yield* world.host.faults(() => "fail")
      yield* world.end(1)
      yield* pass("1 hour")
      assert.isUndefined(settled.pollUnsafe())
      yield* world.host.faults(() => "ok")
      yield* pass("1 minute")
      assert.deepStrictEqual(settled.pollUnsafe(), Exit.void)
    }))

  inWorld("C14 `owesUnsafe` says it of one task: until its batch is told", (world) =>
    Effect.gen(function*() {
      const first = ended(1, world.parent)
      yield* world.launch(1, 2)
      yield* world.end(1)
      assert.isTrue(world.notices.owesUnsafe(first), "the last word lists it again")
      assert.isFalse(world.notices.owesUnsafe(ended(9, world.parent)))
      yield* world.end(2)
      assert.isFalse(world.notices.owesUnsafe(first))
    }))

  inWorld(
    "B13 `told` is around the time in which tasks are out, and gives the notice that woke the session",
    (world) =>
      Effect.gen(function*() {
        const stages: Array<string> = []
        const note = (stage: string) => Effect.sync(() => stages.push(stage))
        const run = (name: string) =>
          Effect.forkScoped(
            world.notices.told(
              world.parent,
              (returned) =>
                Effect.andThen(note(`${name} out`), Effect.andThen(returned, Effect.asVoid(note(`${name} back`))))
            )
          )
        assert.isTrue((yield* Fiber.join(yield* run("none")))._tag === "None")
        assert.deepStrictEqual(stages, [])
        yield* world.launch(1, 2)
        const fiber = yield* run("two")
        yield* soon
        yield* world.end(1)
        assert.deepStrictEqual(stages, ["two out"])
        yield* world.host.faults(() => "fail")
        yield* world.end(2)
        assert.deepStrictEqual(stages, ["two out", "two back"])
        assert.isUndefined(fiber.pollUnsafe(), "it was not told yet")
        yield* world.host.faults(() => "ok")
        yield* pass("1 minute")
        const woke = (yield* world.host.notices(world.parent)).at(-1)?.id
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "Some" && exit.value.value.notice === woke)
      })
  )

  const looks = MutableRef.make(0)

  inWorld(
    "B13 D9 `told` looks again when something has changed, and costs nothing meanwhile",
    ({ end, launch, notices, parent }) =>
      Effect.gen(function*() {
        yield* launch(1, 2)
        const told = yield* Effect.forkScoped(notices.told(parent, (returned) => returned))
        yield* soon
        yield* end(1)
        const before = MutableRef.get(looks)
        yield* pass("1 hour")
        assert.strictEqual(MutableRef.get(looks), before)
        assert.isUndefined(told.pollUnsafe())
        yield* end(2)
        assert.isDefined(told.pollUnsafe())
      }),
    {},
    {},
    countedJournal(looks)
  )

  inWorld(
    "B13 `told` ends without a notice when tasks are out again before it was delivered",
    (world) =>
      Effect.gen(function*() {
        yield* world.host.faults(() => "fail")
        yield* world.launch(1)
        const fiber = yield* Effect.forkScoped(world.notices.told(world.parent, (returned) => returned))
        yield* soon
        yield* world.end(1)
        yield* world.launch(2)
        yield* soon
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "None")
      })
  )
})

describe("a session that nobody serves any more", () => {
  inWorld(
    "C14 may have been owed nothing, and is told as ever of what it launches then",
    (world) =>
      Effect.gen(function*() {
        yield* world.notices.leave(world.parent)
        yield* world.launch(1)
        yield* world.end(1)
        assert.deepStrictEqual(yield* world.told(), ["final: 1"])
      })
  )

  inWorld("C14 keeps nobody waiting, though it has tasks out", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1)
      const told = yield* Effect.forkScoped(world.notices.told(world.parent, (returned) => returned))
      const settled = yield* Effect.forkScoped(world.notices.settled(world.parent))
      yield* soon
      yield* world.notices.leave(world.parent)
      yield* soon
      assert.deepStrictEqual(told.pollUnsafe(), Exit.succeed(Option.none()))
      assert.deepStrictEqual(settled.pollUnsafe(), Exit.void)
    }))

  inWorld("C14 is said to have been woken by no notice that woke nobody", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1, 2)
      const told = yield* Effect.forkScoped(world.notices.told(world.parent, (returned) => returned))
      yield* soon
      yield* world.end(1)
      assert.deepStrictEqual(yield* world.told(), ["progress: 1 (1 more)"])
      yield* world.notices.leave(world.parent)
      yield* soon
      assert.deepStrictEqual(told.pollUnsafe(), Exit.succeed(Option.none()))
    }))
})

describe("what the parent reads by itself", () => {
  inWorld("it is not told, as long as nothing was promised", (world) =>
    Effect.gen(function*() {
      yield* world.host.faults(() => "fail")
      yield* world.launch(1, 2)
      const [one, two] = [ended(1, world.parent), ended(2, world.parent)]
      yield* world.notices.reading(world.parent)(Effect.gen(function*() {
        yield* world.end(1)
        yield* world.end(2)
        yield* world.notices.read(one)
        yield* world.notices.read(two)
      }))
      yield* world.host.faults(() => "ok")
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* world.told(), [])
      assert.isFalse(yield* world.notices.expecting(world.parent))
    }))

  inWorld("leaves the others: they are told, and the last word lists all", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1, 2, 3)
      yield* world.notices.reading(world.parent)(Effect.gen(function*() {
        yield* world.end(1)
        yield* world.notices.read(ended(1, world.parent))
      }))
      yield* world.end(2)
      yield* world.end(3)
      assert.deepStrictEqual(yield* world.told(), ["progress: 2 (1 more)", "final: 1, 2, 3"])
    }))

  inWorld(
    "nothing is told in the middle of a reading call, and everything after it, however it ends",
    (world) =>
      Effect.gen(function*() {
        yield* world.launch(1)
        const first = yield* Effect.forkScoped(world.notices.reading(world.parent)(Effect.never))
        const second = yield* Effect.forkScoped(world.notices.reading(world.parent)(Effect.never))
        yield* soon
        yield* world.end(1)
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* world.told(), [])
        yield* Fiber.interrupt(first)
        yield* soon
        assert.deepStrictEqual(yield* world.told(), [], "the other call still reads")
        yield* Fiber.interrupt(second)
        yield* soon
        assert.deepStrictEqual(yield* world.told(), ["final: 1"])
      })
  )

  inWorld(
    "C3 a batch that is read while its last word is on its way takes no other batch's word along",
    (world) =>
      Effect.gen(function*() {
        // The last word of the first batch takes a second to deliver. Meanwhile it is read, and a second batch ends.
        yield* world.launch(1)
        yield* world.end(1)
        yield* world.launch(2)
        yield* world.end(2)
        yield* world.notices.read(ended(1, world.parent))
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* world.told(), ["final: 1", "final: 2"])
        assert.isFalse(yield* world.notices.expecting(world.parent))
      }),
    { latency: 1_000 }
  )

  inWorld(
    "C3 what a progress notice on its way promises is kept, even if everything is read meanwhile",
    (world) =>
      Effect.gen(function*() {
        yield* world.launch(1, 2)
        yield* world.end(1)
        yield* world.end(2)
        yield* world.notices.read(ended(1, world.parent))
        yield* world.notices.read(ended(2, world.parent))
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* world.told(), ["progress: 1 (1 more)", "final: 1, 2"])
      }),
    { latency: 1_000 }
  )
})

describe("a parent that is a task itself", () => {
  inWorld("A1 B13 is not woken before it has its slots again", (world) =>
    Effect.gen(function*() {
      const journal = yield* Journal
      const limits = yield* Limits
      const stamp = { id: taskId(9), run: 1, at: 0 }
      yield* journal.append({ _tag: "Queued", ...stamp, request: request("top", { agent: "explore" }) })
      yield* journal.append({ _tag: "Started", ...stamp })
      yield* journal.append({ _tag: "Opened", ...stamp, session: world.parent })
      const claim = { id: taskId(9), parent: "top", agent: "explore" }
      const back = yield* Deferred.make<void>()
      yield* Effect.forkScoped(
        Effect.andThen(limits.lend(claim.id)(Deferred.await(back)), Effect.never).pipe(limits.withSlots(claim))
      )
      yield* soon
      const [fill] = yield* limits.pools
      // Everybody else takes the slots, so that they are not back at once.
      const others = yield* Effect.forEach(
        Array.from({ length: fill?.size ?? 0 }, (_, n) => `other ${n}`),
        (id) => Effect.forkScoped(Effect.never.pipe(limits.withSlots({ ...claim, id })))
      )
      yield* soon
      yield* world.launch(1, 2)
      yield* world.end(1)
      assert.deepStrictEqual(yield* world.told(), ["progress: 1 (1 more)"], "what does not wake it does not wait")
      yield* world.end(2)
      yield* Deferred.succeed(back, undefined)
      yield* pass("1 hour")
      assert.strictEqual((yield* world.told()).length, 1)
      yield* Effect.forEach(others.slice(0, 1), Fiber.interrupt)
      yield* soon
      assert.strictEqual((yield* world.told()).at(-1), "final: 1, 2")
    }))
})

describe("deliveries", () => {
  inWorld("tell of every notice that was taken, once, and of no other", (world) =>
    Effect.gen(function*() {
      const seen: Array<Delivered> = []
      yield* Effect.forkScoped(
        Stream.runForEach(world.notices.deliveries, (delivery) => Effect.sync(() => seen.push(delivery)))
      )
      yield* soon
      yield* world.host.faults(inTurn({ notify: ["fail", "fail-after"] }))
      yield* world.launch(1, 2)
      yield* world.end(1)
      yield* world.end(2)
      yield* pass("1 minute")
      assert.deepStrictEqual(seen.map(({ notice }) => notice), yield* world.host.notices(world.parent))
      assert.isTrue(seen.every(({ parent }) => parent === world.parent))
    }))
})

describe("a host that takes a notice and keeps it a moment later", () => {
  /** Whether it counts as on its way: whoever goes on after a crash looks for it. */
  const isOnItsWay = ({ parent }: World) => Effect.map(Journal, ({ boxUnsafe }) => boxUnsafe(parent).sending.length > 0)

  inWorld("D8 C1 has it on its way until then", (world) =>
    Effect.gen(function*() {
      yield* world.launch(1)
      yield* world.end(1)
      yield* pass(29)
      assert.strictEqual(yield* world.calls("notify"), 1)
      assert.deepStrictEqual([yield* world.told(), yield* isOnItsWay(world)], [[], true])
      yield* pass(1)
      assert.deepStrictEqual([yield* world.told(), yield* isOnItsWay(world)], [["final: 1"], false])
      yield* pass("1 hour")
      assert.strictEqual(yield* world.calls("notify"), 1)
    }), { lag: 30 })

  inWorld(
    "C1 C2 C7 and does not tell of it has kept it a second later, for all that is known",
    (world) =>
      Effect.gen(function*() {
        yield* world.host.feed(({ _tag }) => _tag === "Received" ? [] : [0])
        yield* world.launch(1)
        yield* world.end(1)
        yield* pass(999)
        assert.deepStrictEqual([yield* world.told(), yield* isOnItsWay(world)], [["final: 1"], true])
        yield* pass(1)
        assert.isFalse(yield* isOnItsWay(world))
        yield* pass("1 hour")
        assert.strictEqual(yield* world.calls("notify"), 1)
        assert.isFalse(yield* world.notices.expecting(world.parent))
      })
  )

  inWorld(
    "D8 C1 has it on its way until then, also where somebody tells it who goes on after a crash",
    (world) =>
      Effect.gen(function*() {
        const { notices, parent } = world
        yield* leftOnItsWay(parent)
        yield* notices.inherited(parent, false)
        yield* pass(29)
        assert.deepStrictEqual([yield* world.calls("notify"), yield* isOnItsWay(world)], [1, true])
        yield* pass(1)
        assert.deepStrictEqual([yield* world.told(), yield* isOnItsWay(world)], [["final: 1"], false])
      }),
    { lag: 30 }
  )
})

describe("deliveries to a session that nobody serves any more", () => {
  inWorld("tell of the notice that was on its way", (world) =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(world.notices.deliveries, ({ notice }) => Effect.sync(() => seen.push(summary(notice)))),
        { startImmediately: true }
      )
      yield* world.launch(1)
      yield* world.end(1)
      yield* world.notices.leave(world.parent)
      yield* pass("1 minute")
      assert.deepStrictEqual(seen, ["final: 1"])
    }), { latency: 1_000 })
})

/** What may happen to a parent, after a while. */
const Step = Schema.Struct({
  after: Schema.Literals([0, 0, 1, 100, 700, 5_000]),
  what: Schema.TaggedUnion({
    Launch: { task: below(3) },
    End: { task: below(3), outcome: below(outcomes.length) },
    Read: { task: below(3) },
    Reading: { ms: below(3_000) }
  })
})

const FaultDraw = Schema.Literals(["ok", "ok", "ok", "fail", "hang", "die", "fail-after", "hang-after"])

describe("whatever happens, and however deliveries go wrong", () => {
  it.effect.prop(
    "C1 C2 C3 C4 C9 C12 everybody is told of, once, in whole batches, with the promised last word",
    [
      sequence(Step, 40),
      Schema.Struct({
        latency: Schema.Literals([0, 300, 300]),
        yields: Schema.Literals([3, 5, 7, 2_048])
      }),
      sequence(FaultDraw, 20),
      sequence(FaultDraw, 20)
    ],
    ([steps, { latency, yields }, notify, received]) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, notices, parent } = yield* world
        yield* host.faults(inTurn({ notify, received }))
        /** The batches as they were launched: a batch begins when nothing is out. */
        const batches: Array<Map<string, { ended: boolean; readonly outcome: Task.Outcome; known: boolean }>> = []
        const runs = new Map<number, number>()
        const current = () => batches.at(-1)
        const isOut = (n: number) => current()?.get(`${n} ${runs.get(n)}`)?.ended === false
        const launch = (n: number) =>
          Effect.suspend(() => {
            const run = (runs.get(n) ?? 0) + 1
            runs.set(n, run)
            const open = current()
            const batch = open !== undefined && [...open.values()].some(({ ended }) => !ended) ? open : new Map()
            if (batch !== open) batches.push(batch)
            // A newer run takes the place of an older one.
            batch.delete(`${n} ${run - 1}`)
            batch.set(`${n} ${run}`, { ended: false, outcome: completed, known: false })
            return notices.launched(parent, taskId(n), run)
          })
        const end = (n: number, outcome: Task.Outcome) =>
          Effect.suspend(() => {
            const run = runs.get(n) ?? 0
            current()?.set(`${n} ${run}`, { ended: true, outcome, known: outcome === calledOff })
            return notices.ended(ended(n, parent, outcome, run))
          })
        const read = (n: number) =>
          Effect.suspend(() => {
            const run = runs.get(n) ?? 0
            for (const batch of batches) {
              const member = batch.get(`${n} ${run}`)
              if (member !== undefined) batch.set(`${n} ${run}`, { ...member, known: member.known || member.ended })
            }
            const outcome = batches.map((batch) => batch.get(`${n} ${run}`)?.outcome).find((found) => found)
            return outcome === undefined ? Effect.void : notices.read(ended(n, parent, outcome, run))
          })
        for (const { after, what } of steps) {
          if (after > 0) yield* TestClock.adjust(after)
          switch (what._tag) {
            case "Launch":
              if (!isOut(what.task)) yield* launch(what.task)
              break
            case "End":
              if (isOut(what.task)) yield* end(what.task, outcomes[what.outcome] ?? completed)
              break
            case "Read":
              if (!isOut(what.task)) yield* read(what.task)
              break
            case "Reading":
              yield* Effect.forkScoped(notices.reading(parent)(Effect.sleep(what.ms)))
              break
          }
        }
        for (const n of runs.keys()) if (isOut(n)) yield* end(n, completed)
        yield* pass("2 hours")

        assert.isFalse(yield* notices.expecting(parent))
        const all = yield* host.notices(parent)
        // Nothing came twice, and nothing came too late to be looked up.
        assert.strictEqual(new Set(all.map(({ id }) => id)).size, all.length)
        const keys = (notice: Notice) => notice.tasks.map((task) => `${numberOf(task)} ${task.run}`)
        const finals = all.filter(({ kind }) => kind === "final")
        // Every last word is exactly one batch, each batch has one at most, and in order.
        const told = finals.map((notice) =>
          batches.findIndex((batch) => [...batch.keys()].join() === keys(notice).join())
        )
        assert.deepStrictEqual(told, [...new Set(told)].sort((a, b) => a - b))
        assert.isFalse(told.includes(-1), "a last word that is no batch")
        const reported = all.filter(({ kind }) => kind === "progress").flatMap(keys)
        assert.strictEqual(new Set(reported).size, reported.length, "told twice on the way")
        for (const [nth, batch] of batches.entries()) {
          const promised = [...batch.keys()].some((key) => reported.includes(key))
          const unknown = [...batch.values()].some(({ known }) => !known)
          // Who was promised a last word, or does not know everything, has heard it.
          if (promised || unknown) assert.isTrue(told.includes(nth), `batch ${nth} has no last word`)
        }
        for (const notice of all) {
          for (const task of notice.tasks) {
            const members = batches.map((batch) => batch.get(`${numberOf(task)} ${task.run}`))
            assert.deepStrictEqual(task.outcome, members.find((found) => found)?.outcome ?? task.outcome)
          }
        }
      })).pipe(
        Effect.provide(layer({ latency }, { callTimeoutMs: 2_000 })),
        Effect.provideService(Scheduler.MaxOpsBeforeYield, yields)
      ),
    thorough(120, 60)
  )

  it.effect(
    "C14 whoever waits for a session to be settled is told, however soon it has tasks out again",
    () =>
      Effect.gen(function*() {
        // Every step of the courier that leaves against every step of those who come next.
        for (const yields of [3, 4]) {
          for (let steps = 0; steps < 90; steps++) {
            yield* Effect.scoped(Effect.gen(function*() {
              const { end, host, launch, notices, parent } = yield* world
              yield* launch(1)
              const settled = yield* Effect.forkScoped(notices.settled(parent))
              yield* soon
              // The courier yields after every few steps; what comes next is done in one piece.
              yield* Effect.provideService(notices.ended(ended(1, parent)), Scheduler.MaxOpsBeforeYield, yields)
              for (let n = 0; n < steps; n++) yield* Effect.yieldNow
              yield* launch(2)
              yield* end(2)
              yield* Effect.repeat(Effect.yieldNow, { times: 400 })
              assert.deepStrictEqual(settled.pollUnsafe(), Exit.void, `after ${steps} steps of ${yields}`)
              assert.isFalse(yield* notices.expecting(parent))
              assert.deepStrictEqual((yield* host.notices(parent)).map(summary), ["final: 1", "final: 2"])
            })).pipe(Effect.provide(layer()))
          }
        }
      }),
    patient
  )

  it.effect(
    "C16 D9 a session that is forgotten is owed nothing for ever, however soon it has tasks out again",
    () =>
      Effect.gen(function*() {
        for (const yields of [3, 4, 5]) {
          for (let steps = 0; steps < 30; steps++) {
            yield* Effect.scoped(Effect.gen(function*() {
              const { end, host, launch, notices, parent } = yield* world
              yield* host.faults(() => "hang")
              yield* launch(1)
              yield* end(1)
              yield* host.faults(() => ({ slow: 1_000 }))
              yield* Effect.forkScoped(
                Effect.provideService(notices.forget(parent), Scheduler.MaxOpsBeforeYield, yields)
              )
              for (let n = 0; n < steps; n++) yield* Effect.yieldNow
              yield* launch(2)
              yield* end(2)
              yield* pass("1 minute")
              assert.isFalse(yield* notices.expecting(parent), `after ${steps} steps of ${yields}`)
            })).pipe(Effect.provide(layer()))
          }
        }
      }),
    patient
  )
})
