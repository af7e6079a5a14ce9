/**
 * A host without agents: sessions follow scripts, time is the test clock's, and everything that goes wrong on a real
 * host can be made to go wrong here.
 *
 * It keeps the promises of the port (`HostContract` holds it to them) and copies the manners of a real one: a session
 * that is prompted while it works takes the prompt up at the end of the turn; an abort shows before the aborted message
 * is complete; idle may be told twice; an idle session is not in the activity list.
 */
import { Context, Deferred, Effect, HashMap, Layer, Option, Ref } from "effect"
import { type Activity, AgentHost, type Capabilities, HostError, type SessionGone } from "../AgentHost.ts"
import type { Notice } from "../Notice.ts"
import { SessionId } from "../Task.ts"
import { type Call, type Fault, make as makeLine } from "./Faults.ts"
import { type Deliver, make as makeFeed } from "./Feed.ts"
import { make as makeProcess } from "./Process.ts"
import type { Reply, Step, Told } from "./Script.ts"
import { make as makeSessions } from "./Sessions.ts"
import { type Behave, make as makeTurns } from "./Turns.ts"
import type { Weather } from "./Weather.ts"

export type { Call, Fault, Operation } from "./Faults.ts"
export type { Reply, Step, Told } from "./Script.ts"

export interface Options {
  /** What an agent does when it is told something. By default it answers `done: <text>` after a second. */
  readonly behave?: Behave | undefined
  /** How long every call takes (ms). */
  readonly latency?: number | undefined
  /** How long it takes until a prompt or a notice that was taken shows in its session (ms). */
  readonly lag?: number | undefined
  readonly capabilities?: Partial<Capabilities> | undefined
}

export class SimulatedHost extends Context.Service<SimulatedHost, {
  /** A root session, idle; or, with a parent, one that the host made below another without anybody's asking. */
  readonly root: (name: string, parent?: SessionId) => Effect.Effect<SessionId>
  /** Decides how each call goes from now on. */
  readonly faults: (fault: (call: Call) => Fault) => Effect.Effect<void>
  /** Decides what becomes of each event from now on: the delays (ms) at which it is told; none loses it. */
  readonly feed: (deliver: Deliver) => Effect.Effect<void>
  /** Decides both at once: how each call goes, and what becomes of each event. */
  readonly weather: (weather: Weather) => Effect.Effect<void>
  /**
   * The process of the host dies, and is back after a while (ms): all turns stop without a word, their messages stay
   * unfinished, the feed of events breaks off, and calls fail as unreachable meanwhile. What the sessions hold is kept.
   */
  readonly restart: (downMs: number) => Effect.Effect<void>
  /** Ends the feed of events for all who listen, who may listen anew: what is told meanwhile is lost on them. */
  readonly cut: (how: "ended" | "failed") => Effect.Effect<void>
  /** Decides what agents do from now on. */
  readonly behave: (behave: Behave) => Effect.Effect<void>
  /** A person answers whatever a session asks; by default it is allowed. */
  readonly answer: (session: SessionId, reply?: Reply) => Effect.Effect<void>
  /** A person says something in a session. */
  readonly say: (session: SessionId, text: string) => Effect.Effect<void>
  /** A person interrupts a session. */
  readonly interrupt: (session: SessionId) => Effect.Effect<void>
  /** A person deletes a session: what runs in it goes on, as on the real host. Those below it stay. */
  readonly remove: (session: SessionId) => Effect.Effect<void>
  /** A person deletes a session and all below it, the deepest first: what one call does on OpenCode. */
  readonly removeFamily: (session: SessionId) => Effect.Effect<void>
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** Every notice that reached a session, in order, with every copy. */
  readonly notices: (session: SessionId) => Effect.Effect<ReadonlyArray<Notice>>
  /** The turns that a session began, in order: what it was told each time. */
  readonly turns: (session: SessionId) => Effect.Effect<ReadonlyArray<ReadonlyArray<Told>>>
  readonly activity: (session: SessionId) => Effect.Effect<Activity>
  /** The sessions that work now, roots left out. */
  readonly working: Effect.Effect<ReadonlyArray<SessionId>>
  /** The most sessions that ever worked at once, roots left out. */
  readonly peak: Effect.Effect<number>
  /** Every session there ever was. */
  readonly sessions: Effect.Effect<ReadonlyArray<SessionId>>
}>()("@errand/core/testing/SimulatedHost") {
  static readonly layer = (options: Options = {}): Layer.Layer<SimulatedHost | AgentHost> =>
    Layer.effectContext(Effect.suspend(() => make(options)))
}

const defaults: Capabilities = {
  activity: true,
  transcript: true,
  todos: true,
  continues: true,
  receipts: true,
  silent: false
}

