/**
 * What OpenCode and the model say about the story after it is over: read from the server's own records and from the
 * model's log, and not from what was drawn meanwhile.
 */
import { OpenCode, ScriptedModel } from "@errand/lab"
import { Effect, Option, Schema } from "effect"

/** A call of the main agent, as it is stored. Times are epoch ms. */
export interface ToolUse {
  readonly message: string
  readonly tool: string
  readonly output: string
  readonly from: number
  readonly to: number
}

export interface StoredNotice {
  readonly id: string
  readonly text: string
}

/** A session that belongs to a task. */
export interface TaskSession {
  readonly id: string
  readonly task: string
  readonly createdAt: number
  /** When its agent's first turn was over. */
  readonly firstEndAt: number | undefined
  /** How often it was given something to do. */
  readonly prompts: number
  /** The last thing that its agent wrote. */
  readonly answer: string
}

export interface Evidence {
  readonly tools: ReadonlyArray<ToolUse>
  /** As often as they are stored. */
  readonly notices: ReadonlyArray<StoredNotice>
  /** What the main agent wrote, oldest first. */
  readonly texts: ReadonlyArray<string>
  readonly sessions: ReadonlyArray<TaskSession>
  /** Sessions that are still at work, though the story is over. */
  readonly stillBusy: ReadonlyArray<string>
  /** The model's own log. Absent where the model is a real one. */
  readonly model: ModelLog | undefined
}

export interface ModelLog {
  /** The most requests of the limited model that were open at once. */
  readonly mostAtOnce: number
  /** The sessions of requests that were broken off. */
  readonly aborted: ReadonlyArray<string>
  /** How many are open now. */
  readonly open: number
  /** The headings of the notices in what the main agent was shown last. */
  readonly headings: ReadonlyArray<string>
}

/** The heading of each part of a notice. */
export const headingsOf = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/^\[(?:ALL )?BACKGROUND TASKS? [^\]]+\]$/gm), (hit) => hit[0])

const Marked = Schema.decodeUnknownOption(
  Schema.Struct({ metadata: Schema.Struct({ errand: Schema.Struct({ notice: Schema.String }) }) })
)
const TaskInfo = Schema.decodeUnknownOption(
  Schema.Struct({ metadata: Schema.Struct({ errand: Schema.Struct({ task: Schema.String }) }) })
)

const Card = Schema.decodeUnknownOption(Schema.Struct({
  errand: Schema.Struct({
    call: Schema.Struct({
      tool: Schema.String,
      // As far as it is not what the card has.
      state: Schema.Struct({ output: Schema.optionalKey(Schema.String) })
    })
  })
}))

const toolsOf = (message: OpenCode.MessageWithParts): ReadonlyArray<ToolUse> =>
  message.parts.flatMap((part) => {
    if (part.type !== "tool") return []
    const { state, tool } = part
    if (state.status !== "completed" && state.status !== "error") return []
    const output = state.status === "completed" ? state.output : state.error
    // People are shown a card in the place of the call, which keeps what the agent has called and read.
    const call = Option.getOrUndefined(Card(state.metadata))?.errand.call
    return [{
      message: message.info.id,
      tool: call?.tool ?? tool,
      output: call?.state.output ?? output,
      from: state.time.start,
      to: state.time.end
    }]
  })

const noticesOf = (message: OpenCode.MessageWithParts): ReadonlyArray<StoredNotice> =>
  message.parts.flatMap((part) => {
    const mark = part.type === "text" && part.synthetic === true ? Marked(part) : Option.none()
    return part.type === "text" && Option.isSome(mark)
      ? [{ id: mark.value.metadata.errand.notice, text: part.text }]
      : []
  })

const taskSession = (server: OpenCode.OpenCodeServer) =>
  Effect.fnUntraced(function*(session: { readonly id: string; readonly time: { readonly created: number } }) {
    const messages = yield* server.messages(session.id)
    const answers = messages.flatMap((message) => message.info.role === "assistant" ? [message] : [])
    const firstEnd = answers.map(({ info }) => info).find((info) =>
      info.role === "assistant" && info.time.completed !== undefined && info.finish !== "tool-calls"
    )
    const last = answers.at(-1)
    return {
      id: session.id,
      task: Option.match(TaskInfo(session), { onNone: () => "", onSome: ({ metadata }) => metadata.errand.task }),
      createdAt: session.time.created,
      firstEndAt: firstEnd?.role === "assistant" ? firstEnd.time.completed : undefined,
      prompts: messages.length - answers.length,
      answer: last === undefined ? "" : OpenCode.textOf(last)
    }
  })

const modelLog = Effect.fnUntraced(function*(model: ScriptedModel.ScriptedModel, root: string, limited: string) {
  const requests = yield* model.requests
  const shown = requests.findLast(({ sessionID }) => sessionID === root)?.messages ?? []
  return {
    mostAtOnce: yield* model.maxInFlight((request) => request.model === limited),
    aborted: requests.flatMap(({ aborted, sessionID }) => aborted && sessionID !== undefined ? [sessionID] : []),
    open: yield* model.inFlight(),
    headings: shown.filter(({ role }) => role === "user").flatMap((message) =>
      headingsOf(ScriptedModel.textOf(message))
    )
  }
})

export interface Source {
  readonly server: OpenCode.OpenCodeServer
  readonly root: string
  /** The scripted model, and the id of the model whose requests are limited. */
  readonly model?: { readonly log: ScriptedModel.ScriptedModel; readonly limited: string }
}

/** Reads everything that there is to read. */
export const gather = Effect.fn("Evidence.gather")(function*({ model, root, server }: Source) {
  const messages = yield* server.messages(root)
  const children = yield* server.children(root)
  const statuses = yield* server.request("GET", "/session/status")
  const evidence: Evidence = {
    tools: messages.flatMap(toolsOf),
    notices: messages.flatMap(noticesOf),
    texts: messages.flatMap((message) => message.info.role === "assistant" ? [OpenCode.textOf(message)] : []),
    sessions: yield* Effect.forEach(children, taskSession(server)),
    stillBusy: typeof statuses.body === "object" && statuses.body !== null ? Object.keys(statuses.body) : [],
    model: model === undefined ? undefined : yield* modelLog(model.log, root, model.limited)
  }
  return evidence
})
