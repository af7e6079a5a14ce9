/**
 * A running task's hold on its session: it is aborted when the task is over, unless the task got its answer.
 *
 * Calls to the host are never left half way. A call that is under way when the task is called off runs on to its own
 * time limit, out of the task's hands; if a session comes out of it after all, it is aborted too, and it is never
 * prompted. The task itself does not wait for any of that: slots and status are free at once.
 */
import { type Clock, Deferred, Effect, Exit, HashMap, MutableRef, Option, Ref, Schedule } from "effect"
import { type AgentHost, HostError, type SessionGone } from "./AgentHost.ts"
import type { Call, HostCalls, Start } from "./HostCalls.ts"
import type { Journal } from "./Journal.ts"
import type { Notices } from "./Notices.ts"
import type { Settings } from "./Settings.ts"
import type { SessionId, Task, TaskId } from "./Task.ts"
import * as Tasks from "./Task.ts"

/** Whether the host confirmed that a session was stopped. `none`: there was nothing to stop. */
export type Abort = "none" | "confirmed" | "unconfirmed"

export interface Conversation {
  readonly session: SessionId
  /** The last message that was there before; none in a new session. */
  readonly after: Option.Option<string>
  /** From now on it is seen what the session does: `hasBegun` whether it did anything since then (epoch ms). */
  readonly watched: (hasBegun: (since: number) => boolean) => void
  /** Says something in it. */
  readonly prompt: (text: string) => Effect.Effect<void, HostError | SessionGone>
}

/** What is needed besides. */
export interface Environment {
  readonly clock: Clock.Clock
  readonly host: AgentHost["Service"]
  readonly settings: Settings
  readonly hostCalls: HostCalls["Service"]
  readonly journal: Pick<Journal["Service"], "owns">
  readonly notices: Pick<Notices["Service"], "wakingUnsafe">
  /** Starts what may outlive a task; it ends with the service. */
  readonly start: Start
  /** Ends when the service does: nobody who waits then need wait any longer. */
  readonly ending: Effect.Effect<void>
  /** The tasks whose sessions are being stopped, each with what is done when that is over. */
  readonly stopping: Ref.Ref<HashMap.HashMap<TaskId, Deferred.Deferred<void>>>
}

/** A task's hold on its session. */
export interface Hold {
  readonly environment: Environment
  readonly task: Task
  readonly aborted: Ref.Ref<Effect.Effect<Abort>>
  readonly state: MutableRef.MutableRef<State>
}

/** The session, and the last call about it; nothing new is begun once it is closed. */
interface State {
  readonly session: Option.Option<SessionId>
  readonly call: Option.Option<Call<unknown, unknown>>
  /** When its prompt was sent (epoch ms). */
  readonly promptedAt: Option.Option<number>
  /** Whether the session was seen to do anything since then (epoch ms). */
  readonly hasBegun: (since: number) => boolean
  readonly closed: boolean
}

/**
 * Around everything that a task does in its session. When that ends with anything but success the session is aborted, and
 * `aborted` becomes what waits for the host's word on that.
 */
export const holding =
  (environment: Environment, task: Task, aborted: Ref.Ref<Effect.Effect<Abort>>) =>
  <A, E, R>(use: (hold: Hold) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const session = Option.fromUndefinedOr(task.session)
      const state = MutableRef.make<State>({
        session,
        call: Option.none(),
        promptedAt: Option.none(),
        hasBegun: () => false,
        closed: false
      })
      const hold: Hold = { environment, task, aborted, state }
      return Effect.onExit(use(hold), (exit) => Exit.isSuccess(exit) ? Effect.void : close(hold, exit))
    })

