/**
 * A message owed to a parent: which tasks ended, and how. What it says in words is the host adapter's choice; what it
 * says in fact is decided here and in `Batch`.
 */
import { Schema } from "effect"
import { Task } from "./Task.ts"

export const Notice = Schema.Struct({
  /** Marks the message in the parent's transcript, so that a second delivery can be recognised. */
  id: Schema.String,
  /**
   * `progress`: some tasks of a batch ended, others still run; the parent is not woken. `final`: the whole batch is
   * over; every task of it is listed once, and the parent is woken.
   */
  kind: Schema.Literals(["progress", "final"]),
  /** Whether an idle parent starts a turn. */
  wakes: Schema.Boolean,
  /** The tasks that the notice reports, in the order in which they were launched. All are terminal. */
  tasks: Schema.Array(Task),
  /** How many tasks of the batch are still pending or running. */
  remaining: Schema.Int
})
export type Notice = typeof Notice.Type
