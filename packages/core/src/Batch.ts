/**
 * What one parent is owed. Pure.
 *
 * A batch is all tasks of a parent that were out at the same time: it begins with the first launch while nothing is out
 * and ends when everything in it is over. A task that ended while others are out is told quietly, with the promise of a
 * last word; the last word lists the whole batch once and wakes the parent. The parent is owed no last word only when it
 * was promised none and knows everything already: it has read the result, or has called the task off itself.
 *
 * Nothing here looks at the whole batch but the last word: one more task costs the same whatever the batch's size.
 */
import { Array, HashMap, Option, Order } from "effect"
import type * as Task from "./Task.ts"

interface Member {
  readonly run: number
  /** Counts launches: the order in which tasks are listed. */
  readonly place: number
  /** The task once it is over. */
  readonly ended: Option.Option<Task.Task>
}

export interface Batch {
  readonly members: HashMap.HashMap<Task.TaskId, Member>
  readonly joined: number
  /** How many are not over. */
  readonly out: number
  /** Those that are over and whose end the parent does not know: by no notice, and not by its own doing. */
  readonly untold: HashMap.HashMap<Task.TaskId, Member>
  /** Whether the parent was told that a last word will come. */
  readonly promised: boolean
}

/** What to tell the parent next. */
export type Next =
  | { readonly _tag: "Nothing" }
  /** Everything is over, and the parent knows it. */
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Progress"; readonly tasks: ReadonlyArray<Task.Task>; readonly remaining: number }
  | { readonly _tag: "Final"; readonly tasks: ReadonlyArray<Task.Task> }

export const empty: Batch = {
  members: HashMap.empty(),
  joined: 0,
  out: 0,
  untold: HashMap.empty(),
  promised: false
}

/** A task was launched or continued. A newer run takes the place of an older one. */
export const join = (batch: Batch, id: Task.TaskId, run: number): Batch => {
  const older = HashMap.get(batch.members, id)
  return {
    ...batch,
    members: HashMap.set(batch.members, id, { run, place: batch.joined, ended: Option.none<Task.Task>() }),
    joined: batch.joined + 1,
    out: Option.exists(older, isOut) ? batch.out : batch.out + 1,
    untold: HashMap.remove(batch.untold, id)
  }
}

/** A task is over, once and for all. Whoever called it off knows that. */
export const end = (batch: Batch, task: Task.Task): Batch => {
  const member = Option.filter(memberOf(batch, task.id, task.run), isOut)
  if (Option.isNone(member)) return batch
  const ended: Member = { ...member.value, ended: Option.some(task) }
  const known = task.outcome?._tag === "Cancelled" && task.outcome.reason === "requested"
  return {
    ...batch,
    members: HashMap.set(batch.members, task.id, ended),
    out: batch.out - 1,
    untold: known ? batch.untold : HashMap.set(batch.untold, task.id, ended)
  }
}

/** The parent has got to know the end of a task. */
export const know = (batch: Batch, id: Task.TaskId, run: number): Batch =>
  Option.isSome(memberOf(batch, id, run)) ? { ...batch, untold: HashMap.remove(batch.untold, id) } : batch

export const next = (batch: Batch): Next => {
  if (isClosed(batch)) return { _tag: "Closed" }
  if (batch.out === 0) return { _tag: "Final", tasks: tasksOf(batch.members) }
  return HashMap.isEmpty(batch.untold)
    ? { _tag: "Nothing" }
    : { _tag: "Progress", tasks: tasksOf(batch.untold), remaining: batch.out }
}

/** Whether everything in the batch is over. */
export const isOver = (batch: Batch): boolean => batch.out === 0

/** Whether the parent has nothing more to hear of the batch. */
export const isClosed = (batch: Batch): boolean => batch.out === 0 && HashMap.isEmpty(batch.untold) && !batch.promised

/** Whether a task is in the batch, whatever its run. */
export const has = (batch: Batch, id: Task.TaskId): boolean => HashMap.has(batch.members, id)

export const isEmpty = (batch: Batch): boolean => HashMap.isEmpty(batch.members)

/** A progress notice is about to go out: as it may arrive, the last word is owed from now on. */
export const promise = (batch: Batch): Batch => ({ ...batch, promised: true })

/** A progress notice with these tasks was taken. Only the batch that they belong to changes. */
export const told = (batch: Batch, tasks: ReadonlyArray<Task.Task>): Batch =>
  tasks.reduce<Batch>(
    (all, task) => isMember(all, task) ? promise(know(all, task.id, task.run)) : all,
    batch
  )

/** Whether this very run of the task is in the batch. */
export const isMember = (batch: Batch, task: Task.Task): boolean => Option.isSome(memberOf(batch, task.id, task.run))

/** How this very run of the task ended, if it is in the batch and over. */
export const endOf = (batch: Batch, id: Task.TaskId, run: number): Option.Option<Task.Task> =>
  Option.flatMap(memberOf(batch, id, run), ({ ended }) => ended)

const isOut = (member: Member): boolean => Option.isNone(member.ended)

const memberOf = (batch: Batch, id: Task.TaskId, run: number): Option.Option<Member> =>
  Option.filter(HashMap.get(batch.members, id), (member) => member.run === run)

const inOrder = Order.mapInput(Order.Number, ({ place }: Member) => place)

const tasksOf = (members: HashMap.HashMap<Task.TaskId, Member>): ReadonlyArray<Task.Task> =>
  Array.getSomes(Array.sort(HashMap.values(members), inOrder).map(({ ended }) => ended))