/** Opens the session of a task, or takes up the one it had. */
export const open = (hold: Hold): Effect.Effect<Conversation, HostError | SessionGone> =>
  Effect.suspend(() => {
    const { environment, task: { id, session } } = hold
    const begin = session === undefined ? openNew(hold) : takeUp(hold, session)
    // What is left of the run before would hit this one: its prompt may still arrive, and its abort.
    const before = HashMap.get(Ref.getUnsafe(environment.stopping), id)
    if (Option.isNone(before)) return begin
    const { hostCalls: { within }, settings: { abortTimeoutMs, startTimeoutMs } } = environment
    const most = Math.max(startTimeoutMs, beginsWithin + 2 * abortTimeoutMs)
    return Effect.andThen(within("abort", most, Deferred.await(before.value)), begin)
  })

/** In a new session nothing was said before. */
const openNew = (hold: Hold): Effect.Effect<Conversation, HostError | SessionGone> => {
  const { environment: { host, settings }, state, task } = hold
  const opened = Effect.map(
    host.open({
      task: task.id,
      request: task.request,
      mayLaunch: mayLaunch(settings, task),
      mayExist: task.adopted !== undefined
    }),
    (session) => {
      MutableRef.update(state, (state) => ({ ...state, session: Option.some(session) }))
      return session
    }
  )
  return Effect.map(commit(hold, "open", opened), (session) => conversation(hold, session, Option.none()))
}

const takeUp = (hold: Hold, session: SessionId): Effect.Effect<Conversation, HostError | SessionGone> =>
  Effect.map(lastBefore(hold.environment, session, hold.task), (after) => conversation(hold, session, after))

const conversation = (hold: Hold, session: SessionId, after: Option.Option<string>): Conversation => {
  const { environment: { clock, host, settings }, state, task } = hold
  const { agent, model } = task.request
  return {
    session,
    after,
    watched: (hasBegun) => MutableRef.update(state, (state) => ({ ...state, hasBegun })),
    prompt: (text) =>
      Effect.suspend(() => {
        const at = clock.currentTimeMillisUnsafe()
        MutableRef.update(state, (state) => ({ ...state, promptedAt: Option.some(at) }))
        return commit(
          hold,
          "prompt",
          host.prompt(session, { text, agent, model, mayLaunch: mayLaunch(settings, task) })
        )
      })
  }
}

/** Runs a call that cannot be taken back: its caller may go, it stays until it is answered or out of time. */
const commit = <A, E>(
  { environment: { hostCalls, settings, start }, state }: Hold,
  operation: string,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E | HostError> =>
  Effect.suspend(() => {
    if (MutableRef.get(state).closed) return Effect.interrupt
    const made = hostCalls.commitUnsafe(start, operation, settings.startTimeoutMs, call)
    // Nobody need know of a call that is over already.
    if (!made.isOver()) MutableRef.update(state, (state) => ({ ...state, call: Option.some(made) }))
    return made.answer
  })

const close = (hold: Hold, exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const { aborted, environment: { journal, start, stopping }, state, task } = hold
    MutableRef.update(state, (state) => ({ ...state, closed: true }))
    const word = Deferred.makeUnsafe<Abort>()
    const stopped = Deferred.makeUnsafe<void>()
    const isStopped = Effect.andThen(
      Ref.update(
        stopping,
        (all) =>
          Option.exists(HashMap.get(all, task.id), (last) => last === stopped) ? HashMap.remove(all, task.id) : all
      ),
      Deferred.succeed(stopped, undefined)
    )
    // Whoever has taken it over works in that session.
    const stopOwn = Effect.flatMap(
      journal.owns(task.id),
      (isOwn) => isOwn ? stop(hold, exit, word) : Deferred.succeed(word, "none")
    )
    // One that has come to an end by itself is told of first: what its session does a moment longer is nothing.
    const inTurn = Exit.hasInterrupts(exit) ? stopOwn : Effect.andThen(aMoment, stopOwn)
    return Ref.set(aborted, Deferred.await(word)).pipe(
      Effect.andThen(Ref.update(stopping, HashMap.set(task.id, stopped))),
      Effect.andThen(Effect.sync(() => start(Effect.ensuring(inTurn, isStopped))))
    )
  })

/** Until what is begun in this turn of the event loop, and what that begins in the next, is on its way. */
const aMoment = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

