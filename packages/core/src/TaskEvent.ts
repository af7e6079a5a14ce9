/**
 * What can happen to a task. The journal keeps these; folding them with `Task.apply` gives the task.
 */
import { Schema } from "effect"
import { Outcome, Progress, Request, SessionId, TaskId } from "./Task.ts"

const stamp = {
  id: TaskId,
  /** The run that the event belongs to. */
  run: Schema.Int,
  /** Epoch ms. */
  at: Schema.Int
}

export const TaskEvent = Schema.TaggedUnion({
  /** Somebody asked for it. */
  Queued: { ...stamp, request: Request },
  /** Somebody asked for more in the session of a finished task: a new run, with a new request. */
  Continued: { ...stamp, request: Request },
  /** It has its slots. */
  Started: { ...stamp },
  /** It has its session. `after`: the last message that was there before it was prompted; absent in a new one. */
  Opened: { ...stamp, session: SessionId, after: Schema.optionalKey(Schema.String) },
  /**
   * Whoever went on with it is gone, and somebody else goes on: it stands in line again, in its session if it had one.
   * `ranMs`: how long it had run, as far as anybody can tell.
   */
  Adopted: { ...stamp, ranMs: Schema.Int },
  /** It is over: the one terminal event of a run. */
  Ended: { ...stamp, outcome: Outcome, progress: Progress }
})
export type TaskEvent = typeof TaskEvent.Type
