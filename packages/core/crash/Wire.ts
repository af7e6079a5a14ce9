/**
 * What a worker and its host say to each other: a line of JSON each, the worker on its output, the host on its input.
 */
import { Schema } from "effect"

/** What a worker is to do. */
export const Order = Schema.Struct({
  file: Schema.String,
  /** Draws what it asks for. Absent: it asks for nothing, and goes on with what was left behind. */
  seed: Schema.optionalKey(Schema.Int),
  /** At which of its points it is killed; absent: at none. */
  dieAt: Schema.optionalKey(Schema.Int)
})
export type Order = typeof Order.Type

export const Said = Schema.Union([
  /** It listens to events. */
  Schema.Struct({ say: Schema.Literal("ready") }),
  Schema.Struct({ say: Schema.Literal("call"), n: Schema.Int, operation: Schema.String, args: Schema.Unknown }),
  /**
   * A launch, a continuation or a cancellation has come back: from now on it is promised. `cancelling`: one is on its way,
   * and may or may not be kept.
   */
  Schema.Struct({
    say: Schema.Literals(["launched", "continued", "cancelling", "cancelled"]),
    id: Schema.String,
    run: Schema.Int
  }),
  /** Everything has come to rest. */
  Schema.Struct({
    say: Schema.Literal("done"),
    points: Schema.Int,
    used: Schema.Int,
    tasks: Schema.Array(Schema.Struct({
      id: Schema.String,
      run: Schema.Int,
      status: Schema.String
    }))
  })
])
export type Said = typeof Said.Type

export const Told = Schema.Union([
  Schema.Struct({ tell: Schema.Literal("answer"), n: Schema.Int, value: Schema.Unknown }),
  Schema.Struct({ tell: Schema.Literal("gone"), n: Schema.Int }),
  Schema.Struct({ tell: Schema.Literal("event"), event: Schema.Unknown })
])
export type Told = typeof Told.Type

/** The sessions of people. */
export const parents = ["ses_first", "ses_second"] as const
