/**
 * OpenCode's messages, as Errand judges them. Pure.
 */
import type { AgentHost } from "@errand/core"
import { Option, Schema } from "effect"
import { keptIn } from "../cards/Kept.ts"
import { type ErrorInfo, Mark, type MessageInfo, type Part, type Transcript } from "./wire.ts"

export const messages = (transcript: Transcript): ReadonlyArray<AgentHost.Message> => transcript.map(message)

const message = ({ info, parts }: Transcript[number]): AgentHost.Message => {
  const text = textOf(parts)
  const tools = parts.flatMap((part) =>
    part.type === "tool" && part.state !== undefined ? [toolOf(part, part.state)] : []
  )
  const error = info.error === undefined || info.error === null ? undefined : errorText(info.error)
  return {
    id: info.id,
    role: info.role,
    automatic: isAutomatic(info, parts),
    notices: info.role === "user" ? parts.flatMap((part) => Option.toArray(noticeOf(part))) : [],
    text,
    tools,
    state: stateOf(info),
    error,
    fingerprint: [
      parts.length,
      parts.reduce((length, part) => length + (part.text?.length ?? 0), 0),
      tools.map(({ state }) => state).join(""),
      info.time.completed ?? ""
    ].join(":")
  }
}

/** Written by the author of the message: what others put beside it does not count. */
const textOf = (parts: ReadonlyArray<Part>): string =>
  parts
    .filter((part) => part.type === "text" && part.synthetic !== true && part.ignored !== true)
    .map((part) => part.text ?? "")
    .join("\n\n")

const toolOf = (part: Part, state: NonNullable<Part["state"]>): AgentHost.Message["tools"][number] => {
  const kept = keptIn(part)
  // A card says how its task went; the call that it stands for was done when it had launched that.
  return kept === undefined
    ? {
      name: part.tool ?? "tool",
      state: state.status === "completed" ? "done" : state.status === "error" ? "failed" : "running",
      error: state.error ?? undefined
    }
    : { name: kept.call.tool, state: "done", error: undefined }
}

/**
 * `finish` decides, not the absence of an error: an abort in a retry wait leaves a completed message without either.
 */
export const stateOf = ({ error, finish, role, time }: MessageInfo): AgentHost.Message["state"] => {
  if (role === "user") return "done"
  if (time.completed === undefined || time.completed === null) return "open"
  if (error !== undefined && error !== null) return isAbort(error) ? "aborted" : "failed"
  switch (finish) {
    case undefined:
    case null:
      return "stopped"
    case "tool-calls":
    case "unknown":
      return "more"
    case "length":
      return "cut"
    default:
      return "done"
  }
}

/** The host's own: the request for a summary, the summary, and its "go on" afterwards. */
const isAutomatic = (info: MessageInfo, parts: ReadonlyArray<Part>): boolean =>
  isSummary(info) || parts.some((part) => part.type === "compaction" || isContinue(part.metadata))

export const isSummary = ({ mode, summary }: MessageInfo): boolean => summary === true || mode === "compaction"

const isContinue = Schema.is(Schema.Struct({ compaction_continue: Schema.Literal(true) }))

const decodeMark = Schema.decodeUnknownOption(Mark)

/** A notice is a user's message, and its mark stands beside the text: what a text says of itself is no mark. */
export const noticeOf = (part: Pick<Part, "metadata">): Option.Option<string> =>
  Option.flatMapNullishOr(decodeMark(part.metadata), ({ errand }) => errand.notice)

export const isAbort = (error: ErrorInfo): boolean => error.name === "MessageAbortedError"

/** What went wrong, in the words of whoever said it. */
export const errorText = ({ data, name }: ErrorInfo): string => {
  const message = data?.message?.trim()
  const status = data?.statusCode
  const what = message === undefined || message === "" ? name : message
  return status === undefined || status === null || what.includes(String(status)) ? what : `${what} (HTTP ${status})`
}
