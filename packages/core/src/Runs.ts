/**
 * The runs that are not over: one fiber each, begun once, ended once, in whatever way.
 *
 * There is one way out of a run. The exit of its life becomes the one terminal event, and only then anybody is told.
 */
import { Cause, Clock, Deferred, Effect, Exit, Fiber, FiberSet, HashMap, MutableRef, Option, Ref, Stream } from "effect"
import { AgentHost } from "./AgentHost.ts"
import { Alarms } from "./Alarms.ts"
import type * as Conversation from "./Conversation.ts"
import * as Doors from "./Doors.ts"
import * as Ending from "./Ending.ts"
import { HostCalls } from "./HostCalls.ts"
import { type Inheritance, Journal } from "./Journal.ts"
import * as Life from "./Life.ts"
import { Limits } from "./Limits.ts"
import { Notices } from "./Notices.ts"
import * as Recent from "./Recent.ts"
import * as Settings from "./Settings.ts"
import * as Task from "./Task.ts"
import * as TimeLimit from "./TimeLimit.ts"
import { Watch } from "./Watch.ts"

/** A run that is not over. */
export interface Run extends Life.Signs {
  readonly number: number
  /** What it is to end as, once somebody has said so. */
  readonly stop: MutableRef.MutableRef<Option.Option<Task.Outcome>>
  /** Done when it is over. */
  readonly over: Deferred.Deferred<Task.Task>
  /** Its fiber, once it has begun. */
  readonly life: MutableRef.MutableRef<Option.Option<Fiber.Fiber<void>>>
}

/** How a run begins, where it is not by itself. */
interface Beginning {
  /** What it ends as: it is over before it has done anything. */
  readonly condemned?: Task.Outcome
  readonly turn?: Life.Turn
}

type End = (task: Task.Task, run: Run, exit: Exit.Exit<Task.Outcome, Ending.Failure>) => Effect.Effect<void>

/** What became of an attempt to end a run. */
export interface Stopped {
  /** The task as it is now. */
  readonly task: Task.Task
  /** What it was before. */
  readonly before: Task.Status
  /** Whether this attempt ended it. */
  readonly cancelled: boolean
  /** Waits for the host's word on the session. */
  readonly abort: Effect.Effect<Conversation.Abort>
}

