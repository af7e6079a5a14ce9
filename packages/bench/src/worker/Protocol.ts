/**
 * What the bench and the process of a competitor say to each other: one line of JSON each. The process hears on its
 * standard input and answers on a channel of its own, so that whatever the plugin prints does no harm.
 *
 * All times are ms since 1970 with fractions.
 */
import { Schema } from "effect"

/** The file descriptor that the process answers on. */
export const channel = 3

/** How a process is to load a plugin; its one argument, as JSON. */
export const Start = Schema.Struct({
  /** Of the fake OpenCode. */
  url: Schema.String,
  /** The project that OpenCode is opened in. */
  directory: Schema.String,
  /** The plugin's module, as a path. */
  entry: Schema.String
})
export type Start = typeof Start.Type

/** A tool that the agent of a session calls. */
const Call = Schema.Struct({
  session: Schema.String,
  tool: Schema.String,
  args: Schema.Record(Schema.String, Schema.Unknown)
})
export type Call = typeof Call.Type

export const Ask = Schema.Struct({
  /** Comes back with the answer. */
  n: Schema.Int,
  what: Schema.Union([
    Schema.Struct({ do: Schema.Literal("call"), calls: Schema.Array(Call) }),
    Schema.Struct({ do: Schema.Literal("block"), ms: Schema.Finite }),
    Schema.Struct({ do: Schema.Literals(["memory", "cpu", "dispose"]) })
  ])
})
export type Ask = typeof Ask.Type
export type What = Ask["what"]

export const Called = Schema.Struct({
  from: Schema.Finite,
  to: Schema.Finite,
  text: Schema.String,
  threw: Schema.Boolean
})

export const Memory = Schema.Struct({ heap: Schema.Finite, rss: Schema.Finite })
export const Cpu = Schema.Struct({ used: Schema.Finite, at: Schema.Finite })
export const Loaded = Schema.Struct({ importing: Schema.Finite, starting: Schema.Finite })

/** `n` is 0 for the first word: that the plugin is loaded. Absent `value`: nothing to say but that it is done. */
export const Answer = Schema.Struct({
  n: Schema.Int,
  value: Schema.optionalKey(Schema.Unknown),
  /** What went wrong. */
  failed: Schema.optionalKey(Schema.String)
})
export type Answer = typeof Answer.Type
