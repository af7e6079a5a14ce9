/**
 * What one process measured of a journal.
 */
import { Schema } from "effect"

/** In memory; in a file; in a file of which the disk confirms every event. */
export const Kind = Schema.Literals(["memory", "file", "fsync"])
export type Kind = typeof Kind.Type

/** The time of each append (ms). */
export const Sample = Schema.Struct({
  /** After a pause, in a process that has just begun: as in a plugin. */
  alone: Schema.Array(Schema.Finite),
  /** Right after the one before. */
  inARow: Schema.Array(Schema.Finite)
})
export type Sample = typeof Sample.Type
