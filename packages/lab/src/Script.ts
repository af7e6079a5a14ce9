/**
 * Scripts: what the scripted model shall answer, written into the prompt itself. A script is a list of steps, one per
 * answer: step 0 answers the prompt, step 1 answers the results of step 0's tool calls, and so on.
 *
 * `say`, `reasoning` and the strings inside tool arguments are templates:
 *
 * - `{{lastUser}}`: the text of the newest user message
 * - `{{lastTool}}`: the text of the newest tool result
 * - `{{match:REGEX}}`: the first capture group (or else the whole match) of REGEX in the newest message that has one
 * - `{{first:REGEX}}`: the same from the oldest message on
 * - `{{all:REGEX}}`: all matches, oldest first, each once, joined by ", "
 *
 * A REGEX has the flag `m` and cannot contain `}}`. What is not found becomes the empty text. System messages and the
 * arguments of tool calls are not searched.
 */
import { Option, Schema } from "effect"
import { createHash } from "node:crypto"

/** A tool call. `args` is JSON; a string is sent as it is (so it need not be valid JSON). */
export const ToolCall = Schema.Struct({ name: Schema.String, args: Schema.optionalKey(Schema.Json) })
export type ToolCall = typeof ToolCall.Type

/**
 * An HTTP error instead of the answer. `times`: only that often (per session), then the same step answers as if it held
 * no failure; default always.
 */
export const Failure = Schema.Struct({
  status: Schema.Finite,
  body: Schema.optionalKey(Schema.Json),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  times: Schema.optionalKey(Schema.Finite)
})
export type Failure = typeof Failure.Type

/** One answer. Every key is optional; no key at all is an empty answer. */
export const Step = Schema.Struct({
  /** The text of the answer. A template. Never carries a script on: see `ScriptedModel`. */
  say: Schema.optionalKey(Schema.String),
  /** Sent after the text, all in one answer. */
  toolCalls: Schema.optionalKey(Schema.Array(ToolCall)),
  /** The thinking that comes before the text. */
  reasoning: Schema.optionalKey(Schema.String),
  /** Milliseconds before the first byte. */
  delay: Schema.optionalKey(Schema.Finite),
  /** Into how many pieces `say` is cut, and the milliseconds between them. */
  chunks: Schema.optionalKey(Schema.Finite),
  chunkDelay: Schema.optionalKey(Schema.Finite),
  /** That many bytes of filler instead of `say`. */
  big: Schema.optionalKey(Schema.Finite),
  /** Waits, before all else, until `openGate` is called with this name. */
  gate: Schema.optionalKey(Schema.String),
  fail: Schema.optionalKey(Failure),
  /** Never answers. */
  hang: Schema.optionalKey(Schema.Boolean),
  /** Sends the text "partial ", then nothing more. */
  stall: Schema.optionalKey(Schema.Boolean),
  /** Cuts the connection: at once (`times`: only that often, as in `fail`), or after the text "partial ". */
  drop: Schema.optionalKey(Schema.Union([Schema.Boolean, Schema.Struct({ times: Schema.Finite })])),
  dropMid: Schema.optionalKey(Schema.Boolean),
  /** Default "tool_calls" where there are tool calls, else "stop". */
  finish: Schema.optionalKey(Schema.Literals(["stop", "length", "content_filter", "tool_calls"])),
  /** Tokens; by default guessed from the length of the texts. */
  usage: Schema.optionalKey(Schema.Struct({ prompt_tokens: Schema.Finite, completion_tokens: Schema.Finite }))
})
export type Step = typeof Step.Type

const Encoded = Schema.fromJsonString(Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  steps: Schema.Array(Step),
  later: Schema.optionalKey(Schema.Array(Step))
}))

/** A script as it was found in a prompt. `key` is its name, or else a hash of it. */
export interface Script {
  readonly key: string
  readonly steps: ReadonlyArray<Step>
  readonly later: ReadonlyArray<Step> | undefined
}

export interface ScriptOptions {
  /** Shown as the `key` of the requests that this script answers. */
  readonly name?: string
  /** What to answer to the user messages without a script that follow (notices, for one), in this order. */
  readonly later?: ReadonlyArray<Step>
}

const marker = /SCRIPT64:([A-Za-z0-9_-]+)/
const encode = Schema.encodeSync(Encoded)
const decode = Schema.decodeUnknownOption(Encoded)

/**
 * The script as one word to put anywhere into a prompt. The word has no blanks and no quotes, so it survives shells
 * and `opencode run`, which quotes arguments that hold blanks.
 */
export const script = (steps: ReadonlyArray<Step>, options: ScriptOptions = {}): string =>
  "SCRIPT64:" + Buffer.from(encode({ steps, ...options })).toString("base64url")

/** The first script in a text. A script that does not decode counts as none. */
export const find = (text: string): Option.Option<Script> => {
  const word = marker.exec(text)?.[1]
  if (word === undefined) return Option.none()
  return Option.map(decode(Buffer.from(word, "base64url").toString()), ({ later, name, steps }) => ({
    key: name ?? createHash("sha256").update(word).digest("hex").slice(0, 12),
    steps,
    later
  }))
}

/** The text with all scripts in it made harmless. */
export const disarm = (text: string): string => text.replace(new RegExp(marker, "g"), "[script]")
