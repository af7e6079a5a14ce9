/**
 * The timeline: when each task was in line, ran, waited for a person or for its provider, and how many slots of each pool
 * were in use meanwhile. One look shows that a limit held, and what it cost.
 *
 * It is made from the journal (`ofHistory`) or from a board (`ofBoard`), and drawn by the renderers beside it, which know
 * nothing else. What follows from it (`summaryOf`) is counted in one place, so that all of them say the same.
 */
import { Schema } from "effect"

/** A timeline of another version is not read. */
export const version = 1

/** What a task did for a while. In `running`, `ask` and `retry` it has its slots; in `waiting` and `lent` it has none. */
export const Kind = Schema.Literals([
  /** In line. */
  "waiting",
  "running",
  /** A person was waited for. */
  "ask",
  /** The provider had failed, and it was not yet time to try again. */
  "retry",
  /** Others had its slots, while it waited for tasks of its own. */
  "lent"
])
export type Kind = typeof Kind.Type

export const Span = Schema.Struct({
  kind: Kind,
  /** Epoch ms. */
  from: Schema.Int,
  /** Epoch ms; later than `from`. */
  to: Schema.Int,
  /** The pools that bind it, narrowest first; absent where nobody noted them. It has a slot of each where it has slots. */
  pools: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What was asked, or what the provider said. */
  what: Schema.optionalKey(Schema.String)
})
export type Span = typeof Span.Type

/** How a run ended. `cut-off`: the process that it ran in was gone; it may have gone on in the next one. */
export const End = Schema.Struct({
  /** Epoch ms. */
  at: Schema.Int,
  status: Schema.Literals(["completed", "error", "cancelled", "cut-off"]),
  /** Why, where that is not by an answer. */
  why: Schema.optionalKey(Schema.String)
})
export type End = typeof End.Type

/** One task, with all its runs. */
export const Lane = Schema.Struct({
  id: Schema.String,
  agent: Schema.String,
  description: Schema.String,
  /** `provider/model`. */
  model: Schema.optionalKey(Schema.String),
  /** 1 for a task of a root session. */
  depth: Schema.Int,
  /** In order; none overlaps another. */
  spans: Schema.Array(Span),
  /** In order, one for each run that is over or was cut off. */
  ends: Schema.Array(End)
})
export type Lane = typeof Lane.Type

/** From this moment (epoch ms) on until the next step. */
export const Step = Schema.Struct({ at: Schema.Int, used: Schema.Int })
export type Step = typeof Step.Type

/** How large a pool was from this moment (epoch ms) on; no size is no limit. */
export const Size = Schema.Struct({ at: Schema.Int, size: Schema.optionalKey(Schema.Int) })
export type Size = typeof Size.Type

export const Pool = Schema.Struct({
  /** As in `Pools`; `unknown` holds the tasks of which nobody noted a pool: they never started, or long ago. */
  name: Schema.String,
  /** How many slots it has; absent where there is no limit, or none is known. */
  size: Schema.optionalKey(Schema.Int),
  /** Where its limit was changed meanwhile: what it was, one after the other. `size` is the last. */
  sizes: Schema.optionalKey(Schema.Array(Size)),
  /** The tasks of which it is the narrowest pool, in the order in which they were asked for. */
  lanes: Schema.Array(Lane),
  /** How many slots of it the tasks of this timeline have, those of other pools' lanes too. */
  used: Schema.Array(Step),
  /** The same of tasks that are not shown (of other root sessions), where there are any. */
  elsewhere: Schema.optionalKey(Schema.Array(Step))
})
export type Pool = typeof Pool.Type

export const Timeline = Schema.Struct({
  v: Schema.Literal(version),
  /** Epoch ms. */
  from: Schema.Int,
  /** Epoch ms; not before `from`. */
  to: Schema.Int,
  pools: Schema.Array(Pool)
})
export type Timeline = typeof Timeline.Type
