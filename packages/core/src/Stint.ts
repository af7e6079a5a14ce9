/**
 * How long a task ran in a process that is gone, and how much of that is not to be counted, as far as its journal tells. Pure.
 *
 * This is the one thing that sightings decide: what a life has left out of its time is known to nobody else once its process
 * is gone, and without them a night in which a person was waited for would be charged to the task that waited.
 */
import { Order } from "effect"
import type { TaskEvent } from "./TaskEvent.ts"

export interface Stint {
  /** From when it had its slots until it was last seen (ms). */
  readonly ranMs: number
  /** How much of that does not count (ms): a person was waited for, or its slots were lent. */
  readonly uncountedMs: number
}

/** Of the events of one task, in order. `seen`: when whoever went on with it was last seen (epoch ms). */
export const of = (events: ReadonlyArray<TaskEvent>, seen: number): Stint => {
  const begun = events.findLastIndex(({ _tag }) => beginnings.has(_tag))
  const started = events[begun]
  if (started?._tag !== "Started") return none
  const end = Math.max(started.at, seen)
  // A sighting is written a moment after it was made, so their order is not that of the file.
  const waits = events.slice(begun + 1).filter(({ _tag }) => changes.has(_tag)).sort(byTime)
  let open = 0
  let since = started.at
  let uncountedMs = 0
  for (const { _tag, at } of waits) {
    const now = Math.min(Math.max(since, at), end)
    if (open > 0) uncountedMs += now - since
    since = now
    open = Math.max(0, open + (changes.get(_tag) ?? 0))
  }
  if (open > 0) uncountedMs += end - since
  return { ranMs: end - started.at, uncountedMs }
}

const none: Stint = { ranMs: 0, uncountedMs: 0 }

/** After these a task is in line, or has just got its slots. */
const beginnings: ReadonlySet<TaskEvent["_tag"]> = new Set(["Queued", "Continued", "Adopted", "Started"])

/** For how many things more it waits from then on that stop its clock. It may wait for a person while its slots are lent. */
const changes: ReadonlyMap<TaskEvent["_tag"], 1 | -1> = new Map([
  ["Asked", 1],
  ["Answered", -1],
  ["Lent", 1],
  ["Restored", -1]
])

const byTime = Order.mapInput(Order.Number, ({ at }: TaskEvent) => at)
