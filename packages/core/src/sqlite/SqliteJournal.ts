/**
 * A journal in a file: what was kept outlives the process, however it ends, and the next one goes on with it.
 *
 * What this process goes on with is folded in memory as well, so that to look at it costs nothing; of everything else the
 * file is asked. An event is kept in one transaction, in which it is also found out whether the task is (still) this one's.
 * A file that cannot be used, or not any more, is told of once, and all goes on in memory.
 */
import { Clock, Effect, Layer, Option, PubSub, Ref, Schedule, type Scope, Semaphore, Stream } from "effect"
import * as Journal from "../Journal.ts"
import type { NoticeEvent } from "../NoticeEvent.ts"
import * as Outbox from "../Outbox.ts"
import type { SessionId, TaskId } from "../Task.ts"
import * as Task from "../Task.ts"
import type { TaskEvent } from "../TaskEvent.ts"
import * as FileProblem from "./FileProblem.ts"
import type { Library } from "./Library.ts"
import * as Owner from "./Owner.ts"
import * as Ownership from "./Ownership.ts"
import * as Processes from "./Processes.ts"
import * as Store from "./Store.ts"
import * as TakeOver from "./TakeOver.ts"
import * as Together from "./Together.ts"
import { untilBroken } from "./untilBroken.ts"

export interface Options {
  /** A path; its folder is made. One file for each project. */
  readonly file: string
  /** Whether what was left behind is taken over at the start (the default), or family by family when it is asked for. */
  readonly inherits?: Journal.Journal["Service"]["inherits"] | undefined
  /** How long tasks that are over are kept (ms); those whose parent is still owed news are kept longer. Default 7 days. */
  readonly retentionMs?: number | undefined
  /** Whether the disk has to confirm each event; see `SqliteClient`. Default `false`. */
  readonly fsync?: boolean | undefined
  /** Told once, when the file cannot be used (any more). */
  readonly onProblem?: ((problem: FileProblem.FileProblem) => Effect.Effect<void>) | undefined
  /** What people can do who want to do without the file, for example "set `x`": the end of what they are told of a problem. */
  readonly without?: string | undefined
  /** Who this is; by default the process that it runs in. */
  readonly process?: Processes.Process | undefined
  readonly library?: Library | undefined
}

const kept: FileProblem.Kept = {
  name: "The journal",
  outcome: "Tasks are kept in memory for now, and are lost when this process ends"
}

const week = 7 * 24 * 3_600_000

/** How many tasks of earlier processes are listed. */
const listed = 200

export const layer = (options: Options): Layer.Layer<Journal.Journal> =>
  Layer.effect(
    Journal.Journal,
    make(options).pipe(
      Effect.catchTag("FileProblem", (problem) =>
        Effect.gen(function*() {
          if (problem.reason === "corrupt") yield* FileProblem.setAside(options.file)
          yield* tell(options, problem)
          return yield* Journal.inMemory
        }))
    )
  )

const tell = ({ onProblem = ({ message }) => Effect.logWarning(message) }: Options, problem: FileProblem.FileProblem) =>
  onProblem(problem)