const answerAfterASecond = (told: Told): ReadonlyArray<Step> => [
  { do: "wait", ms: 1_000 },
  { do: "say", text: `done: ${told.text}` }
]

const make = Effect.fnUntraced(function*(options: Options) {
  const opened = yield* Ref.make(HashMap.empty<string, SessionId>())
  const sessions = yield* makeSessions
  const { add, change, existing, find, next } = sessions
  const process = yield* makeProcess
  const feed = yield* makeFeed(process)
  const { behave, die, receive, stop } = yield* makeTurns(
    sessions,
    feed,
    process,
    options.behave ?? answerAfterASecond
  )
  const { call, calls, faults } = makeLine(options.latency ?? 0, process)

  /** What is taken at once, and shows after the lag. */
  const late = (session: SessionId, received: Effect.Effect<void, SessionGone>) =>
    options.lag === undefined
      ? received
      : Effect.andThen(existing(session), process.later(Effect.ignore(received), options.lag))

  const host = AgentHost.of({
    capabilities: { ...defaults, ...options.capabilities },
    open: ({ mayLaunch, request, task }) =>
      call(
        "open",
        undefined,
        Effect.gen(function*() {
          const known = HashMap.get(yield* Ref.get(opened), task)
          if (Option.isSome(known)) return known.value
          const id = SessionId.make(yield* next("ses"))
          yield* Ref.update(opened, HashMap.set<string, SessionId>(task, id))
          yield* add(id, request.parent)
          return id
        }),
        { mayLaunch }
      ),
    attach: (session) => call("attach", session, Effect.asVoid(existing(session))),
    prompt: (session, { mayLaunch, text }) =>
      call("prompt", session, late(session, receive(session, text, undefined, true)), { mayLaunch }),
    abort: (session) => call("abort", session, stop(session)),
    activity: (ids) =>
      call(
        "activity",
        undefined,
        Effect.gen(function*() {
          const found = new Map<SessionId, Activity>()
          for (const id of ids) {
            const session = yield* find(id)
            if (Option.isSome(session) && session.value.activity !== "idle") found.set(id, session.value.activity)
          }
          return found
        })
      ),
    transcript: (session, { last }) =>
      call("transcript", session, Effect.map(existing(session), ({ messages }) => messages.slice(-last))),
    todos: (session) =>
      call(
        "todos",
        session,
        Effect.mapError(
          Effect.map(existing(session), ({ openTodos }) => openTodos),
          ({ message }) => new HostError({ operation: "todos", kind: "refused", message })
        )
      ),
    parentOf: (session) => call("parentOf", session, Effect.map(existing(session), ({ parent }) => parent)),
    notify: (parent, notice) =>
      call("notify", parent, late(parent, receive(parent, `notice ${notice.kind}`, notice, notice.wakes))),
    received: (parent, id) =>
      call(
        "received",
        parent,
        Effect.map(
          Effect.option(existing(parent)),
          Option.exists(({ notices }) => notices.some((notice) => notice.id === id))
        )
      ),
    events: feed.events
  })

  const remove = (session: SessionId) =>
    Effect.andThen(
      change(session, (current) => ({ ...current, deleted: true })),
      feed.tell({ _tag: "Deleted", session })
    )

  const simulated = SimulatedHost.of({
    root: (name, parent) => Effect.as(add(SessionId.make(name), parent), SessionId.make(name)),
    faults,
    feed: feed.deliver,
    weather: ({ deliver, fault }) => Effect.andThen(faults(fault), feed.deliver(deliver)),
    restart: (downMs) => Effect.all([process.restart(downMs), die, feed.cut("failed")], { discard: true }),
    cut: feed.cut,
    behave,
    answer: (session, reply = "allow") =>
      Effect.flatMap(find(session), (found) =>
        Effect.asVoid(Effect.transposeOption(
          Option.map(Option.flatMap(found, ({ asking }) => asking), (ask) => Deferred.succeed(ask, reply))
        ))),
    say: (session, text) => Effect.ignore(receive(session, text, undefined, true)),
    interrupt: stop,
    remove,
    removeFamily: (session) =>
      Effect.flatMap(sessions.family(session), (family) => Effect.forEach(family, remove, { discard: true })),
    calls,
    notices: (session) =>
      Effect.map(find(session), Option.match({ onNone: () => [], onSome: ({ notices }) => notices })),
    turns: (session) => Effect.map(find(session), Option.match({ onNone: () => [], onSome: ({ turns }) => turns })),
    activity: (session) =>
      Effect.map(find(session), Option.match({ onNone: () => "unknown" as const, onSome: ({ activity }) => activity })),
    working: sessions.working,
    peak: sessions.peak,
    sessions: sessions.all
  })

  return Context.make(SimulatedHost, simulated).pipe(Context.add(AgentHost, host))
})
