/**
 * What happened in OpenCode, as far as the demo shows it: its events, decoded. Everything else is left out.
 */
import type { OpenCode } from "@errand/lab"
import { Option, Schema } from "effect"

export type Happening =
  /** A session was made; `task` is the errand that it belongs to. */
  | {
    readonly _tag: "Opened"
    readonly at: number
    readonly session: string
    readonly task: string
    readonly title: string
  }
  | { readonly _tag: "Busy"; readonly at: number; readonly session: string }
  | { readonly _tag: "Idle"; readonly at: number; readonly session: string }
  /** Somebody stopped the session's turn, or it ended in an error. */
  | {
    readonly _tag: "Failed"
    readonly at: number
    readonly session: string
    readonly error: string
    readonly message: string
  }
  | {
    readonly _tag: "Called"
    readonly at: number
    readonly session: string
    readonly message: string
    readonly call: string
    readonly tool: string
    readonly input: Readonly<Record<string, unknown>>
  }
  | {
    readonly _tag: "Returned"
    readonly at: number
    readonly session: string
    readonly message: string
    readonly call: string
    readonly tool: string
    readonly input: Readonly<Record<string, unknown>>
    readonly output: string
    readonly from: number
  }
  /** A text was begun, and went on: OpenCode may tell of its end only after the calls that follow it. */
  | {
    readonly _tag: "Began"
    readonly at: number
    readonly session: string
    readonly message: string
    readonly part: string
    readonly text: string
  }
  | {
    readonly _tag: "Wrote"
    readonly at: number
    readonly session: string
    readonly part: string
    readonly text: string
  }
  /** The agent of the session wrote something, and has finished writing it. */
  | {
    readonly _tag: "Said"
    readonly at: number
    readonly session: string
    readonly part: string
    readonly text: string
  }
  /** A notice of Errand arrived: the text for the agent, or the line for the person. */
  | {
    readonly _tag: "Noticed"
    readonly at: number
    readonly session: string
    readonly notice: string
    readonly text: string
    readonly forPerson: boolean
  }

const Input = Schema.Record(Schema.String, Schema.Unknown)

const ToolState = Schema.Union([
  Schema.Struct({ status: Schema.Literal("running"), input: Input }),
  Schema.Struct({
    status: Schema.Literal("completed"),
    input: Input,
    output: Schema.String,
    time: Schema.Struct({ start: Schema.Finite })
  }),
  Schema.Struct({
    status: Schema.Literal("error"),
    input: Input,
    error: Schema.String,
    time: Schema.Struct({ start: Schema.Finite })
  })
])

const Part = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("tool"),
    messageID: Schema.String,
    callID: Schema.String,
    tool: Schema.String,
    state: ToolState
  }),
  Schema.Struct({
    type: Schema.Literal("text"),
    id: Schema.String,
    messageID: Schema.String,
    text: Schema.String,
    ignored: Schema.optionalKey(Schema.Boolean),
    time: Schema.optionalKey(Schema.Struct({ end: Schema.optionalKey(Schema.Finite) })),
    metadata: Schema.optionalKey(
      Schema.Struct({ errand: Schema.optionalKey(Schema.Struct({ notice: Schema.String })) })
    )
  })
])

const Session = Schema.Struct({ sessionID: Schema.String })

const decode = {
  opened: Schema.decodeUnknownOption(Schema.Struct({
    info: Schema.Struct({
      id: Schema.String,
      title: Schema.String,
      metadata: Schema.Struct({ errand: Schema.Struct({ task: Schema.String }) })
    })
  })),
  status: Schema.decodeUnknownOption(
    Schema.Struct({ sessionID: Schema.String, status: Schema.Struct({ type: Schema.String }) })
  ),
  session: Schema.decodeUnknownOption(Session),
  failed: Schema.decodeUnknownOption(
    Schema.Struct({
      sessionID: Schema.String,
      error: Schema.Struct({
        name: Schema.String,
        data: Schema.optionalKey(Schema.Struct({ message: Schema.optionalKey(Schema.String) }))
      })
    })
  ),
  part: Schema.decodeUnknownOption(Schema.Struct({ sessionID: Schema.String, part: Part })),
  delta: Schema.decodeUnknownOption(
    Schema.Struct({
      sessionID: Schema.String,
      partID: Schema.String,
      field: Schema.Literal("text"),
      delta: Schema.String
    })
  )
}

const part = (at: number, session: string, part: typeof Part.Type): Happening | undefined => {
  if (part.type === "text") {
    const notice = part.metadata?.errand?.notice
    if (notice !== undefined) {
      return { _tag: "Noticed", at, session, notice, text: part.text, forPerson: part.ignored === true }
    }
    return part.time?.end === undefined
      ? { _tag: "Began", at, session, message: part.messageID, part: part.id, text: part.text }
      : { _tag: "Said", at, session, part: part.id, text: part.text }
  }
  const { callID: call, messageID: message, state, tool } = part
  const { input } = state
  if (state.status === "running") return { _tag: "Called", at, session, message, call, tool, input }
  const output = state.status === "completed" ? state.output : `error: ${state.error}`
  return { _tag: "Returned", at, session, message, call, tool, input, output, from: state.time.start }
}

const read = ({ at, properties, type }: OpenCode.ServerEvent): Option.Option<Happening | undefined> => {
  switch (type) {
    case "session.created":
      return Option.map(decode.opened(properties), ({ info }) => ({
        _tag: "Opened",
        at,
        session: info.id,
        task: info.metadata.errand.task,
        title: info.title
      }))
    case "session.status":
      return Option.map(
        decode.status(properties),
        ({ sessionID, status }) => status.type === "idle" ? undefined : { _tag: "Busy", at, session: sessionID }
      )
    case "session.idle":
      return Option.map(decode.session(properties), ({ sessionID }) => ({ _tag: "Idle", at, session: sessionID }))
    case "session.error":
      return Option.map(
        decode.failed(properties),
        ({ error, sessionID }) => ({
          _tag: "Failed",
          at,
          session: sessionID,
          error: error.name,
          message: error.data?.message ?? ""
        })
      )
    case "message.part.updated":
      return Option.map(decode.part(properties), (found) => part(at, found.sessionID, found.part))
    case "message.part.delta":
      return Option.map(
        decode.delta(properties),
        ({ delta, partID, sessionID }) => ({ _tag: "Wrote", at, session: sessionID, part: partID, text: delta })
      )
    default:
      return Option.none()
  }
}

/** What an event says, if it says something. */
export const of = (event: OpenCode.ServerEvent): Happening | undefined => Option.getOrUndefined(read(event))
