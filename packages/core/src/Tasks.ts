/**
 * The service that people use: launch, continue, await, cancel, list.
 *
 * What a task is stands in `Task`, how it lives in `Life`, how it ends in `Runs`. Here is what can be asked for, and what
 * is refused.
 */
import {
  Clock,
  Context,
  Deferred,
  Effect,
  Layer,
  Option,
  Random,
  Result,
  Schedule,
  Schema,
  Semaphore,
  type Stream
} from "effect"
import { AgentHost, layerSuspended } from "./AgentHost.ts"
import { Alarms } from "./Alarms.ts"
import type * as Conversation from "./Conversation.ts"
import { HostCalls } from "./HostCalls.ts"
import { type Entry, Journal } from "./Journal.ts"
import { Limits, type Place } from "./Limits.ts"
import * as Lineage from "./Lineage.ts"
import type { Model } from "./Model.ts"
import { Notices } from "./Notices.ts"
import * as Retention from "./Retention.ts"
import * as Runs from "./Runs.ts"
import * as Settings from "./Settings.ts"
import * as Sightings from "./Sightings.ts"
import * as Task from "./Task.ts"
import {
  CannotContinue,
  type LineageUnknown,
  SessionDeleted,
  SessionUnknown,
  TaskAbove,
  TaskForeign,
  TaskNotFound,
  TaskRunning,
  TaskWaiting,
  TooDeep
} from "./TaskError.ts"
import * as Traced from "./Traced.ts"
import * as Waiting from "./Waiting.ts"
import { Watch } from "./Watch.ts"

/** What to do, and for whom. */
export interface LaunchRequest {
  /** A few words for people and lists. */
  readonly description: string
  readonly prompt: string
  readonly agent: string
  /** The model that will really be used, as far as it is known: it decides the limits. */
  readonly model?: Model | undefined
  readonly parent: Task.SessionId
  /** `true` (the default): the parent is told by a notice. `false`: the caller awaits the task itself. */
  readonly background?: boolean | undefined
}

/** What more to do in the session of a task that is over. */
export interface ContinueRequest {
  readonly session: Task.SessionId
  readonly prompt: string
  readonly parent: Task.SessionId
  /** Absent: the one that it had. */
  readonly description?: string | undefined
  /** Absent: the one that it had. */
  readonly model?: Model | undefined
  /** Absent: `true`, whatever it was. */
  readonly background?: boolean | undefined
}

/** Who calls a task off: its parent, a person, or somebody above its parent. */
export type Calling = Extract<Task.CancelReason, "requested" | "by-person" | "from-above">

/** What became of a cancellation. */
export interface Cancellation {
  /** The task as it is now. */
  readonly task: Task.Task
  /** What it was before. */
  readonly before: Task.Status
  /** Whether this call ended it. `false`: it was over already. */
  readonly cancelled: boolean
  readonly abort: Conversation.Abort
}

