/**
 * The board: what a person can see of one family of tasks (a root session and everything below it), small enough to be sent
 * with the root session wherever it goes.
 *
 * It holds moments, not durations, so that it changes only when something happens and whoever shows it counts for
 * themselves. It holds no prompts and no answers. Nothing is decided by it: the journal is the truth.
 */
import { Task } from "@errand/core"
import { Schema } from "effect"

/** A board of another version is not shown. */
export const version = 1

/** At most so many tasks: those that need a person, run and wait first, then the latest that ended. */
export const maxTasks = 50

export const Pool = Schema.Struct({
  /** As in `Pools`: `model:<key>`, `provider:<provider>`, `default:<provider/model>`, `default:@<agent>`, `total`. */
  name: Schema.String,
  /** How many slots of it are in use, by tasks of other families too. */
  used: Schema.Int,
  /** Absent where there is no limit. */
  size: Schema.optionalKey(Schema.Int),
  /** How many tasks of this family wait for it. */
  waiting: Schema.Int
})
export type Pool = typeof Pool.Type

/** Something that a person has to allow. */
export const Ask = Schema.Struct({
  /** The host's name of the question, by which it is answered. */
  id: Schema.String,
  /** What it wants to do: `bash npm test`. */
  what: Schema.String,
  /** What the host would let everybody do from then on, were it allowed always: `bash npm *`. Absent: not known, or too long. */
  always: Schema.optionalKey(Schema.String),
  /** Epoch ms. */
  at: Schema.Int
})
export type Ask = typeof Ask.Type

/** A stretch of a run in which it did not work: a person was waited for, the provider was tried again, slots were lent. */
export const Stretch = Schema.Struct({
  kind: Schema.Literals(["ask", "retry", "lent"]),
  /** Epoch ms. */
  from: Schema.Int,
  /** Epoch ms; absent while it goes on. */
  to: Schema.optionalKey(Schema.Int),
  /** What was asked, or what the provider said. */
  what: Schema.optionalKey(Schema.String)
})
export type Stretch = typeof Stretch.Type

export const Item = Schema.Struct({
  id: Task.TaskId,
  run: Schema.Int,
  /** Where it runs; absent until it has one. */
  session: Schema.optionalKey(Schema.String),
  /** The session that launched it. */
  parent: Schema.String,
  /** 1 for a task of the root session. */
  depth: Schema.Int,
  agent: Schema.String,
  description: Schema.String,
  /** `provider/model`. */
  model: Schema.optionalKey(Schema.String),
  status: Task.Status,
  /** Epoch ms. */
  queuedAt: Schema.Int,
  startedAt: Schema.optionalKey(Schema.Int),
  endedAt: Schema.optionalKey(Schema.Int),
  /** The pool that it waits for, or the narrowest that it runs in. */
  pool: Schema.optionalKey(Schema.String),
  /** While it runs: it waits for tasks of its own, and has lent its slots meanwhile. */
  lent: Schema.optionalKey(Schema.Boolean),
  /** While it waits: how many go before it, those of other families too. */
  ahead: Schema.optionalKey(Schema.Int),
  /** While it waits: nobody is let in for now. */
  paused: Schema.optionalKey(Schema.Boolean),
  /** While it waits: the tasks of this family that hold a slot of the pool, the one that has run longest first. */
  holders: Schema.optionalKey(Schema.Array(Schema.String)),
  asks: Schema.optionalKey(Schema.Array(Ask)),
  retry: Schema.optionalKey(
    Schema.Struct({ attempt: Schema.Int, message: Schema.String, nextAt: Schema.Int })
  ),
  /** What it does now, or did last: `grep login`. */
  last: Schema.optionalKey(Schema.String),
  toolCalls: Schema.Int,
  /** Why it ended, where that is not by an answer. */
  why: Schema.optionalKey(Schema.String),
  /** The latest ones. */
  stretches: Schema.optionalKey(Schema.Array(Stretch))
})
export type Item = typeof Item.Type

export const Board = Schema.Struct({
  v: Schema.Literal(version),
  /** The root session that it is about. A copy elsewhere (a fork of the session) is not to be shown. */
  session: Schema.String,
  /** The process that keeps it. */
  owner: Schema.String,
  /** Epoch ms of the last change. */
  at: Schema.Int,
  pools: Schema.Array(Pool),
  tasks: Schema.Array(Item),
  /** How many more tasks there are than `tasks` has. */
  more: Schema.optionalKey(Schema.Int),
  /** How many of these are running, and in line. */
  moreOut: Schema.optionalKey(Schema.Int),
  moreInLine: Schema.optionalKey(Schema.Int),
  /** What is wrong with the configuration, if anything: one line. */
  problem: Schema.optionalKey(Schema.String)
})
export type Board = typeof Board.Type

/** How a session's metadata carry it: `{ errand: { board } }`, beside what others keep there. */
export const inMetadata = Schema.Struct({ errand: Schema.Struct({ board: Board }) })