const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Journal.Journal["Service"], FileProblem.FileProblem, Scope.Scope> {
  const { file, fsync = false, inherits = "at start", library, retentionMs = week } = options
  const { host, pid } = options.process ?? Processes.current()
  const problems = FileProblem.of({ ...kept, without: options.without }, file)
  const store = yield* Store.open({ file, fsync, library }, problems)
  const looking = yield* Ref.make(Owner.begin(yield* Clock.currentTimeMillis))
  const me = yield* Effect.map(Effect.sync(() => globalThis.crypto.randomUUID()), (uuid) => `${pid}-${uuid}`)
  const fold = Journal.emptyFold()
  const entries = yield* Journal.makeEntries
  const beatenAt = yield* Ref.make(Number.NEGATIVE_INFINITY)
  /** What was kept in this moment, and is told of together: who listens to it costs more than it does. */
  const news: Array<Journal.Entry> = []
  /** One change at a time, of the file and of what follows from it. */
  const lock = yield* Semaphore.make(1)

  const asProblem = (error: Store.StoreError): FileProblem.FileProblem =>
    error._tag === "SqlError" ? problems.fromSql(error) : problems.problem("corrupt", "an event in it cannot be read")

  /**
   * Once something with the file fails nothing more is kept in it: an event that is missing would be a lie. That this one is
   * there is none, and nor is whose its tasks are: `still`.
   */
  const { attempt, still } = yield* untilBroken((error: Store.StoreError) => tell(options, asProblem(error)))

  const changing = <A>(change: Effect.Effect<A>): Effect.Effect<A> => Effect.uninterruptible(lock.withPermit(change))

  /** Since when it has been awake, and could have seen the others' leases renewed (epoch ms). */
  const look = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.map(Ref.updateAndGet(looking, (before) => Owner.look(before, now)), ({ since }) => since)
  )

  /** Its lease goes on. In a transaction of its own, or in one that is written anyway. */
  const beat = Effect.gen(function*() {
    const seen = yield* Clock.currentTimeMillis
    if (seen - (yield* Ref.get(beatenAt)) < Owner.beat / 2) return
    yield* store.seen({ id: me, pid, host, seen })
    yield* Ref.set(beatenAt, seen)
  })

  const load = (id: TaskId) => Effect.map(store.eventsOf(id), foldTask)

  /** What an event makes of its task, whose owner is known; none where the event is refused. */
  const decide = (
    event: TaskEvent,
    owner: string | undefined
  ): Effect.Effect<Option.Option<Journal.Entry>, Store.StoreError> => {
    // Only what is over is anybody's.
    if (owner !== undefined && owner !== me && event._tag !== "Continued") return Effect.succeedNone
    const known = owner === me ? Journal.find(fold, event.id) : Option.none()
    return Option.isNone(known) && owner !== undefined
      ? Effect.map(load(event.id), (before) => Journal.entryOf(before, event))
      : Effect.succeed(Journal.entryOf(known, event))
  }

  /** Decides on events of different tasks, and keeps those that are taken. */
  const keep = Effect.fnUntraced(function*(events: ReadonlyArray<TaskEvent>) {
    const owners = yield* store.ownersOf(events.map(({ id }) => id))
    const entries = yield* Effect.forEach(events, (event) => decide(event, owners.get(event.id)))
    const taken = entries.flatMap(Option.toArray)
    if (taken.length > 0) {
      yield* beat
      yield* store.insert(taken, me)
    }
    return entries
  })

  /** What of this parent's tasks is not in its box any more was told. */
  const sweep = Effect.fnUntraced(function*(parent: SessionId) {
    const box = Journal.boxOf(fold, parent)
    for (const id of yield* store.owedTo(parent, me)) {
      if (!Outbox.has(box, { id })) yield* store.told(id)
    }
    if (Outbox.isSettled(box)) yield* store.settled(parent, me)
  })

  /** At once; gives what is left to be done. */
  const addUnsafe = (entry: Journal.Entry): Effect.Effect<unknown> => {
    Journal.add(fold, entry)
    news.push(entry)
    const { task } = entry
    // Its parent knows it, by a batch that this has closed or because it waited for it: nobody is to be told.
    return Task.isTerminal(task) && !isShutdown(entry.event) &&
        !Outbox.has(Journal.boxOf(fold, task.request.parent), task)
      ? attempt(store.transaction(Effect.andThen(store.told(task.id), sweep(task.request.parent))))
      : Effect.void
  }

  const { continuedElsewhere, letGo, lost, owns, refused, takenOf } = Ownership.make({ fold, load, me, still, store })

  /** What became of an event, of which `kept` says what the file made of it; none where the file was not asked. */
  const settle = (event: TaskEvent, kept: Option.Option<Option.Option<Journal.Entry>>) =>
    Effect.suspend((): Effect.Effect<Option.Option<Task.Task>> => {
      const entry = Option.getOrElse(kept, () => Journal.entryOf(Journal.find(fold, event.id), event))
      return Option.isSome(entry)
        ? Effect.as(addUnsafe(entry.value), Option.some(entry.value.task))
        : Effect.as(Option.isSome(kept) ? refused(event.id) : Effect.void, Option.none())
    })

  /** What comes at the same time is kept in one transaction, which costs hardly more than one event does. */
  const append = Together.make({
    about: ({ id }: TaskEvent) => id,
    keep: Effect.fnUntraced(function*(events) {
      // What ends only because this process does, goes on in the next one.
      const lasting = events.filter((event) => !isShutdown(event))
      const kept = lasting.length === 0 ? Option.none() : yield* attempt(store.transaction(keep(lasting)))
      const entryOf = new Map(Option.getOrElse(kept, () => []).map((entry, nth) => [lasting[nth], entry] as const))
      return events.map((event) => Option.fromUndefinedOr(entryOf.get(event)))
    }),
    settle,
    finish: Effect.suspend(() => PubSub.publishAll(entries, news.splice(0))),
    alone: lock.withPermit
  })

  const note = (parent: SessionId, decide: (box: Readonly<Outbox.Box>) => Option.Option<NoticeEvent>) =>
    changing(Effect.gen(function*() {
      const event = decide(Journal.boxOf(fold, parent))
      if (Option.isNone(event)) return Journal.boxOf(fold, parent)
      const taken = event.value._tag === "Sending" ? yield* takenOf(event.value.tasks) : []
      if (taken.length > 0) {
        yield* letGo
        for (const id of taken) Journal.leave(fold, parent, id)
        return Journal.boxOf(fold, parent)
      }
      Journal.note(fold, event.value)
      yield* attempt(store.transaction(Effect.andThen(
        Effect.andThen(beat, store.insertNotice(event.value, me)),
        event.value._tag === "Sending" ? Effect.void : sweep(parent)
      )))
      return Journal.boxOf(fold, parent)
    }))

  /** What is over may be continued by anybody, so of that at hand it is asked whose it is. */
  const get = (id: TaskId) =>
    Effect.suspend(() => {
      const known = Journal.find(fold, id)
      if (Option.exists(known, (task) => !Task.isTerminal(task))) return Effect.succeed(known)
      const inFile = Effect.map(still(load(id)), Option.flatten)
      return Option.isNone(known) ? inFile : Effect.flatMap(
        owns(id),
        (isOwn) => isOwn ? Effect.succeed(known) : Effect.map(inFile, Option.orElse(() => known))
      )
    })

  const inherit = (root: Option.Option<SessionId>): Effect.Effect<Journal.Inheritance> =>
    changing(Effect.gen(function*() {
      const heir = { id: me, host, since: yield* look, beat }
      const found = yield* attempt(store.transaction(TakeOver.takeOver(store, heir, root)))
      if (Option.isNone(found)) return { tasks: [], parents: [], unclear: false }
      const tasks = new Map<TaskId, Task.Task>()
      const parents = new Set<SessionId>()
      for (const { adopted, records } of found.value.left) {
        // By itself: a notice of theirs is none of ours, and ours may be on its way.
        const theirs = Journal.emptyFold()
        const all = [...records, ...adopted.map((event) => ({ _tag: "Task" as const, event, counts: true }))]
        for (const record of all) {
          if (record._tag === "Notice") {
            Journal.note(theirs, record.event)
            parents.add(record.event.parent)
            continue
          }
          const { counts, event } = record
          const task = Task.apply(Option.fromUndefinedOr(tasks.get(event.id)), event)
          if (Option.isNone(task)) continue
          tasks.set(event.id, task.value)
          Journal.add(fold, { event, task: task.value }, false)
          Journal.add(theirs, { event, task: task.value }, counts)
          parents.add(task.value.request.parent)
          if (event._tag === "Adopted") yield* PubSub.publish(entries, { event, task: task.value })
        }
        Journal.inheritBoxes(fold, theirs)
      }
      const owed = [...parents].filter((parent) => !Outbox.isSettled(Journal.boxOf(fold, parent)))
      yield* attempt(store.transaction(Effect.forEach(parents, sweep, { discard: true })))
      // One line, whoever left them behind.
      const live = found.value.left.flatMap(({ open }) => open).sort(inOrder).flatMap(({ id }) => tasks.get(id) ?? [])
      return { tasks: live, parents: owed, unclear: found.value.unclear }
    }))

  // Whoever opens a file of this name next knows that this one is gone. Its tasks are theirs.
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (seen) => changing(attempt(store.seen({ id: me, pid: Owner.nobody, host, seen })))
    )
  )

  // While there is anything to lose. Nobody waits for it: a file that somebody else has locked takes its time.
  const stake = Effect.sync(() =>
    fold.boxes.size > 0 || [...fold.tasks.values()].some((task) => !Task.isTerminal(task))
  )
  yield* Effect.flatMap(Effect.andThen(look, stake), (any) => any ? still(beat) : Effect.void).pipe(
    Effect.repeat(Schedule.spaced(Owner.beat)),
    Effect.forkScoped
  )

  /** What is too old is kept neither in the file nor at hand: it could not be continued. */
  const compact = (before: number) =>
    changing(Effect.map(attempt(store.transaction(store.compact(before))), () => {
      for (const task of fold.tasks.values()) {
        const isTold = !Outbox.has(Journal.boxOf(fold, task.request.parent), task)
        if (Task.isTerminal(task) && (task.endedAt ?? before) < before && isTold) Journal.remove(fold, task.id)
      }
    }))

  yield* Effect.flatMap(Clock.currentTimeMillis, (now) => compact(now - retentionMs)).pipe(
    Effect.repeat(Schedule.spaced("1 hour")),
    Effect.forkScoped
  )

  return Journal.Journal.of({
    append,
    get,
    bySession: (session) =>
      Effect.suspend(() => {
        const known = fold.sessions.get(session)
        if (known !== undefined) return get(known)
        return Effect.flatMap(
          attempt(store.withSession(session)),
          (id) => Option.match(Option.flatten(id), { onNone: () => Effect.succeedNone, onSome: get })
        )
      }),
    atHandUnsafe: (session) => Journal.inSession(fold, session),
    tasks: Effect.sync(() => [...fold.tasks.values()]),
    older: Effect.flatMap(continuedElsewhere, (elsewhere) =>
      Effect.map(attempt(store.latest(listed)), (found) => [
        ...[...foldTasks(Option.getOrElse(found, () => [])).values()].filter(({ id }) => !fold.tasks.has(id)),
        ...elsewhere
      ])),
    forget: (id) => Effect.sync(() => Journal.remove(fold, id)),
    gathers: true,
    entries: Stream.fromPubSub(entries),
    boxUnsafe: (parent) => Journal.boxOf(fold, parent),
    note,
    owns,
    lost: changing(lost),
    inherit,
    inherits
  })
})

const foldTask = (events: ReadonlyArray<TaskEvent>): Option.Option<Task.Task> =>
  events.reduce(
    (task, event) => Option.orElse(Task.apply(task, event), () => task),
    Option.none<Task.Task>()
  )

const foldTasks = (events: ReadonlyArray<TaskEvent>): ReadonlyMap<TaskId, Task.Task> =>
  new Map(
    Array.from(Map.groupBy(events, ({ id }) => id))
      .flatMap(([id, own]) => Option.toArray(Option.map(foldTask(own), (task) => [id, task] as const)))
  )

/** Those who ran first, longest first; then those who waited, in the order in which they were asked for. */
const inOrder = (a: Task.Task, b: Task.Task): number =>
  (a.startedAt ?? Number.POSITIVE_INFINITY) - (b.startedAt ?? Number.POSITIVE_INFINITY) || a.queuedAt - b.queuedAt

const isShutdown = (event: TaskEvent): boolean =>
  event._tag === "Ended" && event.outcome._tag === "Cancelled" && event.outcome.reason === "shutdown"
