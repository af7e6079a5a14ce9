/**
 * Random programs on a random host: whatever happens, in whatever order, in the end everything that was promised holds.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Fiber, HashMap, Option, Scheduler, Schema, Stream } from "effect"
import type { HostEvent } from "../src/AgentHost.ts"
import type { Entry } from "../src/Journal.ts"
import * as Task from "../src/Task.ts"
import type { Call, Fault, Step, Told } from "../src/testing/SimulatedHost.ts"
import { below, sequence, thorough } from "./support/arbitraries.ts"
import { call, failing, hang, inAWorld, pass, say, wait, type World } from "./support/world.ts"

const Errand = Schema.Literals([
  "quick",
  "quick",
  "slow",
  "works",
  "hangs",
  "fails",
  "refused",
  "ignored",
  "retries",
  "asks",
  "empty",
  "todos",
  "sends one",
  "sends two",
  "waits for one"
])

const nth = below(8)

const Move = Schema.TaggedUnion({
  /** From one of three roots, or from the session of a task. */
  Launch: {
    from: Schema.Literals(["root", "root", "task"]),
    nth,
    errand: Errand,
    background: Schema.Literals([true, true, false]),
    model: below(3)
  },
  Cancel: { nth },
  CancelAll: { from: Schema.Literals(["root", "task"]), nth },
  Continue: { nth, errand: Errand },
  Interrupt: { nth },
  Delete: { nth },
  Answer: { nth },
  /** The parent waits for a task for some seconds, and reads how it ended. */
  Read: { nth },
  Pass: { ms: Schema.Literals([0, 1, 40, 100, 1_000, 2_500, 7_000, 31_000]) },
  Resize: { pool: below(2), size: below(4) },
  Pause: {},
  Resume: {},
  Settle: { nth },
  Fault: {
    operation: Schema.Literals([
      "open",
      "attach",
      "prompt",
      "abort",
      "activity",
      "transcript",
      "todos",
      "notify",
      "all"
    ]),
    fault: Schema.Literals(["fail", "hang", "die", "fail-after", "hang-after", "slow"])
  },
  Feed: { how: Schema.Literals(["lost", "late", "twice", "idle lost"]) },
  Heal: {}
})
type Move = typeof Move.Type

const models = [undefined, { provider: "a", id: "x" }, { provider: "a", id: "y" }] as const
const pools = ["default:@explore", "provider:a"]

/** What agents do. Those who send others do so in sessions of tasks only, and never when they are told of them. */
const behave = ({ tasks }: World) => (told: Told): ReadonlyArray<Step> => {
  const send = (prompt: string, background: boolean) =>
    call(
      "delegate",
      Effect.flatMap(
        Effect.exit(tasks.launch({ description: prompt, prompt, agent: "explore", parent: told.session, background })),
        (exit) => exit._tag === "Failure" || background ? Effect.void : tasks.await(exit.value.id, told.session)
      )
    )
  switch (told.text) {
    case "slow":
      return [wait(5_000), say("done")]
    case "works":
      return [{ do: "stream", ms: 2_000, every: 300 }, { do: "tool", name: "bash", ms: 3_000 }, wait(100), say("done")]
    case "hangs":
      return [wait(100), hang]
    case "fails":
      return [wait(100), { do: "fail", message: "500" }]
    case "refused":
      return [{ do: "refuse", message: "no such agent" }]
    case "ignored":
      return [{ do: "ignore" }]
    case "retries":
      return [{ do: "retry", ms: 4_000, message: "429" }, wait(100), say("done")]
    case "asks":
      return [wait(100), { do: "ask", what: "bash" }, say("done")]
    case "empty":
      return [wait(100)]
    case "todos":
      return [{ do: "todos", open: 1 }, wait(100), say("done")]
    case "sends one":
      return [send("slow", true), say("I wait")]
    case "sends two":
      return [send("quick", true), wait(200), send("hangs", true), wait(200), say("I wait")]
    case "waits for one":
      return [send("works", false), say("done")]
    default:
      return [wait(100), say("done")]
  }
}

