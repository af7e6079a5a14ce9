/**
 * A host without agents: sessions follow scripts, time is the test clock's, and everything that goes wrong on a real
 * host can be made to go wrong here.
 *
 * It keeps the promises of the port (`HostContract` holds it to them) and copies the manners of a real one: a session
 * that is prompted while it works takes the prompt up at the end of the turn; an abort shows before the aborted message
 * is complete; idle may be told twice; an idle session is not in the activity list.
 */
import { Clock, Context, Deferred, Effect, FiberMap, HashMap, Layer, Option, PubSub, Ref, Stream } from "effect"
import {
  type Activity,
  AgentHost,
  type Capabilities,
  HostError,
  type HostEvent,
  type Message,
  SessionGone
} from "../AgentHost.ts"
import type { Notice } from "../Notice.ts"
import { SessionId } from "../Task.ts"

/** One thing that an agent does in a turn. Times are in ms. */
export type Step =
  /** Thinks. */
  | { readonly do: "wait"; readonly ms: number }
  /** Writes while it thinks: signs of life every `every` ms. */
  | { readonly do: "stream"; readonly ms: number; readonly every: number }
  | { readonly do: "tool"; readonly name: string; readonly ms: number; readonly error?: string }
  /** Ends the turn with an answer. */
  | { readonly do: "say"; readonly text: string; readonly cut?: boolean }
  /** The provider fails, and the host waits before it tries again. */
  | { readonly do: "retry"; readonly ms: number; readonly message: string }
  /** The turn ends in an error of the provider. */
  | { readonly do: "fail"; readonly message: string }
  /** The prompt is refused after it was accepted: an error event, and nothing else, not even idle. */
  | { readonly do: "refuse"; readonly message: string }
  /** The context overflows: an error event, a summary by the host, and the host makes the agent go on. */
  | { readonly do: "overflow" }
  /** The turn ends after a tool call, without an answer. */
  | { readonly do: "stop" }
  | { readonly do: "hang" }
  /** Nothing ever comes of the prompt: no message, no event. */
  | { readonly do: "ignore" }
  /** The host tells something, true or not: that the session is idle, or that it has ended. */
  | { readonly do: "tell"; readonly event: (session: SessionId) => HostEvent }
  /** Wants a permission; goes on when it is answered. */
  | { readonly do: "ask"; readonly what: string }
  | { readonly do: "todos"; readonly open: number }
  /** Does something of the test's: launches a task of its own, for example. */
  | { readonly do: "call"; readonly name: string; readonly effect: Effect.Effect<unknown> }

/** What a session was told: by a prompt, or by a notice. */
export interface Told {
  readonly session: SessionId
  readonly text: string
  readonly notice: Notice | undefined
  /** How many times this session was told something before. */
  readonly nth: number
}

export type Operation =
  | "open"
  | "attach"
  | "prompt"
  | "abort"
  | "activity"
  | "transcript"
  | "todos"
  | "parentOf"
  | "notify"
  | "received"

/**
 * How one call goes wrong. `fail-after`: it is done, and then reported as failed. `slow`: it is done that much later (ms).
 * `late`: it is done at once, and its answer takes that long (ms).
 */
export type Fault = "ok" | "fail" | "hang" | "die" | "fail-after" | "hang-after" | { readonly slow: number } | {
  readonly late: number
}

export interface Call {
  readonly operation: Operation
  readonly session: SessionId | undefined
  /** Epoch ms. */
  readonly at: number
  /** Of `open` and `prompt`: whether the agent may launch tasks of its own. */
  readonly mayLaunch?: boolean
}

