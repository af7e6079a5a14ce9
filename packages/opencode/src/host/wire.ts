/**
 * What OpenCode sends, as far as Errand reads it. Everything else in an answer is let through unread.
 */
import { Effect, Schema } from "effect"

export const ModelRef = Schema.Struct({ providerID: Schema.String, modelID: Schema.String })

export const PermissionRule = Schema.Struct({
  permission: Schema.String,
  pattern: Schema.String,
  action: Schema.Literals(["allow", "ask", "deny"])
})

/** What a session may do, of which the last rule that fits counts. */
export const Rules = Schema.Array(PermissionRule)
export type Rules = typeof Rules.Type

const sessionFields = {
  id: Schema.NonEmptyString,
  parentID: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  metadata: Schema.optionalKey(Schema.Unknown),
  /** Where a person has undone to, until they redo or write again. */
  revert: Schema.optionalKey(Schema.Unknown)
}

export const SessionInfo = Schema.Struct({
  ...sessionFields,
  permission: Schema.optionalKey(Schema.NullishOr(Rules))
})
export type SessionInfo = typeof SessionInfo.Type

/** A session as events tell of it, again and again: its rules are read by whoever does not know them yet. */
const SessionTold = Schema.Struct({ ...sessionFields, permission: Schema.optionalKey(Schema.Unknown) })

/** What OpenCode says of itself. */
export const Health = Schema.Struct({ version: Schema.NonEmptyString })

/** A message whose parts are to be stored again, so nothing of them may be lost. */
export const RawMessage = Schema.Struct({ parts: Schema.Array(Schema.Unknown) })

export const Todo = Schema.Struct({ status: Schema.String })

export const AgentInfo = Schema.Struct({
  name: Schema.String,
  description: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  mode: Schema.String,
  hidden: Schema.optionalKey(Schema.NullishOr(Schema.Boolean)),
  model: Schema.optionalKey(Schema.NullishOr(ModelRef))
})
export type AgentInfo = typeof AgentInfo.Type

export const Providers = Schema.Struct({
  providers: Schema.Array(Schema.Struct({
    id: Schema.String,
    models: Schema.Record(Schema.String, Schema.Unknown)
  })),
  default: Schema.Record(Schema.String, Schema.String)
})
export type Providers = typeof Providers.Type

export const ConfigInfo = Schema.Struct({ model: Schema.optionalKey(Schema.NullishOr(Schema.String)) })

/** The mark that Errand leaves on what it writes into sessions. */
export const Mark = Schema.Struct({
  errand: Schema.Struct({ notice: Schema.optionalKey(Schema.String), task: Schema.optionalKey(Schema.String) })
})

export const ErrorInfo = Schema.Struct({
  name: Schema.String,
  data: Schema.optionalKey(Schema.Struct({
    message: Schema.optionalKey(Schema.String),
    statusCode: Schema.optionalKey(Schema.NullishOr(Schema.Finite))
  }))
})
export type ErrorInfo = typeof ErrorInfo.Type

export const Part = Schema.Struct({
  type: Schema.String,
  text: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  synthetic: Schema.optionalKey(Schema.NullishOr(Schema.Boolean)),
  ignored: Schema.optionalKey(Schema.NullishOr(Schema.Boolean)),
  metadata: Schema.optionalKey(Schema.Unknown),
  tool: Schema.optionalKey(Schema.String),
  state: Schema.optionalKey(Schema.Struct({
    status: Schema.String,
    error: Schema.optionalKey(Schema.NullishOr(Schema.String)),
    metadata: Schema.optionalKey(Schema.Unknown)
  }))
})
export type Part = typeof Part.Type

/** One that cannot be read says nothing, and is no reason not to read the others. */
const AnyPart = Part.pipe(Schema.catchDecoding(() => Effect.succeedSome({ type: "unknown" })))

/** What the sessions that are not idle are doing, by session. */
export const Statuses = Schema.Record(
  Schema.String,
  Schema.Struct({ type: Schema.String }).pipe(
    Schema.catchDecoding(() => Effect.succeedSome({ type: "unknown" }))
  )
)

export const MessageInfo = Schema.Struct({
  id: Schema.String,
  role: Schema.Literals(["user", "assistant"]),
  agent: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  mode: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  summary: Schema.optionalKey(Schema.Unknown),
  model: Schema.optionalKey(Schema.NullishOr(ModelRef)),
  finish: Schema.optionalKey(Schema.NullishOr(Schema.String)),
  error: Schema.optionalKey(Schema.NullishOr(ErrorInfo)),
  time: Schema.Struct({ completed: Schema.optionalKey(Schema.NullishOr(Schema.Finite)) })
})
export type MessageInfo = typeof MessageInfo.Type

export const Transcript = Schema.Array(Schema.Struct({ info: MessageInfo, parts: Schema.Array(AnyPart) }))
export type Transcript = typeof Transcript.Type

const session = { sessionID: Schema.String }
const asked = { ...session, id: Schema.String }
const event = <T extends string, P extends Schema.Struct.Fields>(type: T, properties: P) =>
  Schema.Struct({ type: Schema.Literal(type), properties: Schema.Struct(properties) })

/**
 * The events that mean something here. `properties` differs between versions of OpenCode; what is read is the same. That a
 * session is idle is told twice, as its status and as `session.idle`, the older one: the status is enough.
 */
export const Event = Schema.Union([
  event("session.created", { info: SessionTold }),
  event("session.updated", { info: SessionTold }),
  event("session.deleted", { info: Schema.Struct({ id: Schema.String }) }),
  event("session.status", {
    ...session,
    status: Schema.Struct({
      type: Schema.String,
      attempt: Schema.optionalKey(Schema.Finite),
      message: Schema.optionalKey(Schema.String),
      next: Schema.optionalKey(Schema.Finite)
    })
  }),
  event("session.error", { sessionID: Schema.optionalKey(Schema.String), error: Schema.optionalKey(ErrorInfo) }),
  event("message.updated", { info: Schema.Struct({ ...MessageInfo.fields, sessionID: Schema.String }) }),
  event("message.part.updated", {
    part: Schema.Struct({
      type: Schema.String,
      sessionID: Schema.String,
      id: Schema.optionalKey(Schema.String),
      messageID: Schema.optionalKey(Schema.String),
      metadata: Schema.optionalKey(Schema.Unknown),
      tool: Schema.optionalKey(Schema.String),
      callID: Schema.optionalKey(Schema.String),
      state: Schema.optionalKey(Schema.Struct({
        status: Schema.String,
        input: Schema.optionalKey(Schema.Unknown),
        metadata: Schema.optionalKey(Schema.Unknown)
      }))
    })
  }),
  event("message.part.delta", session),
  event("permission.asked", {
    ...asked,
    permission: Schema.optionalKey(Schema.String),
    patterns: Schema.optionalKey(Schema.Array(Schema.String)),
    /** What OpenCode allows from then on, in every session, when the answer is `always`. */
    always: Schema.optionalKey(Schema.Array(Schema.String))
  }),
  event("permission.replied", {
    ...session,
    requestID: Schema.optionalKey(Schema.String),
    permissionID: Schema.optionalKey(Schema.String)
  }),
  event("question.asked", {
    ...asked,
    questions: Schema.optionalKey(Schema.Array(Schema.Struct({ question: Schema.optionalKey(Schema.String) })))
  }),
  event("question.replied", { ...session, requestID: Schema.String }),
  event("question.rejected", { ...session, requestID: Schema.String }),
  event("tui.command.execute", { command: Schema.String })
])
export type Event = typeof Event.Type
