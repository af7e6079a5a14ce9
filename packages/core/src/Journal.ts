/**
 * The ordered record of everything that happened to tasks and to the news that is owed about them, and what follows from
 * it: the tasks, and what every parent is owed.
 *
 * There is no second truth: a task is the fold of its events (`Task.apply`), a parent's box that of the events about it
 * (`Outbox`). Appending is conditional: an event that the task refuses (it is over, the event belongs to another run, or
 * the task is somebody else's by now) is not kept, and the caller is told, so of two terminal events exactly one wins.
 *
 * This is a port. `layer` keeps everything in memory; `@errand/core/sqlite` keeps it in a file that outlives the process.
 */
import { Context, Effect, Layer, Option, PubSub, Stream } from "effect"
import type { NoticeEvent } from "./NoticeEvent.ts"
import * as Outbox from "./Outbox.ts"
import type { SessionId, TaskId } from "./Task.ts"
import * as Task from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"

/** An event that was kept, and the task after it. */
export interface Entry {
  readonly event: TaskEvent
  readonly task: Task.Task
}

/** What those left behind who are gone, and is this one's from now on. */
export interface Inheritance {
  /** The tasks that are not over, in the order in which they are to go on: those that ran first. */
  readonly tasks: ReadonlyArray<Task.Task>
  /** The parents that have tasks among them, or are owed news. */
  readonly parents: ReadonlyArray<SessionId>
  /** Whether there is more, of somebody of whom it is not clear yet whether they are gone: ask again soon. */
  readonly unclear: boolean
}

export class Journal extends Context.Service<Journal, {
  /** Keeps an event and gives the task after it; none when the event was refused. */
  readonly append: (event: TaskEvent) => Effect.Effect<Option.Option<Task.Task>>
  readonly get: (id: TaskId) => Effect.Effect<Option.Option<Task.Task>>
  /** The task whose session this is. */
  readonly bySession: (session: SessionId) => Effect.Effect<Option.Option<Task.Task>>
  /**
   * The same in this moment, of the tasks that are kept at hand: everything that runs here is. For whoever asks again and
   * again, about every session there is.
   */
  readonly atHandUnsafe: (session: SessionId) => Option.Option<Task.Task>
  /** Every task that is kept at hand, in the order in which they were first asked for. */
  readonly tasks: Effect.Effect<ReadonlyArray<Task.Task>>
  /**
   * Tasks that are kept, but not at hand. Those that are over, of earlier processes for example: the latest ones, oldest first.
   * Then those that were over at hand, and that another process goes on with.
   */
  readonly older: Effect.Effect<ReadonlyArray<Task.Task>>
  /** A task that is over need not be kept at hand any more. */
  readonly forget: (id: TaskId) => Effect.Effect<void>
  /** Whether what comes in one moment is kept in one go: who learns that the first of it is kept finds all of it there. */
  readonly gathers: boolean
  /** What is kept from now on. A listener that is slower than 4,096 entries loses the oldest. */
  readonly entries: Stream.Stream<Entry>
  /** What a parent is owed in this moment; nothing is an empty box. Only to be looked at: it is changed by what is kept. */
  readonly boxUnsafe: (parent: SessionId) => Readonly<Outbox.Box>
  /** Keeps the event that is decided on the parent's box as it is in that moment, if one is; gives the box after it. */
  readonly note: (
    parent: SessionId,
    decide: (box: Readonly<Outbox.Box>) => Option.Option<NoticeEvent>
  ) => Effect.Effect<Readonly<Outbox.Box>>
  /**
   * Whether a task is (still) this one's to go on with: another process takes it only from one that seems to be gone. What
   * nobody knows is nobody else's.
   */
  readonly owns: (id: TaskId) => Effect.Effect<boolean>
  /** Lets go of the tasks that another process has taken over meanwhile, and gives all that it has since it was last asked. */
  readonly lost: Effect.Effect<ReadonlyArray<TaskId>>
  /**
   * Takes over what those left behind who are gone: everything, or what belongs to the family of one root session. A task
   * is handed to one process, and once.
   */
  readonly inherit: (root: Option.Option<SessionId>) => Effect.Effect<Inheritance>
  /** Whether what was left behind is taken over at the start, or only when it is asked for. */
  readonly inherits: "at start" | "when asked"
}>()("@errand/core/Journal") {
  static readonly layer: Layer.Layer<Journal> = Layer.effect(Journal, Effect.suspend(() => inMemory))
}

/** What follows from the events so far. Changed in place, in one piece, by `add` and `note` and nobody else. */
export interface Fold {
  /** In the order in which they were first asked for. */
  readonly tasks: Map<TaskId, Task.Task>
  readonly sessions: Map<SessionId, TaskId>
  /** Of the parents that have something out or are owed a word. */
  readonly boxes: Map<SessionId, Outbox.Box>
}

