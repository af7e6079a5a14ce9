/**
 * What one parent is owed. Pure.
 *
 * A batch is all tasks of a parent that were out at the same time: it begins with the first launch while nothing is out
 * and ends when everything in it is over. A task that ended while others are out is told quietly, with the promise of a
 * last word; the last word lists the whole batch once and wakes the parent. The parent is owed no last word only when it
 * was promised none and knows everything already: it has read the result, or has called the task off itself.
 */
import { Array, Option } from "effect"
import type * as Task from "./Task.ts"

export interface Member {
  readonly id: Task.TaskId
  readonly run: number
  /** The task once it is over. */
  readonly ended: Option.Option<Task.Task>
  /** Whether the parent knows the end: told by a notice, or by its own doing. */
  readonly known: boolean
}

export interface Batch {
  /** In the order of launch. */
  readonly members: ReadonlyArray<Member>
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

export const empty: Batch = { members: [], promised: false }

/** A task was launched or continued. A newer run takes the place of an older one. */
export const join = (batch: Batch, id: Task.TaskId, run: number): Batch => ({
  ...batch,
  members: [...batch.members.filter((member) => member.id !== id), { id, run, ended: Option.none(), known: false }]
})

/** A task is over. Whoever called it off knows that. */
export const end = (batch: Batch, task: Task.Task): Batch =>
  change(batch, task.id, task.run, (member) => ({
    ...member,
    ended: Option.some(task),
    known: task.outcome?._tag === "Cancelled" && task.outcome.reason === "requested"
  }))

/** The parent has got to know the end of a task. */
export const know = (batch: Batch, id: Task.TaskId, run: number): Batch =>
  change(batch, id, run, (member) => Option.isNone(member.ended) ? member : { ...member, known: true })

export const next = (batch: Batch): Next => {
  const remaining = batch.members.filter((member) => Option.isNone(member.ended)).length
  const untold = Array.getSomes(batch.members.filter((member) => !member.known).map((member) => member.ended))
  if (remaining > 0) return untold.length > 0 ? { _tag: "Progress", tasks: untold, remaining } : { _tag: "Nothing" }
  return untold.length > 0 || batch.promised
    ? { _tag: "Final", tasks: Array.getSomes(batch.members.map((member) => member.ended)) }
    : { _tag: "Closed" }
}

/** Whether everything in the batch is over. */
export const isOver = (batch: Batch): boolean => batch.members.every((member) => Option.isSome(member.ended))

/** A progress notice with these tasks was taken. Only the batch that they belong to changes. */
export const told = (batch: Batch, tasks: ReadonlyArray<Task.Task>): Batch =>
  tasks.reduce<Batch>(
    (all, task) => isMember(all, task) ? { ...know(all, task.id, task.run), promised: true } : all,
    batch
  )

const isMember = (batch: Batch, task: Task.Task): boolean =>
  batch.members.some((member) => member.id === task.id && member.run === task.run)

const change = (batch: Batch, id: Task.TaskId, run: number, f: (member: Member) => Member): Batch => ({
  ...batch,
  members: batch.members.map((member) => member.id === id && member.run === run ? f(member) : member)
})
