/**
 * What every parent is owed, as it follows from what happened: the fold of the events of tasks and of notices. Pure.
 *
 * A parent has a box while something of its own is out or it is owed a word. In it are the batches that are over and
 * wait for their last word, the batch that is out, and the notice that is on its way. What a batch owes is `Batch`'s
 * business.
 */
import { Option } from "effect"
import * as Batch from "./Batch.ts"
import type { Notice } from "./Notice.ts"
import type { NoticeEvent } from "./NoticeEvent.ts"
import type { SessionId, Task } from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"

export interface Box {
  /** Batches that are over and wait for their last word, oldest first. */
  readonly sealed: ReadonlyArray<Batch.Batch>
  /** The batch that is out. */
  readonly open: Batch.Batch
  /** The notice that is about to go out, or has gone: nobody has said yet that it was taken. */
  readonly sending: Option.Option<Notice>
}

export const empty: Box = { sealed: [], open: Batch.empty, sending: Option.none() }

/** Whether tasks are out: a batch that is over is sealed at once. */
export const isOut = (box: Box): boolean => !Batch.isEmpty(box.open)

/** Whether nothing is out and nothing is owed. */
export const isSettled = (box: Box): boolean => box.sealed.length === 0 && !isOut(box) && Option.isNone(box.sending)

/** Whether a task is still part of what its parent is owed. */
export const has = (box: Box, { id }: Pick<Task, "id">): boolean =>
  [...box.sealed, box.open].some((batch) => Batch.has(batch, id))

/** What to say next, where no notice is on its way. */
export const next = (box: Box): Batch.Next => Batch.next(box.sealed[0] ?? box.open)

/** How many notices are owed: the last words of batches that are over, and what can be said of the one that is out. */
export const owed = ({ open, sealed }: Box): number => {
  const { _tag } = Batch.next(open)
  return sealed.length + (_tag === "Progress" || _tag === "Final" ? 1 : 0)
}

/** Changes a parent's box; one that is empty afterwards is gone. */
export type Change = (parent: SessionId, change: (box: Box) => Box) => void

/**
 * What an event of a task makes of its parent's box; `task` is the task after it. Who waits for a task itself is owed no
 * word of it, and of what ends because everything ends nobody is told.
 */
export const ofTask = (event: TaskEvent, task: Task, change: Change): void => {
  if (!task.request.background) return
  const { parent } = task.request
  switch (event._tag) {
    case "Queued":
    case "Continued":
      return change(parent, (box) => ({ ...box, open: Batch.join(box.open, task.id, task.run) }))
    case "Adopted":
      // One that somebody waited for was in no batch before.
      return change(parent, (box) => has(box, task) ? box : { ...box, open: Batch.join(box.open, task.id, task.run) })
    case "Ended":
      return isShutdown(task) ? undefined : change(parent, (box) => tidy({ ...box, open: Batch.end(box.open, task) }))
    default:
      return undefined
  }
}

const isShutdown = ({ outcome }: Task): boolean => outcome?._tag === "Cancelled" && outcome.reason === "shutdown"

/** What an event of a notice makes of its parent's box. */
export const ofNotice = (event: NoticeEvent, change: Change): void =>
  change(event.parent, (box) => {
    switch (event._tag) {
      case "Sending":
        return sending(box, event)
      case "Taken":
        return tidy(taken(box, event.notice))
      case "Read":
        return tidy({
          ...box,
          sealed: box.sealed.map((batch) => Batch.know(batch, event.id, event.run)),
          open: Batch.know(box.open, event.id, event.run)
        })
      case "Dropped":
        return empty
    }
  })

/** Everything that has to be said, and nothing else: batches that need no last word are dropped. */
const tidy = (box: Box): Box => {
  const over = isOut(box) && Batch.isOver(box.open)
  const sealed = over ? [...box.sealed, box.open] : box.sealed
  return {
    ...box,
    sealed: sealed.filter((batch) => !Batch.isClosed(batch)),
    open: over ? Batch.empty : box.open
  }
}

const sending = (box: Box, event: Extract<NoticeEvent, { readonly _tag: "Sending" }>): Box => {
  const batches = [...box.sealed, box.open]
  const notice: Notice = {
    id: event.notice,
    kind: event.kind,
    wakes: event.kind === "final",
    tasks: event.tasks.flatMap(({ id, run }) =>
      Option.toArray(Option.firstSomeOf(batches.map((batch) => Batch.endOf(batch, id, run))))
    ),
    remaining: event.remaining
  }
  return {
    ...box,
    sending: Option.some(notice),
    // As it may arrive, the last word is owed from now on.
    open: event.kind === "progress" ? Batch.promise(box.open) : box.open
  }
}

const taken = (box: Box, id: string): Box => {
  const notice = Option.getOrUndefined(box.sending)
  if (notice === undefined || notice.id !== id) return box
  const rest: Box = { ...box, sending: Option.none() }
  if (notice.kind === "progress") {
    // The batch may have come to its end while the notice was on its way.
    return {
      ...rest,
      sealed: box.sealed.map((batch) => Batch.told(batch, notice.tasks)),
      open: Batch.told(box.open, notice.tasks)
    }
  }
  // Not simply the first: it is gone if the parent has read everything in it meanwhile.
  const isTold = (batch: Batch.Batch) => notice.tasks.some((task) => Batch.isMember(batch, task))
  return { ...rest, sealed: box.sealed.filter((batch) => !isTold(batch)) }
}