export interface Options {
  /** What an agent does when it is told something. By default it answers `done: <text>` after a second. */
  readonly behave?: ((told: Told) => ReadonlyArray<Step>) | undefined
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
  readonly feed: (deliver: (event: HostEvent) => ReadonlyArray<number>) => Effect.Effect<void>
  /** Ends the feed of events for all who listen, who may listen anew: what is told meanwhile is lost on them. */
  readonly cut: (how: "ended" | "failed") => Effect.Effect<void>
  /** Decides what agents do from now on. */
  readonly behave: (behave: (told: Told) => ReadonlyArray<Step>) => Effect.Effect<void>
  /** A person answers whatever a session asks. */
  readonly answer: (session: SessionId) => Effect.Effect<void>
  /** A person says something in a session. */
  readonly say: (session: SessionId, text: string) => Effect.Effect<void>
  /** A person interrupts a session. */
  readonly interrupt: (session: SessionId) => Effect.Effect<void>
  /** A person deletes a session: what runs in it goes on, as on the real host. */
  readonly remove: (session: SessionId) => Effect.Effect<void>
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

interface Session {
  readonly id: SessionId
  readonly parent: SessionId | undefined
  readonly messages: ReadonlyArray<Message>
  readonly activity: Activity
  readonly openTodos: number
  /** What it was told and has not begun to answer. */
  readonly inbox: ReadonlyArray<Told>
  readonly told: number
  readonly notices: ReadonlyArray<Notice>
  readonly turns: ReadonlyArray<ReadonlyArray<Told>>
  readonly asking: Option.Option<Deferred.Deferred<void>>
  readonly deleted: boolean
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
  const sessions = yield* Ref.make(HashMap.empty<SessionId, Session>())
  const opened = yield* Ref.make(HashMap.empty<string, SessionId>())
  const calls: Array<Call> = []
  const fault = yield* Ref.make<(call: Call) => Fault>(() => "ok")
  const feed = yield* Ref.make<(event: HostEvent) => ReadonlyArray<number>>(() => [0])
  const behave = yield* Ref.make(options.behave ?? answerAfterASecond)
  const counter = yield* Ref.make(0)
  const crowd = yield* Ref.make({ now: 0, peak: 0 })
  const events = yield* PubSub.unbounded<HostEvent>()
  const feedEnd = yield* Ref.make(Deferred.makeUnsafe<void, HostError>())
  const turns = yield* FiberMap.make<SessionId>()
  const scope = yield* Effect.scope

  const next = (prefix: string) => Effect.map(Ref.updateAndGet(counter, (n) => n + 1), (n) => `${prefix}_${n}`)

  const tell = Effect.fnUntraced(function*(event: HostEvent) {
    for (const delay of (yield* Ref.get(feed))(event)) {
      yield* delay === 0
        ? PubSub.publish(events, event)
        : Effect.forkIn(Effect.delay(PubSub.publish(events, event), delay), scope)
    }
  })

  const find = (id: SessionId) => Effect.map(Ref.get(sessions), HashMap.get(id))

  const existing = Effect.fnUntraced(function*(id: SessionId) {
    const session = yield* find(id)
    return Option.isSome(session) && !session.value.deleted ? session.value : yield* new SessionGone({ session: id })
  })

  const change = (id: SessionId, f: (session: Session) => Session) =>
    Ref.update(sessions, HashMap.modifyAt(id, Option.map(f)))

  const add = (id: SessionId, parent: SessionId | undefined) => {
    const session: Session = {
      id,
      parent,
      messages: [],
      activity: "idle",
      openTodos: 0,
      inbox: [],
      told: 0,
      notices: [],
      turns: [],
      asking: Option.none(),
      deleted: false
    }
    return Ref.update(sessions, HashMap.set(id, session))
  }

  const isWorking = (session: Session) => session.parent !== undefined && session.activity !== "idle"

  const working = Effect.map(Ref.get(sessions), (all) => HashMap.toValues(all).filter(isWorking).map(({ id }) => id))

  const setActivity = Effect.fnUntraced(function*(id: SessionId, activity: Activity) {
    const before = yield* find(id)
    yield* change(id, (session) => ({ ...session, activity }))
    const after = yield* find(id)
    const more = Number(Option.exists(after, isWorking)) - Number(Option.exists(before, isWorking))
    yield* Ref.update(crowd, ({ now, peak }) => ({ now: now + more, peak: Math.max(peak, now + more) }))
  })

  const append = (id: SessionId, message: Message) =>
    change(id, (session) => ({ ...session, messages: [...session.messages, message] }))

