/**
 * What one process measured of a queue.
 */
import { Schema } from "effect"

/** Times in ms; bytes of the heap for each one that waits. */
export const Sample = Schema.Struct({
  enqueue: Schema.Finite,
  /** Until the last one was through, or called off. */
  done: Schema.Finite,
  bytesEach: Schema.Finite
})
export type Sample = typeof Sample.Type
