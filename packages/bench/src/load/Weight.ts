/**
 * What a plugin brings along.
 */
import { Schema } from "effect"

export const Weight = Schema.Struct({
  /** What is imported with its module (bytes). */
  atOnce: Schema.Finite,
  /** That, and what it has loaded a moment after its start (bytes). */
  atWork: Schema.Finite
})
export type Weight = typeof Weight.Type