  const amend = (id: SessionId, message: string, f: (message: Message) => Partial<Message>) =>
    change(id, (session) => ({
      ...session,
      messages: session.messages.map((old) =>
        old.id === message ? { ...old, ...f(old), fingerprint: `${old.fingerprint}+` } : old
      )
    }))

  /** Ends a turn as if it had never begun. */
  const discard = (id: SessionId, answer: string) =>
    Effect.andThen(
      setActivity(id, "idle"),
      change(id, (session) => ({ ...session, messages: session.messages.filter((message) => message.id !== answer) }))
    )

  const userMessage = (id: string, text: string, more: Partial<Message> = {}): Message => ({
    id,
    role: "user",
    automatic: false,
    notices: [],
    text,
    tools: [],
    state: "done",
    fingerprint: "0",
    ...more
  })

  const newAnswer = Effect.fnUntraced(function*(session: SessionId) {
    const id = yield* next("msg")
    yield* append(session, { ...userMessage(id, ""), role: "assistant", state: "open" })
    return id
  })

  /** One step in the answer that is being written; gives the answer to go on in, or nothing when the turn is over. */
  const step = Effect.fnUntraced(function*(session: SessionId, answer: string, step: Step) {
    const goOn = Option.some(answer)
    const over = Option.none<string>()
    switch (step.do) {
      case "wait":
        yield* Effect.sleep(step.ms)
        return goOn
      case "stream":
        for (let spent = 0; spent < step.ms; spent += step.every) {
          yield* Effect.sleep(Math.min(step.every, step.ms - spent))
          yield* amend(session, answer, (message) => ({ text: `${message.text}.` }))
          yield* tell({ _tag: "Wrote", session })
        }
        return goOn
      case "tool":
      case "call": {
        const call = yield* next("call")
        const name = step.do === "tool" ? step.name : step.name
        yield* amend(session, answer, () => ({ tools: [{ name, state: "running" }] }))
        yield* tell({ _tag: "Tool", session, call, name, state: "running" })
        yield* step.do === "tool" ? Effect.sleep(step.ms) : step.effect
        const error = step.do === "tool" ? step.error : undefined
        const state = error === undefined ? "done" : "failed"
        yield* amend(session, answer, () => ({ tools: [{ name, state, error }], state: "more" }))
        yield* tell({ _tag: "Tool", session, call, name, state })
        yield* tell({ _tag: "MessageEnded", session })
        return Option.some(yield* newAnswer(session))
      }
      case "say":
        yield* amend(session, answer, () => ({ text: step.text, state: step.cut === true ? "cut" : "done" }))
        yield* tell({ _tag: "MessageEnded", session })
        return over
      case "retry": {
        const now = yield* Clock.currentTimeMillis
        yield* setActivity(session, "retry")
        yield* tell({ _tag: "Retrying", session, attempt: 1, message: step.message, nextAt: now + step.ms })
        yield* Effect.sleep(step.ms)
        yield* setActivity(session, "busy")
        yield* tell({ _tag: "Busy", session })
        return goOn
      }
      case "fail":
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        yield* setActivity(session, "idle")
        yield* tell({ _tag: "Idle", session })
        yield* Effect.sleep(40)
        yield* amend(session, answer, () => ({ state: "failed", error: step.message }))
        yield* tell({ _tag: "MessageEnded", session })
        return over
      case "refuse":
        yield* discard(session, answer)
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        return yield* Effect.interrupt
      case "ignore":
        yield* discard(session, answer)
        return yield* Effect.interrupt
      case "overflow":
        yield* tell({ _tag: "Erred", session, message: "the context is full", aborted: false })
        yield* amend(session, answer, () => ({ state: "failed", error: "the context is full" }))
        yield* append(session, userMessage(yield* next("msg"), "", { automatic: true }))
        yield* append(session, {
          ...userMessage(yield* next("msg"), "summary", { automatic: true }),
          role: "assistant"
        })
        yield* Effect.sleep(50)
        yield* append(session, userMessage(yield* next("msg"), "go on", { automatic: true }))
        return Option.some(yield* newAnswer(session))
      case "stop":
        yield* amend(
          session,
          answer,
          () => ({ state: "more", tools: [{ name: "bash", state: "failed", error: "rejected" }] })
        )
        yield* tell({ _tag: "MessageEnded", session })
        return over
      case "hang":
        return yield* Effect.never
      case "tell":
        yield* tell(step.event(session))
        return goOn
      case "ask": {
        const ask = yield* next("ask")
        const answered = yield* Deferred.make<void>()
        yield* change(session, (current) => ({ ...current, asking: Option.some(answered) }))
        yield* tell({ _tag: "Asked", session, ask, what: step.what })
        yield* Deferred.await(answered)
        yield* change(session, (current) => ({ ...current, asking: Option.none() }))
        yield* tell({ _tag: "Answered", session, ask })
        return goOn
      }
      case "todos":
        yield* change(session, (current) => ({ ...current, openTodos: step.open }))
        return goOn
    }
  })