export class Tasks extends Context.Service<Tasks, {
  /** Launches a task and returns it at once, pending or running: the session may not exist yet. */
  readonly launch: (request: LaunchRequest) => Effect.Effect<Task.Task, LineageUnknown | SessionDeleted | TooDeep>
  /** Continues the session of a finished task below `parent`: the same task, a new run, under the limits of its model. */
  readonly resume: (
    request: ContinueRequest
  ) => Effect.Effect<
    Task.Task,
    SessionUnknown | TaskForeign | TaskRunning | CannotContinue | LineageUnknown | SessionDeleted | TooDeep
  >
  /**
   * The task of this id, or the one whose session this is, for somebody in the session `from`: every session of one family
   * (the same root) may see its tasks.
   */
  readonly find: (id: string, from: Task.SessionId) => Effect.Effect<Task.Task, TaskNotFound | TaskForeign>
  readonly get: (id: string) => Effect.Effect<Task.Task, TaskNotFound>
  /**
   * Waits until the task's run is over. When the one who waits is in the session of a task itself (`by`), that task lends
   * its slots meanwhile, and has them back when this returns. With `atMost` (ms) it is waited for no longer than that; the
   * task may not be over then. Nobody can wait for the task above them: it waits for them. Nor, without `atMost`, for one
   * that waits for them in another way.
   */
  readonly await: (
    id: string,
    by?: Task.SessionId,
    atMost?: number
  ) => Effect.Effect<Task.Task, TaskNotFound | TaskAbove | TaskWaiting>
  /** Waits until the task has its session, or is over; at most so long, where that is given (ms). */
  readonly opened: (id: string, atMost?: number) => Effect.Effect<Task.Task, TaskNotFound>
  /**
   * The task is cancelled when this returns; whether the host stopped its session is in the result. By default it is its
   * parent that calls it off, and knows that; a parent whose task a person calls off, or somebody above it, is told.
   */
  readonly cancel: (id: string, why?: Calling) => Effect.Effect<Cancellation, TaskNotFound>
  /**
   * Cancels everything that is pending or running below a session, whatever its depth, and nothing else. It knows that of
   * its own tasks; a parent further below that goes on is told.
   */
  readonly cancelAll: (session: Task.SessionId) => Effect.Effect<ReadonlyArray<Cancellation>>
  /** Every task that is kept, oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<Task.Task>>
  /** Where a pending task stands in line. */
  readonly place: (id: Task.TaskId) => Effect.Effect<Option.Option<Place>>
  /** Whether a session has background tasks out, or is owed news of them. */
  readonly expecting: (session: Task.SessionId) => Effect.Effect<boolean>
  /**
   * Waits until a session has no background tasks out and is owed nothing. What it was owed by a process that is gone it is
   * told only when it is used: by the host's `Busy`, by `launch`, by `reading`, or by `Notices.used`.
   */
  readonly settled: (session: Task.SessionId) => Effect.Effect<void>
  /** Around a call in which this session reads tasks or waits for them: it is told nothing meanwhile. */
  readonly reading: (session: Task.SessionId) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Somebody in this session has read how the task ended: where it is the parent, it need not be told again. */
  readonly read: (task: Task.Task, by: Task.SessionId) => Effect.Effect<void>
  /**
   * Takes over what was left behind in the family of a session, where the journal does that when asked. Returns when that
   * is done.
   */
  readonly inherit: (session: Task.SessionId) => Effect.Effect<void>
  /** Every change of every task, from now on. */
  readonly changes: Stream.Stream<Entry>
}>()("@errand/core/Tasks") {
  /** On a host and a journal, with limits and notices of its own. */
  static readonly layerOnJournal: Layer.Layer<Tasks | Limits | Notices, never, AgentHost | Journal> = Layer.effect(
    Tasks,
    Effect.suspend(() => make)
  ).pipe(
    Layer.provide([Watch.layer, HostCalls.layer, Alarms.layer]),
    Layer.provideMerge(Notices.layer),
    Layer.provideMerge(Limits.layer),
    Layer.provide(layerSuspended)
  )

  /** On a host, with everything else of its own; the journal is in memory. */
  static readonly layer: Layer.Layer<Tasks | Limits | Journal | Notices, never, AgentHost> = Tasks.layerOnJournal.pipe(
    Layer.provideMerge(Journal.layer)
  )
}

