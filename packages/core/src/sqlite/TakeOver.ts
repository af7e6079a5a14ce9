/**
 * What those left behind who are gone: found in the file, and handed to one process, once.
 */
import { Clock, Effect, Option } from "effect"
import * as Journal from "../Journal.ts"
import * as Stint from "../Stint.ts"
import type { SessionId, TaskId } from "../Task.ts"
import * as Task from "../Task.ts"
import type { TaskEvent } from "../TaskEvent.ts"
import * as Owner from "./Owner.ts"
import * as Processes from "./Processes.ts"
import type * as Store from "./Store.ts"

/** Who takes over. */
export interface Heir {
  readonly id: string
  readonly host: string
  /** Epoch ms. Since when it has been looking. */
  readonly since: number
  /** Says that it is there: nobody else is to take it for one that is gone. */
  readonly beat: Effect.Effect<void, Store.StoreError>
}

/** What one owner left behind. */
export interface Left {
  /** What happened to its tasks, and what was said about them, in order. */
  readonly records: ReadonlyArray<Store.Recorded>
  /** What happens to those that are not over. */
  readonly adopted: ReadonlyArray<TaskEvent>
  /** These, as their owner left them. */
  readonly open: ReadonlyArray<Task.Task>
}

export interface Found {
  readonly left: ReadonlyArray<Left>
  /** Whether there is more, of somebody of whom it is not clear yet whether they are gone. */
  readonly unclear: boolean
}

interface Gone {
  readonly id: string
  /** Epoch ms of the last sign of life. */
  readonly seen: number
}

/** Everything, or what belongs to the family of one root session. To be done in one transaction. */
export const takeOver = Effect.fnUntraced(function*(
  store: Store.Store,
  heir: Heir,
  root: Option.Option<SessionId>
): Effect.fn.Return<Found, Store.StoreError> {
  const family = Option.getOrUndefined(root)
  const { gone, unclear } = yield* others(store, heir)
  if (gone.length > 0) yield* heir.beat
  const left = yield* Effect.forEach(gone, (owner) => takeFrom(store, heir, owner, family))
  const doubtful = yield* Effect.forEach(unclear, ({ id }) => store.unfinishedOf(id, family))
  return { left, unclear: doubtful.flat().length > 0 }
})

/** Who is gone, and of whom that is not clear yet. */
const others = Effect.fnUntraced(function*(store: Store.Store, { host, id: me, since }: Heir) {
  const now = yield* Clock.currentTimeMillis
  const judged = (yield* store.owners).filter(({ id }) => id !== me)
    .map((owner) => ({ owner, verdict: Owner.judge(owner, { host, now, since, isAlive: Processes.isAlive }) }))
  const unknown = (yield* store.unknownOwners).filter((id) => id !== me)
  const gone: ReadonlyArray<Gone> = [
    ...judged.filter(({ verdict }) => verdict === "gone").map(({ owner: { id, seen } }) => ({ id, seen })),
    ...unknown.map((id) => ({ id, seen: 0 }))
  ]
  return { gone, unclear: judged.filter(({ verdict }) => verdict === "unclear").map(({ owner }) => owner) }
})

const takeFrom = Effect.fnUntraced(
  function*(store: Store.Store, { id: me }: Heir, owner: Gone, family: SessionId | undefined) {
    const now = yield* Clock.currentTimeMillis
    const ids = yield* store.unfinishedOf(owner.id, family)
    const records = yield* store.records(ids, owner.id)
    yield* store.handOver(ids, owner.id, me)
    const events = records.flatMap((record) => record._tag === "Task" ? [record.event] : [])
    const eventsOf = Map.groupBy(events, ({ id }) => id)
    const tasks = new Map<TaskId, Task.Task>()
    for (const event of events) {
      const task = Task.apply(Option.fromUndefinedOr(tasks.get(event.id)), event)
      if (Option.isSome(task)) tasks.set(event.id, task.value)
    }
    const open = [...tasks.values()].filter((task) => !Task.isTerminal(task))
    const adopted = open.map((task): TaskEvent => ({
      _tag: "Adopted",
      id: task.id,
      run: task.run,
      at: now,
      // It ran at least until its owner was last seen.
      ...Stint.of(eventsOf.get(task.id) ?? [], owner.seen)
    }))
    const taken = adopted.flatMap((event) =>
      Option.toArray(Journal.entryOf(Option.fromUndefinedOr(tasks.get(event.id)), event))
    )
    if (taken.length > 0) yield* store.insert(taken, me)
    yield* store.forgetOwner(owner.id)
    return { records, adopted, open }
  }
)