  /** Works until there is nothing left that the session was told. */
  const work = (id: SessionId): Effect.Effect<void> =>
    Effect.gen(function*() {
      yield* setActivity(id, "busy")
      yield* tell({ _tag: "Busy", session: id })
      for (;;) {
        const session = Option.getOrUndefined(yield* find(id))
        const told = session?.inbox.at(-1)
        if (session === undefined || told === undefined) break
        yield* change(id, (current) => ({ ...current, inbox: [], turns: [...current.turns, session.inbox] }))
        let answer = Option.some(yield* newAnswer(id))
        for (const one of (yield* Ref.get(behave))(told)) {
          if (Option.isNone(answer)) break
          answer = yield* step(id, answer.value, one)
        }
        // A script without an end is an empty answer.
        if (Option.isSome(answer)) yield* amend(id, answer.value, () => ({ state: "done" }))
      }
      yield* Effect.uninterruptible(
        Effect.andThen(setActivity(id, "idle"), tell({ _tag: "Idle", session: id }))
      )
    })

  const wake = (id: SessionId) =>
    Effect.flatMap(find(id), (session) =>
      Option.isSome(session) && session.value.activity === "idle"
        ? Effect.asVoid(FiberMap.run(turns, id, work(id)))
        : Effect.void)

  const receive = Effect.fnUntraced(function*(
    id: SessionId,
    text: string,
    notice: Notice | undefined,
    wakes: boolean
  ) {
    const message = yield* next("msg")
    const { activity } = yield* existing(id)
    yield* append(id, userMessage(message, text, { notices: notice === undefined ? [] : [notice.id] }))
    yield* change(id, (session) => {
      const told: Told = { session: id, text, notice, nth: session.told }
      return {
        ...session,
        told: session.told + 1,
        notices: notice === undefined ? session.notices : [...session.notices, notice],
        // What is only kept is seen by an agent that works anyway, and not by one that rests.
        inbox: wakes || activity !== "idle" ? [...session.inbox, told] : session.inbox
      }
    })
    if (wakes) yield* wake(id)
  })

  const stop = Effect.fnUntraced(function*(id: SessionId) {
    const session = yield* find(id)
    if (Option.isNone(session) || session.value.activity === "idle") return
    const inRetry = session.value.activity === "retry"
    yield* FiberMap.remove(turns, id)
    yield* change(id, (current) => ({ ...current, inbox: [], asking: Option.none() }))
    yield* setActivity(id, "idle")
    if (!inRetry) yield* tell({ _tag: "Erred", session: id, message: "Aborted", aborted: true })
    yield* tell({ _tag: "Idle", session: id })
    const open = session.value.messages.findLast((message) => message.state === "open")
    if (open === undefined) return
    yield* Effect.forkIn(
      Effect.gen(function*() {
        if (!inRetry) yield* Effect.sleep(30)
        yield* amend(id, open.id, () => inRetry ? { state: "stopped" } : { state: "aborted", error: "Aborted" })
        yield* tell({ _tag: "MessageEnded", session: id })
        if (!inRetry) yield* tell({ _tag: "Idle", session: id })
      }),
      scope
    )
  })

