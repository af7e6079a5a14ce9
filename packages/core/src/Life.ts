/**
 * The life of a task: slots, a session, a prompt, watching, the answer. One Effect, and everything that it holds is in
 * scopes inside it: however it ends, the slots are free and the session is stopped, unless it has answered.
 *
 * It starts from the task as the journal has it: a task that had a session before goes on in that, and one that was taken
 * over from a process that is gone goes on from where its session stands.
 */
import { type Deferred, Effect, MutableRef, Option, type Ref } from "effect"
import type { HostError, SessionGone } from "./AgentHost.ts"
import * as Conversation from "./Conversation.ts"
import type * as Doors from "./Doors.ts"
import * as Ending from "./Ending.ts"
import type { Journal } from "./Journal.ts"
import type { Limits } from "./Limits.ts"
import type { Notices } from "./Notices.ts"
import * as Sighting from "./Sighting.ts"
import * as Standing from "./Standing.ts"
import * as Task from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"
import type { Watch, Watcher } from "./Watch.ts"

/** What a life needs besides. */
export interface Environment extends Conversation.Environment {
  readonly journal: Journal["Service"]
  readonly limits: Limits["Service"]
  readonly notices: Notices["Service"]
  readonly watch: Watch["Service"]
  /** Lets those in, soon, who wait for something. */
  readonly openAll: Doors.OpenAll
  /** Around what a task has only so much time for: when that is spent, the task is ended. */
  readonly inTime: (
    task: Task.Task,
    spent: Effect.Effect<number>
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** What others may see of a life while it lasts. */
export interface Signs {
  /** Done when it has its session. */
  readonly opened: Deferred.Deferred<void>
  /** Waits, once it is over, until the host has said whether it stopped the session. */
  readonly aborted: Ref.Ref<Effect.Effect<Conversation.Abort>>
  /** What has been seen of the session. */
  readonly progress: MutableRef.MutableRef<() => Task.Progress>
}

/** A place in an order in which lives stand in line that begin together. */
export interface Turn {
  /** Waits until all before it stand in line, or need not any more. */
  readonly comes: Effect.Effect<unknown>
  /** It stands in line in a moment, or will not. */
  readonly taken: Effect.Effect<unknown>
}

/** From slots to the answer. Fails where there is none, so that the scopes know whether to stop the session. */
export const live = (
  environment: Environment,
  task: Task.Task,
  signs: Signs
): Effect.Effect<Task.Outcome, Ending.Failure> =>
  // One that never had a session has nothing to be found out.
  task.session === undefined
    ? withSlots(environment, task, signs, Standing.unprompted)
    : atWork(environment, task, signs)((hold) =>
      Effect.flatMap(find(environment, task), (standing) => liveFrom(environment, task, signs, standing, hold))
    )

/** The same, where others live on at the same time: in line one behind the other. */
export const liveInTurn = (
  environment: Environment,
  task: Task.Task,
  signs: Signs,
  turn: Turn
): Effect.Effect<Task.Outcome, Ending.Failure> =>
  atWork(environment, task, signs)((hold) =>
    find(environment, task).pipe(
      Effect.tap((standing) => standing._tag === "Finished" ? Effect.void : turn.comes),
      // However that went, those behind need not wait for this one any more.
      Effect.ensuring(turn.taken),
      Effect.flatMap((standing) => liveFrom(environment, task, signs, standing, hold))
    )
  )

/**
 * Around all of a life: one that had begun when its process went may be at work still, and is stopped even if it ends before
 * it has its slots. In the session of any other a person may be, while it stands in line.
 */
const atWork =
  (environment: Environment, task: Task.Task, { aborted }: Signs) =>
  <A, E>(use: (hold: Conversation.Hold | undefined) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
    task.opened === undefined ? use(undefined) : Conversation.holding(environment, task, aborted)(use)

/** Of a task that is over before it begins: what may be going on in its session is stopped. */
export const none = (environment: Environment, task: Task.Task, { aborted }: Signs): Effect.Effect<never> =>
  Conversation.holding(environment, task, aborted)(() => Effect.interrupt)

const find = ({ host, hostCalls, notices, settings }: Environment, task: Task.Task) =>
  Effect.catchTag(
    Standing.find(
      { host, hostCalls, settings, expecting: notices.expecting, quietUnsafe: notices.quietUnsafe },
      task
    ),
    "SessionGone",
    () => Effect.fail(new Ending.Unanswered({ outcome: Ending.cancelled("deleted") }))
  )

/** From how its session stands. */
const liveFrom = (
  environment: Environment,
  task: Task.Task,
  signs: Signs,
  standing: Standing.Standing,
  hold: Conversation.Hold | undefined
): Effect.Effect<Task.Outcome, Ending.Failure> => {
  const { host, settings } = environment
  if (standing._tag === "Finished") return Effect.succeed(standing.outcome)
  return standing._tag === "CutOff" && (settings.onRestart === "report" || !host.capabilities.continues)
    ? Effect.fail(new Ending.Unanswered({ outcome: Ending.cutOff }))
    : withSlots(environment, task, signs, standing, hold)
}

const withSlots = (
  environment: Environment,
  task: Task.Task,
  signs: Signs,
  standing: Unfinished,
  held?: Conversation.Hold
) => {
  const { id, request: { agent, model, parent } } = task
  const whole = (hold: Conversation.Hold) => run(environment, task, signs, standing, hold)
  return environment.limits.withSlots({ id, parent, model, agent })(
    held === undefined ? Conversation.holding(environment, task, signs.aborted)(whole) : whole(held)
  )
}

type Unfinished = Exclude<Standing.Standing, { readonly _tag: "Finished" }>

/** What is done while it has its slots. */
const run = Effect.fnUntraced(function*(
  environment: Environment,
  task: Task.Task,
  signs: Signs,
  standing: Unfinished,
  hold: Conversation.Hold
): Effect.fn.Return<Task.Outcome, Ending.Failure> {
  const { clock, inTime, journal, notices, openAll, watch } = environment
  const stamp = { id: task.id, run: task.run }
  const started = clock.currentTimeMillisUnsafe()
  // Refused where it is somebody else's by now, who lives it.
  if (Option.isNone(yield* journal.append(startedOf(environment, task, started)))) return yield* Effect.interrupt
  const conversation = yield* Conversation.open(hold)
  const { after, session } = conversation
  const opened = yield* journal.append({
    _tag: "Opened",
    ...stamp,
    at: clock.currentTimeMillisUnsafe(),
    session,
    ...(Option.isSome(after) ? { after: after.value } : {})
  })
  if (Option.isNone(opened)) return yield* Effect.interrupt
  // Its agent is told first: who waits for the session has time until then.
  openAll([signs.opened])
  // What was cut off is no end of what is said now.
  const last = standing._tag === "CutOff" ? standing.last : after
  const outcome = yield* watch.during(task, session, last)((watcher) =>
    Effect.suspend(() => {
      MutableRef.set(signs.progress, watcher.progressUnsafe)
      conversation.watched(watcher.hasBegunUnsafe)
      return prompt(task, standing, conversation).pipe(
        // It is seen by now what comes of that.
        Effect.andThen(notices.outOfLine(session)),
        Effect.andThen(inTime(task, spent(environment, task, started, watcher))(watcher.settled))
      )
    })
  )
  return outcome._tag === "Completed" ? outcome : yield* new Ending.Unanswered({ outcome })
})

const startedOf = ({ limits }: Environment, { id, run }: Task.Task, at: number): TaskEvent => ({
  _tag: "Started",
  id,
  run,
  at,
  pools: Sighting.heldPools(limits.heldUnsafe(id))
})

/** Says in the session what is to be done, unless it is at work already. */
const prompt = (
  task: Task.Task,
  standing: Unfinished,
  conversation: Conversation.Conversation
): Effect.Effect<void, HostError | SessionGone> => {
  switch (standing._tag) {
    case "Unprompted":
      return conversation.prompt(task.request.prompt)
    case "CutOff":
      return conversation.prompt(goOn)
    case "AtWork":
      return Effect.void
  }
}

/** What an agent is told whose session was cut off. */
const goOn =
  "The program that you run in was stopped and started again while you were at work. What you were doing in that moment was "
  + "cut off; everything above is as you left it. See what is done already, then go on with your task and finish it."

/**
 * How much of its time a task has spent (ms): not that in which a person was waited for, its slots were lent, or the computer
 * slept.
 */
const spent = (
  { clock, limits }: Environment,
  task: Task.Task,
  started: number,
  watcher: Watcher
): Effect.Effect<number> =>
  Effect.map(
    limits.away(task.id),
    (away) => Task.spentBefore(task) + clock.currentTimeMillisUnsafe() - started - watcher.uncountedUnsafe() - away
  )
