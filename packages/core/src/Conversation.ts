/**
 * A running task's hold on its session: it is aborted when the task is over, unless the task got its answer.
 *
 * Calls to the host are never left half way. A call that is under way when the task is called off runs on to its own
 * time limit, out of the task's hands; if a session comes out of it after all, it is aborted too, and it is never
 * prompted. The task itself does not wait for any of that: slots and status are free at once.
 */
import { Deferred, Effect, Exit, HashMap, MutableRef, Option, Ref, Schedule } from "effect"
import type { AgentHost, HostError, SessionGone } from "./AgentHost.ts"
import type { Call, HostCalls, Start } from "./HostCalls.ts"
import type { Journal } from "./Journal.ts"
import type { Settings } from "./Settings.ts"
import type { SessionId, Task, TaskId } from "./Task.ts"
import * as Tasks from "./Task.ts"

/** Whether the host confirmed that a session was stopped. `none`: there was nothing to stop. */
export type Abort = "none" | "confirmed" | "unconfirmed"

export interface Conversation {
  readonly session: SessionId
  /** The last message that was there before; none in a new session. */
  readonly after: Option.Option<string>
  readonly prompt: (text: string) => Effect.Effect<void, HostError | SessionGone>
}

/** What is needed besides. */
export interface Environment {
  readonly host: AgentHost["Service"]
  readonly settings: Settings
  readonly hostCalls: HostCalls["Service"]
  readonly journal: Pick<Journal["Service"], "owns">
  /** Starts what may outlive a task; it ends with the service. */
  readonly start: Start
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
      const state = MutableRef.make<State>({ session, call: Option.none(), closed: false })
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
    const { hostCalls: { within }, settings: { startTimeoutMs } } = environment
    return Effect.andThen(within("abort", startTimeoutMs, Deferred.await(before.value)), begin)
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
  const { environment: { host, settings }, task } = hold
  const { agent, model } = task.request
  return {
    session,
    after,
    prompt: (text) =>
      commit(hold, "prompt", host.prompt(session, { text, agent, model, mayLaunch: mayLaunch(settings, task) }))
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
      (isOwn) => isOwn ? stop(hold, word) : Deferred.succeed(word, "none")
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
  word: Deferred.Deferred<Abort>
) {
  const { call, session } = MutableRef.get(state)
  // As it is now: one that is answered while the abort is may have come after it.
  const underWay = Option.filter(call, (call) => !call.isOver())
  const first = Option.isSome(session) ? yield* abortOnce(environment, session.value) : "none"
  if (Option.isNone(underWay)) {
    yield* Deferred.succeed(word, first)
    if (first === "unconfirmed" && Option.isSome(session)) yield* insist(environment, session.value)
    return
  }
  // A prompt may arrive after the abort, and an open may still bring a session.
  yield* Deferred.succeed(word, "unconfirmed")
  yield* Effect.exit(underWay.value.answer)
  const late = MutableRef.get(state).session
  if (Option.isSome(late)) yield* insist(environment, late.value)
})

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