  /** A call as the faults want it. */
  const call = <A, E>(
    operation: Operation,
    session: SessionId | undefined,
    effect: Effect.Effect<A, E>,
    more: Pick<Call, "mayLaunch"> = {}
  ): Effect.Effect<A, E | HostError> =>
    Effect.gen(function*() {
      const made: Call = { operation, session, at: yield* Clock.currentTimeMillis, ...more }
      calls.push(made)
      const how = (yield* Ref.get(fault))(made)
      const latency = options.latency ?? 0
      if (latency > 0) yield* Effect.sleep(latency)
      const failure = new HostError({ operation, kind: "unreachable", message: `simulated fault in ${operation}` })
      if (typeof how === "object") {
        return yield* "slow" in how
          ? Effect.andThen(Effect.sleep(how.slow), effect)
          : Effect.tap(effect, () => Effect.sleep(how.late))
      }
      switch (how) {
        case "ok":
          return yield* effect
        case "fail":
          return yield* failure
        case "hang":
          return yield* Effect.never
        case "die":
          return yield* Effect.die(failure)
        case "fail-after":
          return yield* Effect.andThen(effect, Effect.fail(failure))
        case "hang-after":
          return yield* Effect.andThen(effect, Effect.never)
      }
    })

  /** What is taken at once, and shows after the lag. */
  const late = (session: SessionId, received: Effect.Effect<void, SessionGone>) =>
    options.lag === undefined ? received : Effect.andThen(
      existing(session),
      Effect.asVoid(Effect.forkIn(Effect.delay(received, options.lag), scope))
    )

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
      call("todos", session, Effect.map(find(session), Option.match({ onNone: () => 0, onSome: (s) => s.openTodos }))),
    parentOf: (session) => call("parentOf", session, Effect.map(existing(session), ({ parent }) => parent)),
    notify: (parent, notice) =>
      call("notify", parent, late(parent, receive(parent, `notice ${notice.kind}`, notice, notice.wakes))),
    received: (parent, id) =>
      call(
        "received",
        parent,
        Effect.map(find(parent), Option.exists(({ notices }) => notices.some((notice) => notice.id === id)))
      ),
    events: Stream.unwrap(Effect.map(
      Ref.get(feedEnd),
      (end) => Stream.interruptWhen(Stream.fromPubSub(events), Deferred.await(end))
    ))
  })

  const simulated = SimulatedHost.of({
    root: (name, parent) => Effect.as(add(SessionId.make(name), parent), SessionId.make(name)),
    faults: (f) => Ref.set(fault, f),
    feed: (f) => Ref.set(feed, f),
    cut: (how) =>
      Effect.flatMap(
        Ref.getAndSet(feedEnd, Deferred.makeUnsafe()),
        (end) =>
          how === "ended" ? Deferred.succeed(end, undefined) : Deferred.fail(
            end,
            new HostError({ operation: "events", kind: "unreachable", message: "the feed of events broke off" })
          )
      ),
    behave: (f) => Ref.set(behave, f),
    answer: (session) =>
      Effect.flatMap(find(session), (found) =>
        Effect.asVoid(Effect.transposeOption(
          Option.map(Option.flatMap(found, ({ asking }) => asking), (ask) => Deferred.succeed(ask, undefined))
        ))),
    say: (session, text) => Effect.ignore(receive(session, text, undefined, true)),
    interrupt: stop,
    remove: (session) =>
      Effect.andThen(
        change(session, (current) => ({ ...current, deleted: true })),
        tell({ _tag: "Deleted", session })
      ),
    calls: Effect.sync(() => [...calls]),
    notices: (session) =>
      Effect.map(find(session), Option.match({ onNone: () => [], onSome: ({ notices }) => notices })),
    turns: (session) => Effect.map(find(session), Option.match({ onNone: () => [], onSome: ({ turns }) => turns })),
    activity: (session) =>
      Effect.map(find(session), Option.match({ onNone: () => "unknown" as const, onSome: ({ activity }) => activity })),
    working,
    peak: Effect.map(Ref.get(crowd), ({ peak }) => peak),
    sessions: Effect.map(Ref.get(sessions), (all) => Array.from(HashMap.keys(all)))
  })

  return Context.make(SimulatedHost, simulated).pipe(Context.add(AgentHost, host))
})
