/**
 * The service that people use: launch, continue, await, cancel, list.
 *
 * A task is one fiber, and its life is one Effect: slots, then a session, then the prompt, then watching until it is
 * settled. Everything that it holds is in scopes inside that Effect, so there is one way out for all ends: the exit
 * becomes the one terminal event, and only then anybody is told.
 */
import {
  Clock,
  Context,
  Deferred,
  Effect,
  type Exit,
  Fiber,
  FiberMap,
  FiberSet,
  HashMap,
  Latch,
  Layer,
  Option,
  Random,
  Ref,
  Result,
  Schema,
  Stream
} from "effect"
import { AgentHost } from "./AgentHost.ts"
import * as Conversation from "./Conversation.ts"
import * as Ending from "./Ending.ts"
import { type Entry, Journal } from "./Journal.ts"
import { Limits, type Place } from "./Limits.ts"
import * as Lineage from "./Lineage.ts"
import type { Model } from "./Model.ts"
import { Notices } from "./Notices.ts"
import * as Settings from "./Settings.ts"
import * as Task from "./Task.ts"
import {
  CannotContinue,
  type LineageUnknown,
  SessionUnknown,
  TaskForeign,
  TaskNotFound,
  TaskRunning,
  TooDeep
} from "./TaskError.ts"
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

/** What more to do in the session of a task that is over. What is absent stays as it was. */
export interface ContinueRequest {
  readonly session: Task.SessionId
  readonly prompt: string
  readonly parent: Task.SessionId
  readonly description?: string | undefined
  readonly background?: boolean | undefined
}

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
  readonly launch: (request: LaunchRequest) => Effect.Effect<Task.Task, LineageUnknown | TooDeep>
  /** Continues the session of a finished task that the parent sent out: the same task, a new run, the same limits. */
  readonly resume: (
    request: ContinueRequest
  ) => Effect.Effect<
    Task.Task,
    SessionUnknown | TaskForeign | TaskRunning | CannotContinue | LineageUnknown | TooDeep
  >
  /** The task, for somebody in this session: every session of one family (the same root) may see its tasks. */
  readonly find: (id: string, from: Task.SessionId) => Effect.Effect<Task.Task, TaskNotFound | TaskForeign>
  readonly get: (id: string) => Effect.Effect<Task.Task, TaskNotFound>
  /**
   * Waits until the task's run is over. When the one who waits is in the session of a task itself (`by`), that task lends
   * its slots meanwhile.
   */
  readonly await: (id: string, by?: Task.SessionId) => Effect.Effect<Task.Task, TaskNotFound>
  /** Waits until the task has its session, or is over. */
  readonly opened: (id: string) => Effect.Effect<Task.Task, TaskNotFound>
  /** The task is cancelled when this returns; whether the host stopped its session is in the result. */
  readonly cancel: (id: string) => Effect.Effect<Cancellation, TaskNotFound>
  /** Cancels everything that is pending or running below a session, whatever its depth, and nothing else. */
  readonly cancelAll: (session: Task.SessionId) => Effect.Effect<ReadonlyArray<Cancellation>>
  /** Every task that is kept, oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<Task.Task>>
  /** Where a pending task stands in line. */
  readonly place: (id: Task.TaskId) => Effect.Effect<Option.Option<Place>>
  /** Whether a session has background tasks out, or is owed news of them. */
  readonly expecting: (session: Task.SessionId) => Effect.Effect<boolean>
  /** Waits until a session has no background tasks out and is owed nothing. */
  readonly settled: (session: Task.SessionId) => Effect.Effect<void>
  /** Around a call in which this session reads tasks or waits for them: it is told nothing meanwhile. */
  readonly reading: (session: Task.SessionId) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Somebody in this session has read how the task ended: where it is the parent, it need not be told again. */
  readonly read: (task: Task.Task, by: Task.SessionId) => Effect.Effect<void>
  /** Every change of every task, from now on. */
  readonly changes: Stream.Stream<Entry>
}>()("@errand/core/Tasks") {
  /** On a host, with limits, watch, notices and a journal of its own that nobody else needs to see. */
  static readonly layer: Layer.Layer<Tasks | Limits | Journal | Notices, never, AgentHost> = Layer.effect(
    Tasks,
    Effect.suspend(() => make)
  ).pipe(
    Layer.provide(Watch.layer),
    Layer.provideMerge(Notices.layer),
    Layer.provideMerge(Layer.mergeAll(Limits.layer, Journal.layer))
  )
}