const feeds: Record<"lost" | "late" | "twice" | "idle lost", (event: HostEvent) => ReadonlyArray<number>> = {
  lost: () => [],
  late: () => [3_000],
  twice: () => [0, 700],
  "idle lost": ({ _tag }) => _tag === "Idle" ? [] : [0]
}

const faultOf = ({ fault, operation }: Extract<Move, { readonly _tag: "Fault" }>): (made: Call) => Fault => {
  const how = fault === "slow" ? { slow: 1_500 } : fault
  return operation === "all" ? () => how : failing({ [operation]: how })
}

const play = (world: World, roots: ReadonlyArray<Task.SessionId>) => {
  const { host, launch, limits, tasks } = world
  const waiters: Array<Fiber.Fiber<unknown, unknown>> = []
  const read = new Set<string>()
  const taskAt = (nth: number) => Effect.map(tasks.list, (all) => all[nth % Math.max(1, all.length)])
  const sessionAt = (nth: number) => Effect.map(taskAt(nth), (task) => task?.session)
  const withSession = (nth: number, f: (session: Task.SessionId) => Effect.Effect<unknown, unknown>) =>
    Effect.flatMap(sessionAt(nth), (session) => session === undefined ? Effect.void : Effect.ignore(f(session)))
  const from = (where: "root" | "task", nth: number) =>
    where === "root"
      ? Effect.succeed(roots[nth % roots.length] ?? world.parent)
      : Effect.map(sessionAt(nth), (session) => session ?? world.parent)

  /** A call that nobody waits for now, but that has to come back in the end. */
  const outstanding = (effect: Effect.Effect<unknown, unknown>) =>
    Effect.map(Effect.forkChild(effect), (fiber) => {
      waiters.push(fiber)
    })

  const make = (move: Move): Effect.Effect<unknown> => {
    switch (move._tag) {
      case "Launch":
        return Effect.flatMap(from(move.from, move.nth), (parent) =>
          outstanding(
            Effect.flatMap(
              launch(move.errand, { parent, model: models[move.model], background: move.background }),
              ({ id }) => tasks.await(id)
            )
          ))
      case "Cancel":
        return Effect.flatMap(taskAt(move.nth), (task) => outstanding(tasks.cancel(task?.id ?? "")))
      case "CancelAll":
        return Effect.flatMap(from(move.from, move.nth), (session) => outstanding(tasks.cancelAll(session)))
      case "Continue":
        return Effect.flatMap(taskAt(move.nth), (task) =>
          task?.session === undefined
            ? Effect.void
            : outstanding(tasks.resume({ session: task.session, prompt: move.errand, parent: task.request.parent })))
      case "Interrupt":
        return withSession(move.nth, host.interrupt)
      case "Delete":
        return withSession(move.nth, host.remove)
      case "Answer":
        return withSession(move.nth, host.answer)
      case "Read":
        return Effect.flatMap(taskAt(move.nth), (task) =>
          task === undefined ? Effect.void : outstanding(
            tasks.await(task.id, task.request.parent).pipe(
              Effect.flatMap((ended) => {
                read.add(name(ended))
                return tasks.read(ended, task.request.parent)
              }),
              Effect.timeoutOption(5_000),
              tasks.reading(task.request.parent)
            )
          ))
      case "Pass":
        return pass(move.ms)
      case "Resize":
        return limits.resize(pools[move.pool] ?? "", move.size)
      case "Pause":
        return limits.pause
      case "Resume":
        return limits.resume
      case "Settle":
        return outstanding(tasks.settled(roots[move.nth % roots.length] ?? world.parent))
      case "Fault":
        return host.faults(faultOf(move))
      case "Feed":
        return host.feed(feeds[move.how])
      case "Heal":
        return Effect.andThen(host.faults(() => "ok"), host.feed(() => [0]))
    }
  }
  return { make, read, waiters }
}

