/**
 * One call to OpenCode's server, and what its answer comes to.
 *
 * OpenCode's client answers `{ data, error, response }` and does not throw for errors; what it throws is a transport that
 * broke. Answers are decoded: the SDK's types are a hope, not a fact.
 */
import { AgentHost } from "@errand/core"
import { Effect, Option, Schema, SchemaIssue } from "effect"
import { clip, oneLine, shown } from "../text/inline.ts"

/** An answer of OpenCode's client. */
const Answer = Schema.Struct({
  data: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(Schema.Unknown),
  response: Schema.optionalKey(Schema.Struct({ status: Schema.Finite }))
})

/** OpenCode says what is wrong in different places. */
const Complaint = Schema.Union([
  Schema.Struct({ data: Schema.Struct({ message: Schema.String }) }),
  Schema.Struct({ message: Schema.String }),
  Schema.Struct({ error: Schema.Array(Schema.Struct({ message: Schema.String })) })
])

const decodeComplaint = Schema.decodeUnknownOption(Complaint)

/** What is wrong by the words of an error, whatever that is; undefined where it has none. */
const wordsOf = (error: unknown): string | undefined => {
  const words = Option.match(decodeComplaint(error), {
    onNone: () => typeof error === "string" ? error : "",
    onSome: (known) => {
      if ("data" in known) return known.data.message
      return "message" in known ? known.message : known.error.map(({ message }) => message).join("; ")
    }
  })
  return oneLine(words) === "" ? undefined : clip(words, 2_000)
}

const unreachable = (operation: string, cause: unknown) =>
  new AgentHost.HostError({
    operation,
    kind: "unreachable",
    message: wordsOf(cause) ?? "the call broke, and nothing says why"
  })

const unknownForm = (operation: string, kind: "unreachable" | "refused", { issue }: Schema.SchemaError) => {
  const [first] = formatIssue(issue).issues
  const where = (first?.path ?? []).map((key) => `[${shown(typeof key === "number" ? key : String(key))}]`).join("")
  return new AgentHost.HostError({
    operation,
    kind,
    message: `OpenCode answered in an unknown form${where === "" ? "" : ` (at ${where})`}`
  })
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const decodeAnswer = Schema.decodeUnknownEffect(Answer)

/** One call; gives what is in `data`. */
export const call = Effect.fnUntraced(function*(
  operation: string,
  send: (signal: AbortSignal) => PromiseLike<unknown>
): Effect.fn.Return<unknown, AgentHost.HostError | NotFound> {
  const raw = yield* Effect.tryPromise({ try: send, catch: (cause) => unreachable(operation, cause) })
  const { data, error, response } = yield* Effect.mapError(
    decodeAnswer(raw),
    (error) => unknownForm(operation, "unreachable", error)
  )
  const status = response?.status ?? (error === undefined ? 200 : 500)
  if (error === undefined && status < 400) return data
  const message = wordsOf(error) ?? `OpenCode answered ${status}`
  if (status === 404) return yield* new NotFound({ message })
  return yield* new AgentHost.HostError({
    operation,
    // A server that fails may have done it all the same.
    kind: status >= 500 ? "unreachable" : "refused",
    message
  })
})

/** OpenCode knows nothing at that address. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { message: Schema.String }) {}

/** Reads what a call gave; what has another form is an error of that operation. */
export const decoded = <S extends Schema.Constraint>(operation: string, schema: S) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (data: unknown) => Effect.mapError(decode(data), (error) => unknownForm(operation, "refused", error))
}
