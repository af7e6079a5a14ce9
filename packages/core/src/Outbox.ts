/**
 * What every parent is owed, as it follows from what happened: the fold of the events of tasks and of notices.
 *
 * A parent has a box while something of its own is out or it is owed a word. In it are the batches that are over and
 * wait for their last word, the batch that is out, and what is on its way. What a batch owes is `Batch`'s
 * business. Boxes change in place, as batches do.
 */
import * as Batch from "./Batch.ts"
import type { Notice } from "./Notice.ts"
import type { NoticeEvent } from "./NoticeEvent.ts"
import type { SessionId, Task, TaskId } from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"

export interface Box {
  /** Batches that are over and wait for their last word, oldest first. */
  sealed: ReadonlyArray<Batch.Batch>
  /** The batch that is out. */
  open: Batch.Batch
  /**
   * What is about to go out, or has gone: nobody has said yet that it was taken. One notice, but where somebody who is gone
   * had one on its way, too.
   */
  sending: ReadonlyArray<Notice>
  /** The notices that have gone out since the parent was woken last: nothing comes of them. By id. */
  readonly quiet: Set<string>
}

export const make = (): Box => ({ sealed: [], open: Batch.make(), sending: [], quiet: new Set() })

/** Whether tasks are out: a batch that is over is sealed at once. */
export const isOut = (box: Readonly<Box>): boolean => !Batch.isEmpty(box.open)

/** Whether nothing is out and nothing is owed. */
export const isSettled = (box: Readonly<Box>): boolean =>
  box.sealed.length === 0 && !isOut(box) && box.sending.length === 0

/** Whether a task is still part of what its parent is owed. */
export const has = (box: Readonly<Box>, { id }: Pick<Task, "id">): boolean =>
  Batch.has(box.open, id) || box.sealed.some((batch) => Batch.has(batch, id))

/** What to say next, where nothing is on its way. */
export const next = (box: Readonly<Box>): Batch.Next => Batch.next(box.sealed[0] ?? box.open)

/** How many notices are owed: the last words of batches that are over, and what can be said of the one that is out. */
export const owed = ({ open, sealed }: Readonly<Box>): number =>
  sealed.length + (Batch.next(open)._tag === "Progress" ? 1 : 0)

/** Whether anything is owed: something can be said, or is on its way. */
export const isOwed = (box: Readonly<Box>): boolean => owed(box) > 0 || box.sending.length > 0

/** Gives a parent's box to be changed; one that is empty afterwards is gone. */
export type Change = (parent: SessionId, change: (box: Box) => void) => void

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
    case "Adopted":
      // Who is taken over keeps its place. A run that somebody waited for has none yet; an earlier one may have.
      return change(parent, ({ open }) => Batch.isMember(open, task) ? undefined : Batch.join(open, task.id, task.run))
    case "Ended":
      return isShutdown(task) ? undefined : change(parent, (box) => {
        Batch.end(box.open, task)
        tidy(box)
      })
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
        taken(box, event.notice)
        return tidy(box)
      case "Read":
        for (const batch of batchesOf(box)) Batch.know(batch, event.id, event.run)
        return tidy(box)
      case "Dropped":
        return void Object.assign(box, make())
    }
  })

/** A task is somebody else's by now, who tells of it: nobody waits for it here. */
export const leave = (box: Box, id: TaskId): void => {
  for (const batch of batchesOf(box)) Batch.leave(batch, id)
  tidy(box)
}

/** What somebody who is gone owed is owed here from now on; what was on its way there may have arrived as well. */
export const merge = (box: Box, other: Readonly<Box>): void => {
  box.sealed = [...box.sealed, ...other.sealed]
  Batch.merge(box.open, other.open)
  box.sending = [...box.sending, ...other.sending]
  for (const id of other.quiet) box.quiet.add(id)
}

const batchesOf = ({ open, sealed }: Readonly<Box>): ReadonlyArray<Batch.Batch> => [...sealed, open]

/** Everything that has to be said, and nothing else: batches that need no last word are dropped. */
const tidy = (box: Box): void => {
  if (isOut(box) && Batch.isOver(box.open)) {
    box.sealed = [...box.sealed, box.open]
    box.open = Batch.make()
  }
  if (box.sealed.some(Batch.isClosed)) box.sealed = box.sealed.filter((batch) => !Batch.isClosed(batch))
}

const sending = (box: Box, event: Extract<NoticeEvent, { readonly _tag: "Sending" }>): void => {
  const batches = batchesOf(box)
  const notice: Notice = {
    id: event.notice,
    kind: event.kind,
    wakes: event.kind === "final",
    tasks: event.tasks.flatMap(({ id, run }) =>
      batches.flatMap((batch) => Batch.endOf(batch, id, run) ?? []).slice(0, 1)
    ),
    remaining: event.remaining
  }
  box.sending = [...box.sending, notice]
  if (event.kind === "final") return
  // As it may arrive, the last word is owed from now on.
  Batch.promise(box.open)
  box.quiet.add(event.notice)
}

const taken = (box: Box, id: string): void => {
  const notice = box.sending.find((one) => one.id === id)
  if (notice === undefined) return
  box.sending = box.sending.filter((one) => one !== notice)
  if (notice.kind === "progress") {
    // The batch may have come to its end while the notice was on its way.
    for (const batch of batchesOf(box)) Batch.told(batch, notice.tasks)
    return
  }
  // What it was told before it has read by then.
  box.quiet.clear()
  // Not simply the first: it is gone if the parent has read everything in it meanwhile.
  const isTold = (batch: Batch.Batch) => notice.tasks.some((task) => Batch.isMember(batch, task))
  box.sealed = box.sealed.filter((batch) => !isTold(batch))
}