const stop = Effect.fnUntraced(function*(
  { environment, state }: Hold,
  exit: Exit.Exit<unknown, unknown>,
  word: Deferred.Deferred<Abort>
) {
  // As it is before the abort: what is answered while that is under way may have come after it.
  const { call, hasBegun, promptedAt, session } = MutableRef.get(state)
  const underWay = Option.filter(call, (call) => !call.isOver())
  const now = environment.clock.currentTimeMillisUnsafe()
  const first = Option.isSome(session) ? yield* abortOnce(environment, session.value) : "none"
  // As it is after the abort: a notice may have gone out before anybody knew that the task is over.
  const toldAt = later(promptedAt, Option.flatMap(session, environment.notices.wakingUnsafe))
  const mayBegin = Option.exists(toldAt, (at) =>
    !hasBegun(at) && (Exit.hasInterrupts(exit)
      ? Option.isSome(underWay) || now - at < beginsWithin
      : isUnclear(exit)))
  // A prompt may arrive after the abort, and an open may still bring a session.
  yield* Deferred.succeed(word, Option.isSome(underWay) ? "unconfirmed" : first)
  if (Option.isSome(underWay)) yield* Effect.exit(underWay.value.answer)
  const last = MutableRef.get(state).session
  if (Option.isNone(last)) return
  if (Option.isSome(underWay) || first === "unconfirmed") yield* insist(environment, last.value)
  if (mayBegin) yield* onceMore(environment, last.value)
})

const later = (one: Option.Option<number>, other: Option.Option<number>): Option.Option<number> =>
  Option.orElse(Option.zipWith(one, other, Math.max), () => Option.orElse(one, () => other))

/** Whether the host did not answer: what it was asked for it may have done all the same, or still do. */
const isUnclear = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Option.exists(
    Exit.findErrorOption(exit),
    (error) => error instanceof HostError && error.kind === "unreachable"
  )

/**
 * How long after a prompt, or a notice that wakes, a host may begin with it that has taken it (ms): an abort that comes in
 * between stops nothing. OpenCode 1.18 needs 20 to 50 ms for that, on a machine that has nothing else to do.
 */
const beginsWithin = 5_000

/** Soon, and when it must have begun. A person who says something there meanwhile is stopped by it as well. */
const onceMore = (environment: Environment, session: SessionId): Effect.Effect<void> =>
  Effect.forEach(
    [beginsWithin / 5, beginsWithin * 4 / 5],
    (wait) => Effect.andThen(Effect.sleep(wait), insist(environment, session)),
    { discard: true }
  ).pipe(Effect.raceFirst(environment.ending))

const mayLaunch = (settings: Settings, task: Task): boolean => Tasks.depth(task) < settings.maxDepth

/** The last message before the prompt of this run. A session from earlier has to be there, and ends somewhere. */
const lastBefore = Effect.fnUntraced(function*(
  { host, hostCalls: { within }, settings }: Environment,
  session: SessionId,
  { opened }: Task
) {
  if (opened !== undefined) return Option.fromUndefinedOr(opened.after)
  yield* within("attach", settings.startTimeoutMs, host.attach(session))
  if (!host.capabilities.transcript) return Option.none<string>()
  const messages = yield* within("transcript", settings.callTimeoutMs, host.transcript(session, { last: 1 }))
  return Option.map(Option.fromUndefinedOr(messages.at(-1)), (message) => message.id)
})

const abortOnce = ({ host, hostCalls, settings }: Environment, session: SessionId): Effect.Effect<Abort> =>
  hostCalls.within("abort", settings.abortTimeoutMs, host.abort(session)).pipe(
    Effect.as("confirmed" as const),
    Effect.orElseSucceed(() => "unconfirmed" as const)
  )

/** No orphan keeps spending: an abort that failed is tried again for some minutes. */
const insist = (environment: Environment, session: SessionId): Effect.Effect<void> =>
  Effect.repeat(abortOnce(environment, session), {
    schedule: Schedule.exponential("1 second"),
    times: 8,
    until: (result) => result === "confirmed"
  })
