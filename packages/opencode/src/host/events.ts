/**
 * OpenCode's events, as Errand hears them. Pure, and total: what is not understood says nothing.
 */
import { type AgentHost, Task } from "@errand/core"
import { Option, Predicate, Result, Schema } from "effect"
import * as Command from "../board/Command.ts"
import { keptIn } from "../cards/Kept.ts"
import { outputArguments } from "../tools/OutputArguments.ts"
import { errorText, isAbort, isSummary, noticeOf, stateOf } from "./transcript.ts"
import { Event } from "./wire.ts"

/** An event of OpenCode, if it is one that means something here. */
export const decode: (event: unknown) => Option.Option<Event> = Schema.decodeUnknownOption(Event)

/** The session in which a piece of a text is written, if that is what an event tells. */
export const writerOf = (event: unknown): string | undefined => {
  if (!Predicate.hasProperty(event, "type") || event.type !== "message.part.delta") return undefined
  if (!Predicate.hasProperty(event, "properties") || !Predicate.hasProperty(event.properties, "sessionID")) {
    return undefined
  }
  const { sessionID } = event.properties
  return typeof sessionID === "string" ? sessionID : undefined
}

/** Whether somebody who looks says hello. */
export const isGreeting = (event: unknown): boolean =>
  Predicate.hasProperty(event, "type") && event.type === "tui.command.execute"
  && Predicate.hasProperty(event, "properties") && Predicate.hasProperty(event.properties, "command")
  && typeof event.properties.command === "string"
  && Option.exists(Command.parse(event.properties.command), ({ _tag }) => _tag === "Hello")

/** The session that an event is about. */
export const sessionOf = ({ properties, type }: Event): string | undefined => {
  switch (type) {
    case "session.created":
    case "session.updated":
    case "session.deleted":
      return properties.info.id
    case "message.updated":
      return properties.info.sessionID
    case "message.part.updated":
      return properties.part.sessionID
    case "tui.command.execute":
      return undefined
    default:
      return properties.sessionID
  }
}

export const translate = ({ properties, type }: Event): ReadonlyArray<AgentHost.HostEvent> => {
  switch (type) {
    case "session.created":
    case "session.updated":
    case "tui.command.execute":
      return []
    case "session.deleted":
      return [{ _tag: "Deleted", session: id(properties.info.id) }]
    case "session.status": {
      const session = id(properties.sessionID)
      const { attempt, message, next, type } = properties.status
      if (type === "busy") return [{ _tag: "Busy", session }]
      if (type === "idle") return [{ _tag: "Idle", session }]
      if (type !== "retry") return []
      return [{
        _tag: "Retrying",
        session,
        attempt: whole(attempt ?? 1),
        message: message ?? "the provider failed",
        nextAt: whole(next ?? 0)
      }]
    }
    case "session.error": {
      if (properties.sessionID === undefined) return []
      const error = properties.error ?? { name: "an error that OpenCode did not explain" }
      return [{
        _tag: "Erred",
        session: id(properties.sessionID),
        message: errorText(error),
        aborted: isAbort(error)
      }]
    }
    case "message.updated": {
      const { info } = properties
      const session = id(info.sessionID)
      if (info.role !== "assistant") return []
      const state = stateOf(info)
      return state === "open"
        ? [{ _tag: "Wrote", session }]
        // After a summary of its own OpenCode has the agent go on.
        : [{ _tag: "MessageEnded", session, last: state !== "more" && !isSummary(info) }]
    }
    case "message.part.updated": {
      const { callID, sessionID, state, tool, type } = properties.part
      // A card that is drawn anew is no sign of life.
      if (keptIn(properties.part) !== undefined) return []
      const session = id(sessionID)
      if (type === "text" || type === "reasoning") {
        return Option.match(noticeOf(properties.part), {
          onNone: () => [{ _tag: "Wrote", session }],
          onSome: (notice) => [{ _tag: "Received", session, notice }]
        })
      }
      if (type !== "tool" || state === undefined || callID === undefined || tool === undefined) return []
      return [{
        _tag: "Tool",
        session,
        call: callID,
        name: tool,
        state: state.status === "completed" ? "done" : state.status === "error" ? "failed" : "running",
        // Until it runs its input is being written.
        ...(state.status === "running" && !isWait(tool, state.input) ? { input: state.input } : {})
      }]
    }
    case "message.part.delta":
      return [{ _tag: "Wrote", session: id(properties.sessionID) }]
    case "permission.asked":
      return [{
        _tag: "Asked",
        session: id(properties.sessionID),
        ask: properties.id,
        what: permissionText(properties.permission, properties.patterns)
      }]
    case "permission.replied": {
      const ask = properties.requestID ?? properties.permissionID
      return ask === undefined ? [] : [{ _tag: "Answered", session: id(properties.sessionID), ask }]
    }
    case "question.asked": {
      const question = properties.questions?.[0]?.question
      return [{
        _tag: "Asked",
        session: id(properties.sessionID),
        ask: properties.id,
        what: question === undefined ? "a question" : `question "${question}"`
      }]
    }
    case "question.replied":
    case "question.rejected":
      return [{ _tag: "Answered", session: id(properties.sessionID), ask: properties.requestID }]
  }
}

/** Whether a call waits for a task: that may take several, all alike. */
const isWait = (tool: string, input: unknown): boolean =>
  tool === "background_output" &&
  Result.match(outputArguments(input), { onFailure: () => false, onSuccess: ({ block }) => block })

/** What a session wants to do, for people: `bash "npm test"`. */
export const permissionText = (
  permission: string | undefined,
  patterns: ReadonlyArray<string> | undefined
): string => [permission ?? "a permission", ...(patterns ?? []).map((pattern) => `"${pattern}"`)].join(" ")

const whole = (n: number): number => Math.trunc(Math.min(Math.max(n, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))

const id = (text: string) => Task.SessionId.make(text)