const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const hostCalls = yield* HostCalls
  const journal = yield* Journal
  const limits = yield* Limits
  const notices = yield* Notices
  const settings = yield* Settings.checked
  const watch = yield* Watch
  const clock = yield* Clock.Clock
  const lineageOf = yield* Lineage.make
  const retention = yield* Retention.make
  const runs = yield* Runs.make(retention.lookUnsafe)
  const append = journal.append
  yield* Sightings.keep({ journal, limits, watch })

  /** One after the other: what the one lets go of the other may take over, and would begin before it has ended. */
  const inheriting = yield* Semaphore.make(1)

  const inherit = Effect.fnUntraced(function*(root: Option.Option<Task.SessionId>) {
    yield* runs.letGo
    const inheritance = yield* journal.inherit(root)
    yield* runs.inherit(inheritance)
    return inheritance.unclear
  }, inheriting.withPermit)

  /** Until it is clear of everybody who left something behind whether they are gone. */
  const inheritAll = (root: Option.Option<Task.SessionId>) =>
    Effect.repeat(inherit(root), { schedule: Schedule.spaced("5 seconds"), until: (unclear) => !unclear })

  if (journal.inherits === "at start") yield* Effect.forkScoped(inheritAll(Option.none()))

  /** Who the task is for, and where that is; refused where nothing may be launched from. */
  const ancestorsOf = (
    parent: Task.SessionId
  ): Effect.Effect<Lineage.Lineage, LineageUnknown | SessionDeleted | TooDeep> =>
    Effect.flatMap(lineageOf(parent), (ancestors): Effect.Effect<Lineage.Lineage, SessionDeleted | TooDeep> => {
      const { maxDepth } = settings
      const session = ancestors.find(runs.isDeleted)
      if (session !== undefined) return Effect.fail(new SessionDeleted({ session }))
      const depth = ancestors.length
      return depth > maxDepth
        ? Effect.fail(new TooDeep({ parent, root: ancestors.at(-1) ?? parent, depth, maxDepth }))
        : Effect.succeed(ancestors)
    })

  /** An id that is taken by another task is refused: then the next. */
  const queue = (request: Task.Request): Effect.Effect<Task.Task> =>
    Effect.flatMap(
      Effect.flatMap(freshId, (id) =>
        append({ _tag: "Queued", id, run: 1, at: clock.currentTimeMillisUnsafe(), request })),
      Option.match({
        onNone: () =>
          queue(request),
        onSome: Effect.succeed
      })
    )

  /** It takes a moment to keep a task. One whose parent has ended or was deleted meanwhile knew nothing of it: it ends, too. */
  const whileAlive = <E>(parent: Task.SessionId, begin: Effect.Effect<Task.Task, E>) =>
    Effect.suspend(() => {
      // Until it is stopped its agent may still call something.
      const wasAlive = Option.exists(
        journal.atHandUnsafe(parent),
        (task) => !Task.isTerminal(task) || runs.isStopping(task.id)
      )
      const stop = (task: Task.Task, why: Task.CancelReason) => Effect.map(runs.stop(task, why), ({ task }) => task)
      return Effect.flatMap(begin, (task) =>
        task.request.ancestors.some(runs.isDeleted)
          ? stop(task, "deleted")
          : wasAlive && Option.exists(journal.atHandUnsafe(parent), Runs.isForsaken)
          ? stop(task, "parent-ended")
          : Effect.succeed(task))
    })

  const launch = Effect.fnUntraced(function*(request: LaunchRequest) {
    const ancestors = yield* ancestorsOf(request.parent)
    const { agent, background = true, description, model, parent, prompt } = request
    const kept = {
      description,
      prompt,
      agent,
      ...(model === undefined ? {} : { model }),
      parent,
      ancestors,
      background
    }
    return yield* Effect.uninterruptible(whileAlive(
      parent,
      Effect.andThen(notices.used(parent), Effect.flatMap(queue(kept), (queued) => runs.begin(queued)))
    ))
  }, Traced.named("Tasks.launch"))

  const resume = Effect.fnUntraced(function*(request: ContinueRequest) {
    const known = yield* journal.bySession(request.session)
    if (Option.isNone(known)) return yield* new SessionUnknown({ session: request.session })
    const before = known.value
    const ancestors = yield* ancestorsOf(request.parent)
    if (!Task.isBelow(before, request.parent)) return yield* new TaskForeign({ id: before.id })
    if (!host.capabilities.continues) return yield* new CannotContinue({ session: request.session })
    /** Conditional: of two who continue at once, one is taken, and so is none while it runs. */
    const next = ({ id, request: before, run }: Task.Task) =>
      append({
        _tag: "Continued",
        id,
        run: run + 1,
        at: clock.currentTimeMillisUnsafe(),
        request: {
          ...before,
          description: request.description ?? before.description,
          prompt: request.prompt,
          ...(request.model === undefined ? {} : { model: request.model }),
          parent: request.parent,
          ancestors,
          background: request.background ?? true
        }
      })
    return yield* Effect.uninterruptible(whileAlive(
      request.parent,
      Effect.gen(function*() {
        yield* notices.used(request.parent)
        const first = yield* next(before)
        // Another process may have continued it since it was looked up, and be done: only who is at work refuses.
        const now = Option.isSome(first) ? Option.none() : yield* journal.get(before.id)
        const again = Option.filter(now, (task) => Task.isTerminal(task) && Task.isBelow(task, request.parent))
        const continued = Option.isNone(again) ? first : yield* next(again.value)
        if (Option.isNone(continued)) return yield* new TaskRunning({ id: before.id, session: request.session })
        return yield* runs.begin(continued.value)
      })
    ))
  }, Traced.named("Tasks.resume"))

  const get = (id: string): Effect.Effect<Task.Task, TaskNotFound> =>
    Effect.flatMap(
      isTaskId(id) ? journal.get(id) : Effect.succeedNone,
      (task) => Option.isNone(task) ? Effect.fail(new TaskNotFound({ id })) : withProgress(task.value)
    )

  const named = Effect.fnUntraced(function*(id: string) {
    const inSession = isTaskId(id) ? Option.none() : yield* journal.bySession(Task.SessionId.make(id))
    return yield* get(Option.match(inSession, { onNone: () => id, onSome: (task) => task.id }))
  })

  const withProgress = (task: Task.Task): Effect.Effect<Task.Task> =>
    task.session === undefined ? Effect.succeed(task) : Effect.map(
      watch.progress(task.session),
      (progress) => Option.isSome(progress) ? { ...task, progress: progress.value } : task
    )

  const confirmed = ({ abort, ...rest }: Runs.Stopped): Effect.Effect<Cancellation> =>
    Effect.map(Effect.timeoutOption(abort, settings.abortTimeoutMs), (abort) => ({
      ...rest,
      abort: Option.getOrElse(abort, () => "unconfirmed" as const)
    }))

  const cancel = Effect.fnUntraced(function*(id: string, why: Calling = "requested") {
    return yield* confirmed(yield* runs.stop(yield* get(id), why))
  }, Traced.named("Tasks.cancel"))

  const cancelAll = Effect.fnUntraced(function*(session: Task.SessionId) {
    // Whoever sent it out and is not the one who calls it off knows nothing of that.
    const reasonOf = ({ request }: Task.Task) => request.parent === session ? "requested" : "from-above"
    const stopped = yield* runs.stopAll(runs.below(session), reasonOf)
    return yield* Effect.forEach(stopped.filter(({ cancelled }) => cancelled), confirmed, { concurrency: "unbounded" })
  }, Traced.named("Tasks.cancelAll"))

  /** Waits for a task that another process runs: how it stands is in the journal that they share. */
  const endedElsewhere = (id: string) =>
    Effect.repeat(get(id), { schedule: Schedule.spaced(settings.pollIntervalMs), until: Task.isTerminal })

  /** The calls in which tasks wait for others for as long as it takes. Changed only by `inWait`. */
  const waits = new Set<Waiting.Wait>()

  /** Around such a call. It is found out and kept in one step: of two who wait for each other one is refused. */
  const inWait = (wait: Waiting.Wait) => <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | TaskWaiting> =>
    Effect.onExit(
      Effect.flatMap(journal.tasks, (all): Effect.Effect<A, E | TaskWaiting> => {
        const open = all.filter((task) => !Task.isTerminal(task))
        if (Waiting.isCircle(wait, waits, open)) return Effect.fail(new TaskWaiting({ id: wait.of.id }))
        waits.add(wait)
        return call
      }),
      () => Effect.sync(() => void waits.delete(wait))
    )

  const awaitEnd = Effect.fnUntraced(function*(id: string, by?: Task.SessionId, atMost?: number) {
    const run = yield* runs.find(id)
    const task = yield* get(id)
    if (Task.isTerminal(task)) return task
    const over = Option.match(run, {
      onNone: () => endedElsewhere(id),
      // It may be over here only because another process goes on with it.
      onSome: ({ over }) =>
        Effect.flatMap(
          Deferred.await(over),
          (task) => Task.isTerminal(task) ? Effect.succeed(task) : endedElsewhere(id)
        )
    })
    const waiting = atMost === undefined ? over : Effect.timeoutOption(over, atMost)
    const waiter = by === undefined ? Option.none() : yield* journal.bySession(by)
    const { session } = task
    const above = session !== undefined &&
      Option.exists(waiter, (own) => own.id === task.id || Task.isBelow(own, session))
    if (above) return yield* new TaskAbove({ id: task.id })
    if (Option.isNone(waiter)) yield* waiting
    else {
      const lent = limits.lend(waiter.value.id)<unknown, TaskNotFound, never>(waiting)
      yield* atMost === undefined ? inWait({ by: waiter.value.id, of: task })(lent) : lent
    }
    // It may have taken a while to have the slots back, and nobody may know of it any more.
    const ended = Option.isNone(run) ? Option.none() : yield* Deferred.poll(run.value.over)
    const last = Option.isNone(ended) ? task : yield* ended.value
    return Task.isTerminal(last) ? last : yield* get(id)
  })

  return Tasks.of({
    launch,
    resume,
    get,
    find: Effect.fnUntraced(function*(id, from) {
      const task = yield* named(id)
      const family = yield* Effect.result(lineageOf(from))
      const related = Result.isSuccess(family)
        ? family.success.at(-1) === task.request.ancestors.at(-1)
        : Task.isBelow(task, from)
      return related ? task : yield* new TaskForeign({ id: task.id })
    }),
    await: awaitEnd,
    opened: Effect.fnUntraced(function*(id, atMost) {
      const run = yield* runs.find(id)
      if (Option.isSome(run)) {
        const opened = Deferred.await(run.value.opened)
        yield* atMost === undefined ? opened : Effect.ignore(hostCalls.within("open", atMost, opened))
      }
      return yield* get(id)
    }),
    cancel,
    cancelAll,
    list: Effect.flatMap(
      Effect.all([journal.older, journal.tasks]),
      (all) => Effect.forEach(all.flat().sort((a, b) => a.queuedAt - b.queuedAt), withProgress)
    ),
    place: limits.place,
    expecting: notices.expecting,
    settled: notices.settled,
    reading: notices.reading,
    read: (task, by) =>
      Task.isTerminal(task) && task.request.parent === by
        ? Effect.tap(notices.read(task), () => Effect.sync(retention.lookUnsafe))
        : Effect.void,
    inherit: Effect.fnUntraced(function*(session) {
      if (journal.inherits === "at start") return
      const family = yield* Effect.result(lineageOf(session))
      if (Result.isSuccess(family)) yield* inherit(Option.fromUndefinedOr(family.success.at(-1)))
    }),
    changes: journal.entries
  })
})

const isTaskId = Schema.is(Task.TaskId)

const freshId = Effect.map(
  Random.nextIntBetween(0, 0xffff_ffff),
  (n) => Task.TaskId.make(`bg_${n.toString(16).padStart(8, "0")}`)
)