/** `onEnd` is called whenever a run is over, or somebody is owed less. */
export const make = Effect.fnUntraced(function*(onEnd: () => void) {
  const host = yield* AgentHost
  const hostCalls = yield* HostCalls
  const journal = yield* Journal
  const limits = yield* Limits
  const notices = yield* Notices
  const settings = yield* Settings.Current
  const watch = yield* Watch
  const clock = yield* Clock.Clock
  /** By the ids of their tasks. Changed only by `begin` and `end`. */
  const runs = new Map<string, Run>()

  /** The sessions that were deleted, the latest last: nothing is launched from them. Changed only where that is heard of. */
  const deleted = new Set<Task.SessionId>()
  const isDeleted = (session: Task.SessionId): boolean => deleted.has(session)

  // In this order: when the service ends, first all lives end, then their last calls have some time, and wait for nothing
  // more, then those end too.
  const calls = yield* FiberSet.make<unknown, unknown>()
  yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(calls), settings.abortTimeoutMs))
  const ending = yield* Deferred.make<void>()
  yield* Effect.addFinalizer(() => Deferred.succeed(ending, undefined))
  /** A life belongs to the service: it keeps nothing of the call that asked for it, such as its span and where it stood. */
  const startLife = yield* FiberSet.makeRuntime<never>()
  const startCall = yield* FiberSet.runtime(calls)<never>()
  const stopping = yield* Ref.make(HashMap.empty<Task.TaskId, Deferred.Deferred<void>>())
  const timeLimit = TimeLimit.make(yield* Alarms, settings.taskTtlMs)
  const inTime: Life.Environment["inTime"] = (task, spent) =>
    timeLimit({
      spent,
      late: Effect.suspend(() => Effect.flatMap(condemn(task, Ending.timeLimit(settings.taskTtlMs)), carryOut))
    })
  const openAll = yield* Doors.make
  const environment: Life.Environment = {
    clock,
    host,
    hostCalls,
    settings,
    start: (call) => startCall(call),
    ending: Deferred.await(ending),
    stopping,
    journal,
    limits,
    notices,
    watch,
    openAll,
    inTime
  }

  /** Whether the session of a task that is over is still being stopped. */
  const isStopping = (id: Task.TaskId): boolean => HashMap.has(Ref.getUnsafe(stopping), id)

  const find = (id: string) => Effect.sync(() => Option.fromUndefinedOr(runs.get(id)))

  /**
   * The terminal event. Whatever a host has told, a run ends: where what was seen of it cannot be kept it is kept without, and
   * where not even its outcome can be, that is what it ends as.
   */
  const keepEnd = (task: Task.Task, run: Run, outcome: Task.Outcome): Effect.Effect<Option.Option<Task.Task>> => {
    const keep = (outcome: Task.Outcome, progress: () => Task.Progress) =>
      Effect.suspend(() =>
        journal.append({
          _tag: "Ended",
          id: task.id,
          run: task.run,
          at: clock.currentTimeMillisUnsafe(),
          outcome,
          progress: progress()
        })
      )
    const asBefore = () => task.progress
    return keep(outcome, MutableRef.get(run.progress)).pipe(
      Effect.catchDefect(() => keep(outcome, asBefore)),
      Effect.catchDefect((defect) => keep(Ending.unkept(defect), asBefore))
    )
  }

  /** The one way out: the exit becomes the terminal event, and whoever is owed the news gets it. */
  const end: End = (task, run, exit) =>
    Effect.flatMap(
      Effect.andThen(logged(task, exit), keepEnd(task, run, Ending.outcomeOf(exit, MutableRef.get(run.stop)))),
      Option.match({
        // It is somebody else's by now, who tells of it: whoever waits here is shown how it stands there.
        onNone: () =>
          Effect.andThen(
            Effect.map(journal.get(task.id), (now) => close(Option.getOrElse(now, () => task), run)),
            // Its siblings may be all that the parent waits for here.
            task.request.background ? notices.ended(task) : Effect.void
          ),
        onSome: (ended) => {
          const told = tell(ended)
          const closed = Effect.sync(() => {
            close(ended, run)
            onEnd()
          })
          if (!isForsaken(ended) || ended.session === undefined) return Effect.andThen(told, closed)
          const { session } = ended
          // While the run can still be found to be condemned: in between, news of its tasks would wake its session again.
          return Effect.andThen(
            Effect.andThen(told, notices.forget(session)),
            Effect.andThen(closed, stopAll(below(session), () => "parent-ended"))
          )
        }
      })
    )

  /** First of all: who learns of the end in another way, by waiting for it, may do away with what is owed. */
  const tell = (ended: Task.Task): Effect.Effect<void> => {
    if (!isNews(ended)) return Effect.void
    const { parent } = ended.request
    return isCondemned(parent)
      ? Effect.andThen(notices.hold(parent), notices.ended(ended))
      : notices.ended(ended)
  }

  /** The run is over: nobody need wait for it any more. */
  const close = (task: Task.Task, run: Run): void => {
    if (runs.get(task.id) === run) runs.delete(task.id)
    Deferred.doneUnsafe(run.opened, Effect.void)
    Deferred.doneUnsafe(run.over, Effect.succeed(task))
  }

  /** Whether a session is that of a task which is about to be ended. */
  const isCondemned = (session: Task.SessionId): boolean => {
    const run = Option.flatMap(journal.atHandUnsafe(session), ({ id }) => Option.fromUndefinedOr(runs.get(id)))
    return Option.exists(run, isStopped)
  }

  /** Ends a life that goes on here, though the task is another process's: what it comes to is refused. */
  const leaveOff = (id: Task.TaskId): Effect.Effect<void> =>
    Effect.suspend(() => {
      const life = Option.flatMap(Option.fromUndefinedOr(runs.get(id)), ({ life }) => MutableRef.get(life))
      return Option.match(life, { onNone: () => Effect.void, onSome: Fiber.interrupt })
    })

  /** A life of it that is not over yet ends first: one that was lost to another process, which has ended the task since. */
  const begin = (task: Task.Task, beginning: Beginning = {}): Effect.Effect<Task.Task> =>
    Effect.andThen(leaveOff(task.id), beginAnew(task, beginning))

  const beginAnew = (task: Task.Task, { condemned, turn }: Beginning): Effect.Effect<Task.Task> =>
    Effect.suspend(() => {
      const run: Run = {
        number: task.run,
        stop: MutableRef.make(Option.fromUndefinedOr(condemned)),
        opened: Deferred.makeUnsafe(),
        over: Deferred.makeUnsafe(),
        life: MutableRef.make(Option.none()),
        aborted: Ref.makeUnsafe<Effect.Effect<Conversation.Abort>>(Effect.succeed("none")),
        progress: MutableRef.make(() => task.progress)
      }
      runs.set(task.id, run)
      const { background, parent } = task.request
      return Effect.andThen(
        background ? notices.launched(parent) : Effect.void,
        Effect.andThen(
          Effect.suspend(() => live(task, run, turn)),
          Effect.map(journal.get(task.id), Option.getOrElse(() => task))
        )
      )
    })

  const live = (task: Task.Task, run: Run, turn: Life.Turn | undefined): Effect.Effect<unknown> => {
    const lived = isStopped(run)
      ? Life.none(environment, task, run)
      : turn === undefined
      ? Life.live(environment, task, run)
      : Life.liveInTurn(environment, task, run, turn)
    const fiber = startLife(
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          Effect.exit(restore(lived)),
          (exit) => Effect.andThen(end(task, run, exit), outOfLine(task))
        )
      )
    )
    MutableRef.set(run.life, Option.some(fiber))
    const exit = fiber.pollUnsafe()
    if (exit !== undefined && Exit.isFailure(exit) && runs.get(task.id) === run) {
      // The service has ended: nothing lives any more, and nobody is told anything.
      return Effect.andThen(end(task, run, Exit.failCause(exit.cause)), notices.leave(task.request.parent))
    }
    // Called off before its life could be found.
    return isStopped(run) ? Fiber.interrupt(fiber) : Effect.void
  }

  /** What its session was owed while it stood in line is told now, wherever it went. */
  const outOfLine = ({ session }: Task.Task): Effect.Effect<void> =>
    session === undefined ? Effect.void : notices.outOfLine(session)

  /**
   * All at once, and in line one behind the other: how the sessions stand of those who ran has to be asked for first, and
   * nobody who only waited may come before them meanwhile.
   */
  const beginInOrder = Effect.fnUntraced(function*(tasks: ReadonlyArray<Task.Task>) {
    let comes: Effect.Effect<unknown> = Effect.void
    for (const task of tasks) {
      if (yield* isOrphan(task)) {
        yield* begin(task, { condemned: Ending.cancelled("parent-ended") })
        continue
      }
      const door: Doors.Door = Deferred.makeUnsafe()
      // Opened a moment later: by then it stands there.
      yield* begin(task, { turn: { comes, taken: Effect.sync(() => openAll([door])) } })
      comes = Effect.timeoutOption(Deferred.await(door), answersWithin)
    }
  })

  /**
   * Ends the lives of tasks that are another process's by now, which took this one for gone: what they come to is refused, and
   * their sessions are left alone. Before anything is taken over: it may be one of them, and would live twice.
   */
  const letGo = Effect.flatMap(journal.lost, Effect.forEach(leaveOff, { discard: true }))

  /** Goes on with what those left behind who are gone. Their parents are told when they are used, or live here. */
  const inherit = Effect.fnUntraced(function*({ parents, tasks }: Inheritance) {
    const sessions = new Set(tasks.map(({ session }) => session))
    yield* Effect.forEach(parents, (parent) => notices.inherited(parent, !sessions.has(parent)), { discard: true })
    yield* beginInOrder(tasks)
  })

  /** Whether nobody is left who could wait for what was left behind. */
  const isOrphan = (task: Task.Task): Effect.Effect<boolean> =>
    Effect.map(journal.bySession(task.request.parent), Option.exists((parent) => isForsakenBy(parent, task)))

  /** Says that a task is to end, and as what, if it is not over. The first word counts. */
  const condemn = Effect.fnUntraced(function*(task: Task.Task, outcome: Task.Outcome) {
    const run = Option.filter(yield* find(task.id), ({ number }) => number === task.run)
    const condemned = Option.isSome(run) && !isStopped(run.value)
    if (condemned) MutableRef.set(run.value.stop, Option.some(outcome))
    return { task, run, condemned }
  })

  const carryOut = Effect.fnUntraced(function*({ condemned, run, task }: Effect.Success<ReturnType<typeof condemn>>) {
    if (Option.isNone(run)) {
      // It may have ended since it was looked up.
      const now = Option.getOrElse(yield* journal.get(task.id), () => task)
      return { task: now, before: now.status, cancelled: false, abort: Effect.succeed<Conversation.Abort>("none") }
    }
    const life = MutableRef.get(run.value.life)
    if (Option.isSome(life)) yield* Fiber.interrupt(life.value)
    const after = yield* Deferred.await(run.value.over)
    return {
      task: after,
      before: task.status,
      // It may have come to its own end in the same moment.
      cancelled: condemned && after.status === "cancelled",
      abort: Effect.flatten(Ref.get(run.value.aborted))
    }
  })

  const stop = (task: Task.Task, reason: Task.CancelReason) =>
    Effect.flatMap(condemn(task, Ending.cancelled(reason)), carryOut)

  /** Everything that is pending or running below a session. */
  const below = (session: Task.SessionId) =>
    Effect.map(
      journal.tasks,
      (tasks) => tasks.filter((task) => !Task.isTerminal(task) && Task.isBelow(task, session))
    )

  const stopAll = Effect.fnUntraced(function*(
    tasks: Effect.Effect<ReadonlyArray<Task.Task>>,
    reasonOf: (task: Task.Task) => Task.CancelReason
  ) {
    // All of them first: one that ends takes those below it along, and they are to end as is said here.
    const condemned = yield* Effect.forEach(yield* tasks, (task) => condemn(task, Ending.cancelled(reasonOf(task))))
    return yield* Effect.forEach(condemned, carryOut, { concurrency: "unbounded" })
  })

  // A session that is deleted takes everything below it along, and the task that it is the session of.
  yield* Stream.runForEach(watch.deletions, (session) =>
    Effect.gen(function*() {
      Recent.note(deleted, session, remembered)
      const own = Option.filter(yield* journal.bySession(session), (task) => !Task.isTerminal(task))
      if (Option.isSome(own)) {
        return yield* stopAll(Effect.map(below(session), (all) => [own.value, ...all]), () => "deleted")
      }
      yield* notices.forget(session)
      onEnd()
      return yield* stopAll(below(session), () => "deleted")
    })).pipe(Effect.forkScoped({ startImmediately: true }))

  return { find, begin, letGo, inherit, isDeleted, isStopping, stop, stopAll, below }
})

