/**
 * How an answer is written: its parts, one after the other, each told as OpenCode tells it.
 */
import * as Ids from "./ids.ts"
import type { Answer, Session } from "./session.ts"
import type { Sessions } from "./sessions.ts"
import { type AssistantInfo, type Part, someTokens, type StepPart, type TextPart, type ToolPart } from "./wire.ts"

export type Writing = ReturnType<typeof make>

/** Large texts come in pieces, as real ones do. */
const piece = 4_096

export const make = (sessions: Sessions) => {
  const { tellDelta, tellMessage, tellPart } = sessions

  const ids = ({ info }: Answer) => ({ id: Ids.part(), messageID: info.id, sessionID: info.sessionID })

  const add = <P extends Part>(session: Session, answer: Answer, part: P): P => {
    answer.parts.push(part)
    tellPart(session, answer, part)
    return part
  }

  /** The model has begun to answer. */
  const begin = (session: Session, answer: Answer): void => {
    if (answer.parts.length > 0) return
    add<StepPart>(session, answer, { ...ids(answer), type: "step-start" })
  }

  const textPart = (session: Session, answer: Answer): TextPart => {
    const open = answer.parts.findLast((part): part is TextPart => part.type === "text")
    if (open !== undefined) return open
    begin(session, answer)
    return add<TextPart>(session, answer, { ...ids(answer), type: "text", text: "", time: { start: Date.now() } })
  }

  /** Ends an answer with a step that has come to its end. */
  const finish = (session: Session, answer: Answer, reason: NonNullable<AssistantInfo["finish"]>): void => {
    const { info } = answer
    info.tokens = someTokens
    add<StepPart>(session, answer, { ...ids(answer), type: "step-finish", reason, tokens: info.tokens, cost: 0 })
    info.time.completed = Date.now()
    info.finish = reason
    // OpenCode says it twice.
    tellMessage(session, answer)
    tellMessage(session, answer)
  }

  return {
    finish,
    /** One more piece of a text whose end is not known. */
    stream: (session: Session, answer: Answer, delta: string): void => {
      const part = textPart(session, answer)
      part.text += delta
      tellDelta(session, answer, part, delta)
    },
    /** The whole text; it takes the place of what was streamed. */
    text: (session: Session, answer: Answer, text: string): void => {
      begin(session, answer)
      if (text === "") return
      const part = textPart(session, answer)
      for (let at = 0; at < text.length; at += piece) tellDelta(session, answer, part, text.slice(at, at + piece))
      part.text = text
      part.time = { start: part.time?.start ?? Date.now(), end: Date.now() }
      tellPart(session, answer, part)
    },
    tool: (session: Session, answer: Answer, tool: string): ToolPart => {
      begin(session, answer)
      return add<ToolPart>(session, answer, {
        ...ids(answer),
        type: "tool",
        tool,
        callID: Ids.call(),
        state: { status: "pending", input: {}, raw: "" }
      })
    },
    /** A tool call goes on. */
    tell: (session: Session, answer: Answer, part: ToolPart, state: ToolPart["state"]): void => {
      part.state = state
      tellPart(session, answer, part)
    },
    /** Ends an answer that has broken off: what was running in it is over. */
    breakOff: (session: Session, answer: Answer, error: AssistantInfo["error"]): void => {
      const end = Date.now()
      for (const part of answer.parts) {
        if (part.type === "text" && part.time !== undefined && part.time.end === undefined) {
          part.time = { ...part.time, end }
          tellPart(session, answer, part)
        } else if (part.type === "tool" && (part.state.status === "pending" || part.state.status === "running")) {
          const { input } = part.state
          const time = { start: answer.info.time.created, end }
          const interrupted = { metadata: { interrupted: true }, time }
          part.state = { status: "error", input, error: "Tool execution aborted", ...interrupted }
          tellPart(session, answer, part)
        }
      }
      answer.info.time.completed = end
      if (error !== undefined) answer.info.error = error
      tellMessage(session, answer)
    }
  }
}
