/**
 * What can happen to the news that a parent is owed. The journal keeps these beside the events of tasks; folding both
 * with `Outbox.apply` gives what everybody is owed.
 */
import { Schema } from "effect"
import { SessionId, TaskId } from "./Task.ts"

const stamp = {
  parent: SessionId,
  /** Epoch ms. */
  at: Schema.Int
}

/** A run of a task. */
const Run = Schema.Struct({ id: TaskId, run: Schema.Int })

export const NoticeEvent = Schema.TaggedUnion({
  /** A notice is about to go out: from now on it may have arrived. */
  Sending: {
    ...stamp,
    notice: Schema.String,
    kind: Schema.Literals(["progress", "final"]),
    /** What it reports, in order. */
    tasks: Schema.Array(Run),
    /** How many tasks of the batch are still pending or running. */
    remaining: Schema.Int
  },
  /** The host has taken the notice that was on its way. */
  Taken: { ...stamp, notice: Schema.String },
  /** The parent has read by itself how a task ended. */
  Read: { ...stamp, ...Run.fields },
  /** The parent is gone: nothing is owed to it any more, and nothing that is out will be. */
  Dropped: { ...stamp }
})
export type NoticeEvent = typeof NoticeEvent.Type