/** How many deleted sessions are remembered: what launches from one does so in that moment, or never. */
const remembered = 1_024

/** A fault of ours, with where in the code it broke. */
const logged = ({ id }: Task.Task, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Exit.isFailure(exit) && Cause.hasDies(exit.cause)
    ? Effect.logError(`Task ${id} was ended by a fault in Errand`, exit.cause)
    : Effect.void

/** For how long a host is waited for that does not say how the session of somebody further ahead stands. */
const answersWithin = "5 seconds"

/** Whether somebody has said that a run is to end. */
const isStopped = ({ stop }: Run): boolean => Option.isSome(MutableRef.get(stop))

/** Whether a task is over and has no answer: nobody is in its session any more who could wait for its tasks. */
export const isForsaken = (task: Task.Task): boolean =>
  Task.isTerminal(task) && task.outcome?._tag !== "Completed" && !Task.isShutdown(task)

/** Whether a task was out when the one that sent it out ended so. What is launched in that session later, a person sends out. */
const isForsakenBy = (parent: Task.Task, { queuedAt }: Task.Task): boolean =>
  isForsaken(parent) && parent.endedAt !== undefined && queuedAt <= parent.endedAt

/** Whether the parent is owed the end of a task. When everything ends, nobody is told. */
const isNews = (task: Task.Task): boolean => task.request.background && !Task.isShutdown(task)
