/**
 * The ordered record of everything that happened to tasks, and the tasks that follow from it.
 *
 * There is no second truth: a task is the fold of its events. Appending is conditional: an event that the task refuses
 * (it is over, or the event belongs to another run) is not kept, and the caller is told, so of two terminal events
 * exactly one wins. This is a port; `layer` keeps everything in memory.
 */
import { Array, Context, Effect, HashMap, Layer, Option, Order, PubSub, Ref, Stream } from "effect"
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

interface State {
  readonly tasks: HashMap.HashMap<TaskId, Kept>
  /** How many tasks there ever were. */
  readonly count: number
  readonly sessions: HashMap.HashMap<SessionId, TaskId>
}

interface Kept {
  readonly task: Task.Task
  /** Counts tasks: their order. */
  readonly place: number
}

const inOrder = Order.mapInput(Order.Number, ({ place }: Kept) => place)

const find = (state: State, id: TaskId): Option.Option<Task.Task> =>
  Option.map(HashMap.get(state.tasks, id), ({ task }) => task)

const memory = Effect.gen(function*() {
  const state = yield* Ref.make<State>({ tasks: HashMap.empty(), count: 0, sessions: HashMap.empty() })
  const entries = yield* Effect.acquireRelease(PubSub.sliding<Entry>({ capacity: 4096 }), PubSub.shutdown)

  const append = (event: TaskEvent) =>
    Effect.uninterruptible(Effect.gen(function*() {
      const after = yield* Ref.modify(state, (current) => {
        const task = Task.apply(find(current, event.id), event)
        return [task, Option.match(task, { onNone: () => current, onSome: (task) => keep(current, task) })]
      })
      if (Option.isSome(after)) yield* PubSub.publish(entries, { event, task: after.value })
      return after
    }))

  return Journal.of({
    append,
    get: (id) => Effect.map(Ref.get(state), (current) => find(current, id)),
    bySession: (session) =>
      Effect.map(
        Ref.get(state),
        (current) => Option.flatMap(HashMap.get(current.sessions, session), (id) => find(current, id))
      ),
    tasks: Effect.map(
      Ref.get(state),
      (current) => Array.sort(HashMap.values(current.tasks), inOrder).map(({ task }) => task)
    ),
    forget: (id) =>
      Ref.update(state, (current) => ({
        ...current,
        tasks: HashMap.remove(current.tasks, id),
        sessions: Option.match(find(current, id), {
          onNone: () => current.sessions,
          onSome: ({ session }) =>
            session === undefined
              ? current.sessions
              : HashMap.modifyAt(current.sessions, session, Option.filter((owner) => owner !== id))
        })
      })),
    entries: Stream.fromPubSub(entries)
  })
})

const keep = (state: State, task: Task.Task): State => ({
  tasks: HashMap.set(state.tasks, task.id, {
    task,
    place: Option.match(HashMap.get(state.tasks, task.id), { onNone: () => state.count, onSome: ({ place }) => place })
  }),
  count: HashMap.has(state.tasks, task.id) ? state.count : state.count + 1,
  sessions: task.session === undefined || HashMap.has(state.sessions, task.session)
    ? state.sessions
    : HashMap.set(state.sessions, task.session, task.id)
})
