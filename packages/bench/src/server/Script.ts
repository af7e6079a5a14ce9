/**
 * What the fake OpenCode's agents do: scripts, written into the prompt itself as one word.
 *
 * The steps have the names and the meaning of those of `@errand/core/testing`, whose manners they copy; what is here
 * besides is for measuring: gates, histories, and texts by their size.
 */
import { Option, Schema } from "effect"

/** Milliseconds, numbers of bytes, numbers of things. */
const amount = Schema.Finite

const step = <Name extends string, Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ do: Schema.Literal(name), ...fields })

/** One thing that an agent does in a turn. Times are in ms, sizes in bytes. */
export const Step = Schema.Union([
  /** Thinks, and nobody hears of it. */
  step("wait", { ms: amount }),
  /** Writes for `ms`, a piece every `every` ms. What it says in the end takes its place. */
  step("stream", { ms: amount, every: amount }),
  /** Uses a tool for `ms`; `bytes`: how much comes out of it. */
  step("tool", {
    name: Schema.String,
    ms: amount,
    error: Schema.optionalKey(Schema.String),
    bytes: Schema.optionalKey(amount)
  }),
  /** Ends the turn with an answer: `text`, filled up to `bytes`. An empty text is an empty answer. */
  step("say", {
    text: Schema.String,
    bytes: Schema.optionalKey(amount),
    cut: Schema.optionalKey(Schema.Boolean)
  }),
  /** Ends the turn with an answer after which the context is full: a summary by the host, and it makes the agent go on. */
  step("fill", { text: Schema.String }),
  /** The provider fails, and the host waits before it tries again; `attempt` counts from 1. */
  step("retry", { ms: amount, message: Schema.String, attempt: Schema.optionalKey(amount) }),
  /** The turn ends in an error of the provider. */
  step("fail", { message: Schema.String }),
  /** The provider takes the answer back: its message has ended when the error is told. */
  step("filter", { text: Schema.String, message: Schema.String }),
  /** The context overflows: an error event, a summary by the host, and the host makes the agent go on. */
  step("overflow", {}),
  step("hang", {}),
  /** Uses a tool (for `ms`) that a person must allow first. Refused without a word, the turn ends; with one, it goes on. */
  step("permission", { name: Schema.String, what: Schema.String, ms: amount }),
  /** Asks a question; goes on when it is answered, and ends the turn when it is dismissed. */
  step("ask", { what: Schema.String }),
  /** Writes a list of todos: so many are left to do, so many are done. */
  step("todos", { open: amount, done: Schema.optionalKey(amount) }),
  /** So many messages of so many bytes stand in the session, before the prompt. */
  step("history", { messages: amount, bytes: amount }),
  /** Waits until the gate of this name is opened; passes at once if it is open. */
  step("gate", { name: Schema.String })
])
export type Step = typeof Step.Type

export const Script = Schema.Struct({
  steps: Schema.Array(Step),
  /** What to do when the session is told something without a script later on, one after the other. */
  later: Schema.optionalKey(Schema.Array(Schema.Array(Step))),
  /** The end of the turn is told by no event: the session only leaves the list of those at work. */
  silent: Schema.optionalKey(Schema.Boolean)
})
export type Script = typeof Script.Type

const Encoded = Schema.fromJsonString(Script)
const encode = Schema.encodeSync(Encoded)
const decode = Schema.decodeUnknownOption(Encoded)

const mark = "BENCH64:"
const word = /BENCH64:([A-Za-z0-9_-]+)/

/** The script as one word to put anywhere into a prompt. */
export const script = (steps: ReadonlyArray<Step>, more: Omit<Script, "steps"> = {}): string =>
  mark + Buffer.from(encode({ steps, ...more })).toString("base64url")

/** The first script in a text; none where it has none that can be read. */
export const find = (text: string): Script | undefined => {
  if (!text.includes(mark)) return undefined
  const found = word.exec(text)?.[1]
  return found === undefined ? undefined : Option.getOrUndefined(decode(Buffer.from(found, "base64url").toString()))
}