export const emptyFold = (): Fold => ({ tasks: new Map(), sessions: new Map(), boxes: new Map() })

const changeIn = ({ boxes }: Fold): Outbox.Change => (parent, change) => {
  const box = boxes.get(parent) ?? Outbox.make()
  change(box)
  if (Outbox.isSettled(box)) boxes.delete(parent)
  else boxes.set(parent, box)
}

/** What is to be kept of an event that comes to a task; none where the task refuses it. */
export const entryOf = (before: Option.Option<Task.Task>, event: TaskEvent): Option.Option<Entry> =>
  Option.map(Task.apply(before, event), (task) => ({ event, task }))

/** A task as an event has left it. `counts`: whether what its parent is owed follows from that, too. */
export const add = (fold: Fold, { event, task }: Entry, counts = true): void => {
  fold.tasks.set(task.id, task)
  if (task.session !== undefined && !fold.sessions.has(task.session)) fold.sessions.set(task.session, task.id)
  if (counts) Outbox.ofTask(event, task, changeIn(fold))
}

export const note = (fold: Fold, event: NoticeEvent): void => Outbox.ofNotice(event, changeIn(fold))

export const boxOf = (fold: Fold, parent: SessionId): Readonly<Outbox.Box> => fold.boxes.get(parent) ?? nothing

/** The box of a parent that has none. Nobody changes it: what is changed is in the books. */
const nothing: Readonly<Outbox.Box> = Outbox.make()

export const find = (fold: Fold, id: TaskId | undefined): Option.Option<Task.Task> =>
  Option.fromUndefinedOr(id === undefined ? undefined : fold.tasks.get(id))

export const inSession = (fold: Fold, session: SessionId): Option.Option<Task.Task> =>
  find(fold, fold.sessions.get(session))

export const remove = (fold: Fold, id: TaskId): void => {
  const session = fold.tasks.get(id)?.session
  fold.tasks.delete(id)
  if (session !== undefined && fold.sessions.get(session) === id) fold.sessions.delete(session)
}

/** A task is somebody else's by now: it is looked at there, and told of there. */
export const letGo = (fold: Fold, id: TaskId): void => {
  const task = fold.tasks.get(id)
  if (task === undefined) return
  remove(fold, id)
  leave(fold, task.request.parent, id)
}

/** What this parent is owed of a task is no business of ours any more. */
export const leave = (fold: Fold, parent: SessionId, id: TaskId): void =>
  changeIn(fold)(parent, (box) => Outbox.leave(box, id))

/** What somebody who is gone owed, as it follows from what happened there, is owed here from now on. */
export const inheritBoxes = (fold: Fold, theirs: Fold): void => {
  for (const [parent, box] of theirs.boxes) changeIn(fold)(parent, (own) => Outbox.merge(own, box))
}

/** Tells of what is kept. */
export const makeEntries = Effect.acquireRelease(PubSub.sliding<Entry>({ capacity: 4096 }), PubSub.shutdown)

/** A journal that is gone with its scope. */
export const inMemory = Effect.gen(function*() {
  const fold = emptyFold()
  const entries = yield* makeEntries
  return Journal.of({
    append: (event) =>
      Effect.suspend((): Effect.Effect<Option.Option<Task.Task>> => {
        const entry = entryOf(find(fold, event.id), event)
        if (Option.isNone(entry)) return Effect.succeedNone
        add(fold, entry.value)
        const task = Option.some(entry.value.task)
        // At once, where there is room.
        return PubSub.publishUnsafe(entries, entry.value)
          ? Effect.succeed(task)
          : Effect.uninterruptible(Effect.as(PubSub.publish(entries, entry.value), task))
      }),
    get: (id) => Effect.sync(() => find(fold, id)),
    bySession: (session) => Effect.sync(() => inSession(fold, session)),
    atHandUnsafe: (session) => inSession(fold, session),
    tasks: Effect.sync(() => [...fold.tasks.values()]),
    older: Effect.succeed([]),
    forget: (id) => Effect.sync(() => remove(fold, id)),
    gathers: false,
    entries: Stream.fromPubSub(entries),
    boxUnsafe: (parent) => boxOf(fold, parent),
    note: (parent, decide) =>
      Effect.sync(() => {
        const event = decide(boxOf(fold, parent))
        if (Option.isSome(event)) note(fold, event.value)
        return boxOf(fold, parent)
      }),
    owns: () => Effect.succeed(true),
    lost: Effect.succeed([]),
    inherit: () => Effect.succeed({ tasks: [], parents: [], unclear: false }),
    inherits: "at start"
  })
})
