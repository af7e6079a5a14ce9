/**
 * What can happen to a task. The journal keeps these; folding them with `Task.apply` gives the task.
 *
 * Some are sightings: they say what a running task waited for meanwhile, and change nothing. They are for people who look at
 * the past, and for whoever takes the task over, who learns from them how much of its time is spent (`Stint`).
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

/** A pool that the task has a slot of. `size`: its limit in that moment; absent where it has none. */
export const HeldPool = Schema.Struct({ name: Schema.String, size: Schema.optionalKey(Schema.Int) })
export type HeldPool = typeof HeldPool.Type

export const TaskEvent = Schema.TaggedUnion({
  /** Somebody asked for it. */
  Queued: { ...stamp, request: Request },
  /** Somebody asked for more in the session of a finished task: a new run, with a new request. */
  Continued: { ...stamp, request: Request },
  /** It has its slots. `pools`: of these, narrowest first; absent in journals of earlier versions. */
  Started: { ...stamp, pools: Schema.optionalKey(Schema.Array(HeldPool)) },
  /** It has its session. `after`: the last message that was there before it was prompted; absent in a new one. */
  Opened: { ...stamp, session: SessionId, after: Schema.optionalKey(Schema.String) },
  /**
   * Whoever went on with it is gone, and somebody else goes on: it stands in line again, in its session if it had one.
   * `ranMs`: how long it had run, as far as anybody can tell. `uncountedMs`: how much of that is not charged to its time
   * limit; absent in journals of earlier versions.
   */
  Adopted: { ...stamp, ranMs: Schema.Int, uncountedMs: Schema.optionalKey(Schema.Int) },
  /** A sighting: from now on a person is waited for. `what`: what they were asked. */
  Asked: { ...stamp, what: Schema.String },
  /** A sighting: no person is waited for any more. */
  Answered: { ...stamp },
  /** A sighting: the provider failed, and the host tries it again at `nextAt` (epoch ms). `attempt` counts from 1. */
  Retried: { ...stamp, attempt: Schema.Int, message: Schema.String, nextAt: Schema.Int },
  /** A sighting: it waits for tasks of its own, and others have its slots meanwhile. */
  Lent: { ...stamp },
  /** A sighting: it has its slots back. */
  Restored: { ...stamp },
  /** It is over: the one terminal event of a run. */
  Ended: { ...stamp, outcome: Outcome, progress: Progress }
})
export type TaskEvent = typeof TaskEvent.Type
