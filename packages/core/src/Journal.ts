/**
 * The ordered record of everything that happened to tasks, and the tasks that follow from it.
 *
 * There is no second truth: a task is the fold of its events. Appending is conditional: an event that the task refuses
 * (it is over, or the event belongs to another run) is not kept, and the caller is told, so of two terminal events
 * exactly one wins. This is a port; `layer` keeps everything in memory.
 */
import { Context, Effect, Layer, Option, PubSub, Stream } from "effect"
import type { SessionId, TaskId } from "./Task.ts"
import * as Task from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"

/** An event that was kept, and the task after it. */
export interface Entry {
  readonly event: TaskEvent
  readonly task: Task.Task
}

export class Journal extends Context.Service<Journal, {
  /** Keeps an event and gives the task after it; none when the event was refused. */
  readonly append: (event: TaskEvent) => Effect.Effect<Option.Option<Task.Task>>
  readonly get: (id: TaskId) => Effect.Effect<Option.Option<Task.Task>>
  /** The task whose session this is. */
  readonly bySession: (session: SessionId) => Effect.Effect<Option.Option<Task.Task>>
  /** Every task that is kept, in the order in which they were first asked for. */
  readonly tasks: Effect.Effect<ReadonlyArray<Task.Task>>
  /** Drops a task with everything that is known of it. */
  readonly forget: (id: TaskId) => Effect.Effect<void>
  /** What is kept from now on. A listener that is slower than 4,096 entries loses the oldest. */
  readonly entries: Stream.Stream<Entry>
}>()("@errand/core/Journal") {
  static readonly layer: Layer.Layer<Journal> = Layer.effect(Journal, Effect.suspend(() => memory))
}

const memory = Effect.gen(function*() {
  /** In the order in which they were first asked for. Changed only in one piece, by `append` and `forget`. */
  const tasks = new Map<TaskId, Task.Task>()
  const sessions = new Map<SessionId, TaskId>()
  const entries = yield* Effect.acquireRelease(PubSub.sliding<Entry>({ capacity: 4096 }), PubSub.shutdown)

  const find = (id: TaskId | undefined): Option.Option<Task.Task> =>
    Option.fromUndefinedOr(id === undefined ? undefined : tasks.get(id))

  const keep = (task: Task.Task): void => {
    tasks.set(task.id, task)
    if (task.session !== undefined && !sessions.has(task.session)) sessions.set(task.session, task.id)
  }

  return Journal.of({
    append: (event) =>
      Effect.uninterruptible(Effect.suspend((): Effect.Effect<Option.Option<Task.Task>> => {
        const after = Task.apply(find(event.id), event)
        if (Option.isNone(after)) return Effect.succeedNone
        keep(after.value)
        return Effect.as(PubSub.publish(entries, { event, task: after.value }), after)
      })),
    get: (id) => Effect.sync(() => find(id)),
    bySession: (session) => Effect.sync(() => find(sessions.get(session))),
    tasks: Effect.sync(() => [...tasks.values()]),
    forget: (id) =>
      Effect.sync(() => {
        const session = tasks.get(id)?.session
        tasks.delete(id)
        if (session !== undefined && sessions.get(session) === id) sessions.delete(session)
      }),
    entries: Stream.fromPubSub(entries)
  })
})
