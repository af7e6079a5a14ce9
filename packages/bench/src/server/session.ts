/**
 * A session of the fake OpenCode, with its messages, and how both are sent. Pure but for what is remembered of a message's
 * text.
 */
import type { Step } from "./Script.ts"
import type { Turn } from "./Turn.ts"
import * as Wire from "./wire.ts"

export interface Message {
  readonly info: Wire.UserInfo | Wire.AssistantInfo
  readonly parts: Array<Wire.Part>
  /** The message as it is sent; made when it is asked for, and kept until the message changes. */
  json: string | undefined
}

export interface Answer extends Message {
  readonly info: Wire.AssistantInfo
}

/** Something that was said in a session and that its agent has not begun to answer. */
export interface Told {
  readonly message: string
  readonly text: string
  readonly person: boolean
  readonly agent: string
  readonly model: Wire.ModelRef
}

export interface Session {
  readonly id: string
  readonly parent: string | undefined
  readonly directory: string
  readonly created: number
  /** Ms that it takes to answer what comes without a script. */
  readonly turnMs: number
  updated: number
  title: string
  permission: Wire.Opaque
  metadata: Wire.Opaque
  agent: string | undefined
  model: Wire.ModelRef | undefined
  deleted: boolean
  status: Wire.Status
  /** Since when it is at work. */
  since: number
  /** The model that it works with. */
  worksWith: Wire.ModelRef
  readonly messages: Array<Message>
  todos: ReadonlyArray<{ readonly content: string; readonly status: string; readonly priority: string }>
  inbox: ReadonlyArray<Told>
  later: ReadonlyArray<ReadonlyArray<Step>>
  turns: number
  turn: Turn | undefined
  /** What is to be done when it comes to rest. */
  waiting: ReadonlyArray<() => void>
}

export interface NewSession {
  readonly directory: string
  readonly parent?: string | undefined
  readonly title?: string | undefined
  readonly permission?: Wire.Opaque
  readonly metadata?: Wire.Opaque
  readonly model?: Wire.ModelRef | undefined
  readonly turnMs?: number | undefined
}

const isAnswer = (message: Message): message is Answer => message.info.role === "assistant"

export const infoOf = (session: Session): Wire.SessionInfo => ({
  id: session.id,
  slug: "quiet-bench",
  projectID: "global",
  directory: session.directory,
  path: session.directory.slice(1),
  ...(session.parent === undefined ? {} : { parentID: session.parent }),
  ...(session.turns === 0 ? {} : { summary: { additions: 0, deletions: 0, files: 0 } }),
  cost: 0,
  tokens: Wire.noTokens,
  title: session.title,
  ...(session.agent === undefined ? {} : { agent: session.agent }),
  ...(session.model === undefined
    ? {}
    : { model: { id: session.model.modelID, providerID: session.model.providerID, variant: "default" } }),
  version: Wire.version,
  ...(session.metadata === undefined ? {} : { metadata: session.metadata }),
  time: { created: session.created, updated: session.updated },
  ...(session.permission === undefined ? {} : { permission: session.permission })
})

export const jsonOf = (message: Message): string =>
  message.json ??= JSON.stringify({ info: message.info, parts: message.parts })

/** The last messages of a session as one JSON list; all of them where no limit is named. */
export const transcript = ({ messages }: Session, limit: number): string => {
  let text = ""
  for (let n = Math.max(0, messages.length - limit); n < messages.length; n++) {
    const message = messages[n]
    if (message !== undefined) text += (text === "" ? "" : ",") + jsonOf(message)
  }
  return `[${text}]`
}

export const lastAnswer = ({ messages }: Session): Answer | undefined => messages.findLast(isAnswer)

/** The answer that is being written. */
export const openAnswer = (session: Session): Answer | undefined => {
  const answer = lastAnswer(session)
  return answer === undefined || answer.info.time.completed !== undefined ? undefined : answer
}