/** At every moment: who waits has a reason to (A4), and no pool is fuller than it ever was allowed to be (A1). */
const checkLimits = ({ limits, tasks }: World, widest: Map<string, number>) =>
  Effect.gen(function*() {
    for (const { name, size, used } of yield* limits.pools) {
      widest.set(name, Math.max(widest.get(name) ?? 0, size))
      assert.isAtMost(used, widest.get(name) ?? 0, name)
    }
    for (const task of yield* tasks.list) {
      const place = yield* tasks.place(task.id)
      if (task.status !== "pending" || Option.isNone(place)) continue
      const { paused, size, used } = place.value
      assert.isTrue(paused || used >= size, `${task.id} waits for nothing`)
    }
  })

/** All tasks of a parent that were out at the same time. */
interface Batch {
  /** How each ended, in its last run. */
  readonly ends: ReadonlyArray<Task.Task>
  /** Every end, of earlier runs too. */
  readonly all: ReadonlySet<string>
}

/** What a parent was owed: told from the journal alone. */
const batchesOf = (entries: ReadonlyArray<Entry>, parent: Task.SessionId): ReadonlyArray<Batch> => {
  const sealed: Array<Batch> = []
  let open = HashMap.empty<Task.TaskId, Option.Option<Task.Task>>()
  let all = new Set<string>()
  for (const { event, task } of entries) {
    if (task.request.parent !== parent || !task.request.background) continue
    if (event._tag === "Queued" || event._tag === "Continued") open = HashMap.set(open, task.id, Option.none())
    if (event._tag === "Ended") {
      open = HashMap.set(open, task.id, Option.some(task))
      all.add(name(task))
      const ends = Array.getSomes(HashMap.values(open))
      if (ends.length < HashMap.size(open)) continue
      sealed.push({ ends, all })
      open = HashMap.empty()
      all = new Set()
    }
  }
  assert.strictEqual(HashMap.size(open), 0, "a batch has no end")
  return sealed
}

const name = ({ id, run }: Task.Task) => `${id}#${run}`
const names = (tasks: ReadonlyArray<Task.Task>) => tasks.map(name).toSorted().join(" ")
const isCalledOff = ({ outcome }: Task.Task) => outcome?._tag === "Cancelled" && outcome.reason === "requested"

/** C1-C4, C12: every batch has exactly one last word, or none where nothing was owed; and all that is said is true. */
const checkNotices = (
  { host }: World,
  entries: ReadonlyArray<Entry>,
  roots: ReadonlyArray<Task.SessionId>,
  read: ReadonlySet<string>
) =>
  Effect.gen(function*() {
    const ends = new Map<string, Task.Task>()
    for (const { event, task } of entries) {
      if (event._tag !== "Ended") continue
      assert.isFalse(ends.has(name(task)), `${name(task)} ended twice`)
      ends.set(name(task), task)
    }
    for (const session of yield* host.sessions) {
      const notices = yield* host.notices(session)
      const quietly = notices.filter(({ kind }) => kind === "progress")
      const finals = notices.filter(({ kind }) => kind === "final")
      for (const said of [quietly, finals]) {
        const listed = said.flatMap(({ tasks }) => tasks.map(name))
        assert.strictEqual(new Set(listed).size, listed.length, "told twice of the same end")
      }
      for (const task of notices.flatMap(({ tasks }) => tasks)) {
        assert.strictEqual(task.request.parent, session, "told of somebody else's task")
        assert.deepStrictEqual(task, ends.get(name(task)), "told what is not true")
      }
      if (!roots.includes(session)) continue
      const told = new Set(finals.map(({ tasks }) => names(tasks)))
      for (const { all, ends } of batchesOf(entries, session)) {
        const promised = quietly.some(({ tasks }) => tasks.some((task) => all.has(name(task))))
        const owed = promised || ends.some((task) => !isCalledOff(task) && !read.has(name(task)))
        const wasTold = told.delete(names(ends))
        // What was read may have been told before that.
        if (owed || !ends.some((task) => read.has(name(task)))) {
          assert.strictEqual(wasTold, owed, `the last word on ${names(ends)}`)
        }
      }
      assert.strictEqual(told.size, 0, "a last word on a batch that never was")
    }
  })

