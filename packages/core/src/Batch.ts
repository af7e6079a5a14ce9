/**
 * What one parent is owed.
 *
 * A batch is all tasks of a parent that were out at the same time: it begins with the first launch while nothing is out
 * and ends when everything in it is over. A task that ended while others are out is told quietly, with the promise of a
 * last word; the last word lists the whole batch once and wakes the parent. The parent is owed no last word only when it
 * was promised none and knows everything already: it has read the result, or has called the task off itself.
 *
 * Nothing here looks at the whole batch but the last word: one more task costs the same whatever the batch's size. A batch
 * changes in place, in one step each time, as whom it belongs to does (`Journal.Fold`); nobody waits in here.
 */
import { Order } from "effect"
import type * as Task from "./Task.ts"

interface Member {
  readonly run: number
  /** Counts launches: the order in which tasks are listed. */
  readonly place: number
  /** The task once it is over. */
  ended: Task.Task | undefined
}

export interface Batch {
  /** In the order of their places. */
  readonly members: Map<Task.TaskId, Member>
  /** Those that are over and whose end the parent does not know: by no notice, and not by its own doing. */
  readonly untold: Set<Member>
  joined: number
  /** How many are not over. */
  out: number
  /** Whether the parent was told that a last word will come. */
  promised: boolean
}

/** What to tell the parent next. */
export type Next =
  | { readonly _tag: "Nothing" }
  /** Everything is over, and the parent knows it. */
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Progress"; readonly tasks: ReadonlyArray<Task.Task>; readonly remaining: number }
  | { readonly _tag: "Final"; readonly tasks: ReadonlyArray<Task.Task> }

export const make = (): Batch => ({ members: new Map(), untold: new Set(), joined: 0, out: 0, promised: false })

/** A task was launched or continued. A newer run takes the place of an older one. */
export const join = (batch: Batch, id: Task.TaskId, run: number): void => {
  leave(batch, id)
  batch.members.set(id, { run, place: batch.joined++, ended: undefined })
  batch.out++
}

/** A task is over, once and for all. Whoever called it off knows that. */
export const end = (batch: Batch, task: Task.Task): void => {
  const member = memberOf(batch, task.id, task.run)
  if (member === undefined || member.ended !== undefined) return
  member.ended = task
  batch.out--
  const known = task.outcome?._tag === "Cancelled" && task.outcome.reason === "requested"
  if (!known) batch.untold.add(member)
}

/** A task is somebody else's to tell of. */
export const leave = (batch: Batch, id: Task.TaskId): void => {
  const member = batch.members.get(id)
  if (member === undefined) return
  batch.members.delete(id)
  batch.untold.delete(member)
  if (member.ended === undefined) batch.out--
}

/** What somebody else owed of these tasks is owed here from now on, beside what is in the batch already. */
export const merge = (batch: Batch, other: Batch): void => {
  for (const [id, member] of other.members) {
    if (batch.members.has(id)) continue
    const own: Member = { ...member, place: batch.joined++ }
    batch.members.set(id, own)
    if (other.untold.has(member)) batch.untold.add(own)
    if (own.ended === undefined) batch.out++
  }
  batch.promised ||= other.promised
}

/** The parent has got to know the end of a task. */
export const know = (batch: Batch, id: Task.TaskId, run: number): void => {
  const member = memberOf(batch, id, run)
  if (member !== undefined) batch.untold.delete(member)
}

export const next = (batch: Batch): Next => {
  if (isClosed(batch)) return { _tag: "Closed" }
  if (batch.out === 0) return { _tag: "Final", tasks: tasksOf(batch.members.values()) }
  return batch.untold.size === 0
    ? { _tag: "Nothing" }
    : { _tag: "Progress", tasks: tasksOf([...batch.untold].sort(inOrder)), remaining: batch.out }
}

/** Whether everything in the batch is over. */
export const isOver = (batch: Batch): boolean => batch.out === 0

/** Whether the parent has nothing more to hear of the batch. The last word of one that was left by all is another's to say. */
export const isClosed = (batch: Batch): boolean =>
  batch.out === 0 && batch.untold.size === 0 && (!batch.promised || isEmpty(batch))

/** Whether a task is in the batch, whatever its run. */
export const has = (batch: Batch, id: Task.TaskId): boolean => batch.members.has(id)

export const isEmpty = (batch: Batch): boolean => batch.members.size === 0

/** A progress notice is about to go out: as it may arrive, the last word is owed from now on. */
export const promise = (batch: Batch): void => void (batch.promised = true)

/** A progress notice with these tasks was taken. Only the batch that they belong to changes. */
export const told = (batch: Batch, tasks: ReadonlyArray<Task.Task>): void => {
  for (const task of tasks) {
    if (!isMember(batch, task)) continue
    know(batch, task.id, task.run)
    promise(batch)
  }
}

/** Whether this very run of the task is in the batch. */
export const isMember = (batch: Batch, { id, run }: Task.Task): boolean => memberOf(batch, id, run) !== undefined

/** How this very run of the task ended, if it is in the batch and over. */
export const endOf = (batch: Batch, id: Task.TaskId, run: number): Task.Task | undefined =>
  memberOf(batch, id, run)?.ended

const memberOf = (batch: Batch, id: Task.TaskId, run: number): Member | undefined => {
  const member = batch.members.get(id)
  return member?.run === run ? member : undefined
}

const inOrder = Order.mapInput(Order.Number, ({ place }: Member) => place)

const tasksOf = (members: Iterable<Member>): ReadonlyArray<Task.Task> =>
  Array.from(members).flatMap(({ ended }) => ended ?? [])