/** A run that is not over. */
interface Live {
  readonly run: number
  /** Why it is to end, once somebody has said so. */
  readonly stop: Deferred.Deferred<Task.CancelReason>
  /** Done when it has its session, or is over. */
  readonly opened: Deferred.Deferred<void>
  /** Done when it is over. */
  readonly over: Deferred.Deferred<Task.Task>
  /** Waits, once it is over, until the host has said whether it stopped the session. */
  readonly aborted: Ref.Ref<Effect.Effect<Conversation.Abort>>
  /** What was seen of the session at the end. */
  readonly progress: Ref.Ref<Task.Progress>
}

const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const journal = yield* Journal
  const limits = yield* Limits
  const notices = yield* Notices
  const settings = yield* Settings.Current
  const watch = yield* Watch
  const lineageOf = yield* Lineage.make
  const live = yield* Ref.make(HashMap.empty<string, Live>())
  const dirty = yield* Latch.make(false)

  // In this order: when the service ends, first all lives end, then their last calls have some time, then those end too.
  const calls = yield* FiberSet.make<unknown, unknown>()
  yield* Effect.addFinalizer(() => Effect.timeoutOption(FiberSet.awaitEmpty(calls), settings.abortTimeoutMs))
  const lives = yield* FiberMap.make<string>()
  const stopping = yield* Ref.make(HashMap.empty<Task.TaskId, Deferred.Deferred<void>>())

  const append = journal.append

  /** From slots to the answer. Fails where there is none, so that the scopes know whether to stop the session. */
  const life = (task: Task.Task, run: Live): Effect.Effect<Task.Outcome, Ending.Failure> =>
    Effect.gen(function*() {
      const stamp = { id: task.id, run: task.run }
      yield* append({ _tag: "Started", ...stamp, at: yield* Clock.currentTimeMillis })
      const started = yield* Clock.currentTimeMillis
      const conversation = yield* Conversation.open({ host, settings, calls, stopping }, task, run.aborted)
      const { session } = conversation
      yield* append({ _tag: "Opened", ...stamp, at: yield* Clock.currentTimeMillis, session })
      yield* Deferred.succeed(run.opened, undefined)
      const watcher = yield* watch.session(task.id, session, conversation.after)
      yield* Effect.addFinalizer(() => Effect.flatMap(watcher.progress, (progress) => Ref.set(run.progress, progress)))
      yield* conversation.prompt
      const spent = Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        return now - started - (yield* watcher.waitedForPerson) - (yield* limits.away(task.id))
      })
      const outcome = yield* Effect.raceFirst(watcher.settled, timeUp(settings.taskTtlMs, spent))
      return outcome._tag === "Completed" ? outcome : yield* new Ending.Unanswered({ outcome })
    }).pipe(
      Effect.scoped,
      limits.withSlots({
        id: task.id,
        parent: task.request.parent,
        model: task.request.model,
        agent: task.request.agent
      })
    )

  /** The one way out: the exit becomes the terminal event, and whoever is owed the news gets it. */
  const end = (task: Task.Task, run: Live) => (exit: Exit.Exit<Task.Outcome, Ending.Failure>) =>
    Effect.gen(function*() {
      const stop = yield* Deferred.poll(run.stop)
      const reason = yield* Effect.transposeOption(stop)
      const ended = yield* append({
        _tag: "Ended",
        id: task.id,
        run: task.run,
        at: yield* Clock.currentTimeMillis,
        outcome: Ending.outcomeOf(exit, reason),
        progress: yield* Ref.get(run.progress)
      })
      // First of all: who learns of the end in another way, by waiting for it, may do away with what is owed.
      if (Option.isSome(ended) && isNews(ended.value) && !(yield* isCondemned(task.request.parent))) {
        yield* notices.ended(ended.value)
      }
      yield* Ref.update(
        live,
        (all) =>
          Option.exists(HashMap.get(all, task.id), (current) => current === run) ? HashMap.remove(all, task.id) : all
      )
      yield* Deferred.succeed(run.opened, undefined)
      if (Option.isNone(ended)) return
      const { outcome, session } = ended.value
      yield* Deferred.succeed(run.over, ended.value)
      yield* Latch.open(dirty)
      if (isShutdown(ended.value)) return
      if (session !== undefined && outcome?._tag !== "Completed") yield* abandon(session, "parent-ended")
    })

  /** Nobody is in this session any more who could wait for its tasks. News of them would only wake it again. */
  const abandon = (session: Task.SessionId, reason: Task.CancelReason) =>
    Effect.andThen(Effect.andThen(notices.forget(session), Latch.open(dirty)), stopAll(below(session), reason))

  /** Whether a session is that of a task which is about to be ended. */
  const isCondemned = Effect.fnUntraced(function*(session: Task.SessionId) {
    const task = yield* journal.bySession(session)
    const all = yield* Ref.get(live)
    const run = Option.flatMap(task, ({ id }) => HashMap.get(all, id))
    return Option.exists(run, ({ stop }) => Deferred.isDoneUnsafe(stop))
  })

  const begin = Effect.fnUntraced(function*(task: Task.Task) {
    const run: Live = {
      run: task.run,
      stop: yield* Deferred.make<Task.CancelReason>(),
      opened: yield* Deferred.make<void>(),
      over: yield* Deferred.make<Task.Task>(),
      aborted: yield* Ref.make<Effect.Effect<Conversation.Abort>>(Effect.succeed("none")),
      progress: yield* Ref.make(task.progress)
    }
    yield* Ref.update(live, HashMap.set<string, Live>(task.id, run))
    if (task.request.background) yield* notices.launched(task.request.parent, task.id, task.run)
    yield* FiberMap.run(
      lives,
      task.id,
      Effect.uninterruptibleMask((restore) => Effect.flatMap(Effect.exit(restore(life(task, run))), end(task, run)))
    )
    return yield* Effect.map(journal.get(task.id), Option.getOrElse(() => task))
  })

  /** Who the task is for, and where that is; refused where nothing may be launched from. */
  const ancestorsOf = Effect.fnUntraced(function*(parent: Task.SessionId) {
    const ancestors = yield* lineageOf(parent)
    if (ancestors.length > settings.maxDepth) {
      return yield* new TooDeep({
        parent,
        root: ancestors.at(-1) ?? parent,
        depth: ancestors.length,
        maxDepth: settings.maxDepth
      })
    }
    return ancestors
  })

  const freshId: Effect.Effect<Task.TaskId> = Effect.gen(function*() {
    const high = yield* Random.nextIntBetween(0, 0xffff)
    const low = yield* Random.nextIntBetween(0, 0xffff)
    const id = Task.TaskId.make(`bg_${hex(high)}${hex(low)}`)
    return Option.isSome(yield* journal.get(id)) ? yield* freshId : id
  })

  const launch = Effect.fn("Tasks.launch")(function*(request: LaunchRequest) {
    const ancestors = yield* ancestorsOf(request.parent)
    return yield* Effect.uninterruptible(Effect.gen(function*() {
      const id = yield* freshId
      const queued = yield* append({
        _tag: "Queued",
        id,
        run: 1,
        at: yield* Clock.currentTimeMillis,
        request: {
          description: request.description,
          prompt: request.prompt,
          agent: request.agent,
          ...(request.model === undefined ? {} : { model: request.model }),
          parent: request.parent,
          ancestors,
          background: request.background ?? true
        }
      })
      return yield* begin(yield* Effect.orDie(Effect.fromOption(queued)))
    }))
  })

  const resume = Effect.fn("Tasks.resume")(function*(request: ContinueRequest) {
    const known = yield* journal.bySession(request.session)
    if (Option.isNone(known)) return yield* new SessionUnknown({ session: request.session })
    const before = known.value
    const ancestors = yield* ancestorsOf(request.parent)
    if (!Task.isBelow(before, request.parent)) return yield* new TaskForeign({ id: before.id })
    if (!host.capabilities.continues) return yield* new CannotContinue({ session: request.session })
    return yield* Effect.uninterruptible(Effect.gen(function*() {
      // Conditional: of two who continue at once, one is taken, and so is none while it runs.
      const continued = yield* append({
        _tag: "Continued",
        id: before.id,
        run: before.run + 1,
        at: yield* Clock.currentTimeMillis,
        request: {
          ...before.request,
          description: request.description ?? before.request.description,
          prompt: request.prompt,
          parent: request.parent,
          ancestors,
          background: request.background ?? true
        }
      })
      if (Option.isNone(continued)) return yield* new TaskRunning({ id: before.id, session: request.session })
      return yield* begin(continued.value)
    }))
  })

  const get = Effect.fnUntraced(function*(id: string) {
    const task = isTaskId(id) ? yield* journal.get(id) : Option.none()
    if (Option.isNone(task)) return yield* new TaskNotFound({ id })
    return yield* withProgress(task.value)
  })

  const withProgress = Effect.fnUntraced(function*(task: Task.Task) {
    if (task.session === undefined || Task.isTerminal(task)) return task
    const progress = yield* watch.progress(task.session)
    return Option.isSome(progress) ? { ...task, progress: progress.value } : task
  })

  /** Says why a task is to end, if it is not over. The first reason counts. */
  const condemn = Effect.fnUntraced(function*(task: Task.Task, reason: Task.CancelReason) {
    const run = Option.filter(HashMap.get(yield* Ref.get(live), task.id), (run) => run.run === task.run)
    return { task, run, condemned: Option.isSome(run) && (yield* Deferred.succeed(run.value.stop, reason)) }
  })

  const carryOut = Effect.fnUntraced(function*({ condemned, run, task }: Effect.Success<ReturnType<typeof condemn>>) {
    if (Option.isNone(run)) {
      // It may have ended since it was looked up.
      const now = Option.getOrElse(yield* journal.get(task.id), () => task)
      return { task: now, before: now.status, cancelled: false, abort: Effect.succeed<Conversation.Abort>("none") }
    }
    const fiber = yield* FiberMap.get(lives, task.id)
    if (Option.isSome(fiber)) yield* Fiber.interrupt(fiber.value)
    const after = yield* Deferred.await(run.value.over)
    return {
      task: after,
      before: task.status,
      // It may have come to its own end in the same moment.
      cancelled: condemned && after.status === "cancelled",
      abort: Effect.flatten(Ref.get(run.value.aborted))
    }
  })

  const stop = (task: Task.Task, reason: Task.CancelReason) => Effect.flatMap(condemn(task, reason), carryOut)

  /** Everything that is pending or running below a session. */
  const below = (session: Task.SessionId) =>
    Effect.map(
      journal.tasks,
      (tasks) => tasks.filter((task) => !Task.isTerminal(task) && Task.isBelow(task, session))
    )

  const stopAll = Effect.fnUntraced(function*(
    tasks: Effect.Effect<ReadonlyArray<Task.Task>>,
    reason: Task.CancelReason
  ) {
    // All of them first: one that ends takes those below it along, and they are to end for the same reason.
    const condemned = yield* Effect.forEach(yield* tasks, (task) => condemn(task, reason))
    return yield* Effect.forEach(condemned, carryOut, { concurrency: "unbounded" })
  })

  const confirmed = ({ abort, ...rest }: Effect.Success<ReturnType<typeof stop>>): Effect.Effect<Cancellation> =>
    Effect.map(Effect.timeoutOption(abort, settings.abortTimeoutMs), (abort) => ({
      ...rest,
      abort: Option.getOrElse(abort, () => "unconfirmed" as const)
    }))
  const cancel = Effect.fn("Tasks.cancel")(function*(id: string) {
    return yield* confirmed(yield* stop(yield* get(id), "requested"))
  })

  const cancelAll = Effect.fn("Tasks.cancelAll")(function*(session: Task.SessionId) {
    const stopped = yield* stopAll(below(session), "requested")
    return yield* Effect.forEach(stopped.filter(({ cancelled }) => cancelled), confirmed, { concurrency: "unbounded" })
  })

  const awaitEnd = Effect.fnUntraced(function*(id: string, by?: Task.SessionId) {
    const task = yield* get(id)
    const run = HashMap.get(yield* Ref.get(live), id)
    if (Option.isNone(run) || Task.isTerminal(task)) return task
    const over = Deferred.await(run.value.over)
    const waiter = by === undefined ? Option.none() : yield* journal.bySession(by)
    return yield* Option.isNone(waiter) ? over : limits.lend(waiter.value.id)(over)
  })

  // A session that is deleted takes everything below it along, and the task that it is the session of.
  yield* Stream.runForEach(watch.deletions, (session) =>
    Effect.gen(function*() {
      const own = Option.filter(yield* journal.bySession(session), (task) => !Task.isTerminal(task))
      if (Option.isNone(own)) return yield* abandon(session, "deleted")
      return yield* stopAll(Effect.map(below(session), (tasks) => [own.value, ...tasks]), "deleted")
    })).pipe(Effect.forkScoped({ startImmediately: true }))

  /** Forgets the oldest of those that are over and of which nobody is owed anything, down to `retainedTasks`. */
  const forgetOld = Effect.gen(function*() {
    const over = (yield* journal.tasks).filter(Task.isTerminal)
    const surplus = over.length - settings.retainedTasks
    if (surplus <= 0) return
    const free = yield* Effect.filter(over, (task) => Effect.map(notices.owes(task), (owed) => !owed))
    const oldest = free.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)).slice(0, surplus)
    yield* Effect.forEach(oldest, (task) => journal.forget(task.id), { discard: true })
  })

  // At most once a second, and only after something ended or somebody was told.
  yield* Latch.await(dirty).pipe(
    Effect.andThen(Latch.close(dirty)),
    Effect.andThen(Effect.sleep("1 second")),
    Effect.andThen(forgetOld),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Stream.runForEach(notices.deliveries, () => Latch.open(dirty)).pipe(
    Effect.forkScoped({ startImmediately: true })
  )

  return Tasks.of({
    launch,
    resume,
    get,
    find: Effect.fnUntraced(function*(id, from) {
      const task = yield* get(id)
      const family = yield* Effect.result(lineageOf(from))
      const related = Result.isSuccess(family)
        ? family.success.at(-1) === task.request.ancestors.at(-1)
        : Task.isBelow(task, from)
      return related ? task : yield* new TaskForeign({ id: task.id })
    }),
    await: awaitEnd,
    opened: Effect.fnUntraced(function*(id) {
      const run = HashMap.get(yield* Ref.get(live), id)
      if (Option.isSome(run)) yield* Deferred.await(run.value.opened)
      return yield* get(id)
    }),
    cancel,
    cancelAll,
    list: Effect.flatMap(
      journal.tasks,
      (tasks) => Effect.forEach([...tasks].sort((a, b) => a.queuedAt - b.queuedAt), withProgress)
    ),
    place: limits.place,
    expecting: notices.expecting,
    settled: notices.settled,
    reading: notices.reading,
    read: (task, by) =>
      Task.isTerminal(task) && task.request.parent === by
        ? Effect.andThen(notices.read(task), Latch.open(dirty))
        : Effect.void,
    changes: journal.entries
  })
})

/** Ends when a task has spent its time. `spent` says how much it has (ms); it may stand still for a while. */
const timeUp = (limit: number, spent: Effect.Effect<number>): Effect.Effect<Task.Outcome> =>
  limit === 0 ? Effect.never : Effect.gen(function*() {
    let left = limit
    while (left > 0) {
      yield* Effect.sleep(left)
      const rest = limit - (yield* spent)
      // While the clock of the task stands still there is nothing to gain from looking more often than this.
      left = rest > 0 ? Math.max(rest, 1_000) : 0
    }
    return Ending.timeLimit(limit)
  })

const isShutdown = ({ outcome }: Task.Task): boolean => outcome?._tag === "Cancelled" && outcome.reason === "shutdown"

/** Whether the parent is owed the end of a task. When everything ends, nobody is told. */
const isNews = (task: Task.Task): boolean => task.request.background && !isShutdown(task)

const isTaskId = Schema.is(Task.TaskId)

const hex = (n: number): string => n.toString(16).padStart(4, "0")