/** E5: who ends without an answer takes along what was sent out from its session, in the same moment. */
const checkOrphans = (entries: ReadonlyArray<Entry>) => {
  for (const [i, { event, task }] of entries.entries()) {
    if (event._tag !== "Ended" || event.outcome._tag === "Completed" || task.session === undefined) continue
    const out = new Map<string, Task.Task>()
    for (const before of entries.slice(0, i)) {
      if (before.task.request.parent !== task.session) continue
      if (Task.isTerminal(before.task)) out.delete(name(before.task))
      else out.set(name(before.task), before.task)
    }
    for (const orphan of out.keys()) {
      const end = entries.find((entry) => entry.event._tag === "Ended" && name(entry.task) === orphan)
      assert.strictEqual(end?.event.at, event.at, `${orphan} outlives ${name(task)}`)
    }
  }
}

const settings = {
  defaultConcurrency: 2,
  providerConcurrency: { a: 1 },
  taskTtlMs: 120_000,
  staleTimeoutMs: 30_000,
  hostTimeoutMs: 90_000
}

/** The whole story of a program, and that everything holds at its end. */
const run = (moves: ReadonlyArray<Move>, latency: number) =>
  inAWorld({ settings, latency }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, limits, tasks } = world
      const roots = [world.parent, yield* host.root("ses_second"), yield* host.root("ses_third")]
      yield* host.behave(behave(world))
      const entries: Array<Entry> = []
      const listening = yield* Effect.forkChild(
        Stream.runForEach(tasks.changes, (entry) => Effect.sync(() => entries.push(entry)))
      )
      yield* pass(0)
      const { make, read, waiters } = play(world, roots)
      const widest = new Map<string, number>()
      for (const move of moves) {
        yield* make(move)
        yield* pass(10)
        yield* checkLimits(world, widest)
      }
      yield* host.faults(() => "ok")
      yield* host.feed(() => [0])
      yield* limits.resume
      for (let i = 0; i < 40; i++) {
        for (const session of yield* host.sessions) yield* host.answer(session)
        yield* pass(30_000)
        if (
          (yield* tasks.list).every(Task.isTerminal) && waiters.every((fiber) => fiber.pollUnsafe() !== undefined)
        ) break
      }
      yield* pass(60_000)
      yield* Fiber.interrupt(listening)
      assert.isTrue(waiters.every((fiber) => fiber.pollUnsafe() !== undefined), "somebody waits for ever")
      for (const root of roots) assert.isFalse(yield* tasks.expecting(root), "something is owed for ever")
      checkOrphans(entries)
      yield* checkNotices(world, entries, roots, read)
      yield* atRest
    }))

const latency = Schema.Literals([0, 3, 700])

describe("a random program", () => {
  it.effect.prop(
    "ends with every task over, every slot free, every session at rest, every parent told the truth once (A-F)",
    [sequence(Move, 40), latency],
    ([moves, latency]) => run(moves, latency),
    { ...thorough(250), timeout: 60_000 }
  )

  it.effect.prop(
    "does so whoever comes first in the same instant (A1, A8, C9, E2)",
    // After so few steps does a fiber give way to others.
    [sequence(Move, 12), latency, Schema.Literals([5, 11])],
    ([moves, latency, steps]) => Effect.provideService(run(moves, latency), Scheduler.MaxOpsBeforeYield, steps),
    { ...thorough(12), timeout: 60_000 }
  )
})
