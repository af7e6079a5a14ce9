/**
 * The verdict on a session: is it finished, and how? Pure: an observation, the settings and the time in; a verdict out.
 *
 * Nothing is believed from one source alone. A session is not finished while the host says that it works; it is finished
 * at once when it is idle and its transcript proves it (the last message is the agent's, ended for good, and says
 * something); everything between is doubted for a bounded time. That the host cannot be asked proves nothing.
 */
import { HashMap, Option } from "effect"
import type { Capabilities, Message } from "./AgentHost.ts"
import type { Look } from "./Look.ts"
import type { Observation } from "./Observation.ts"
import type { Settings } from "./Settings.ts"
import type { Outcome } from "./Task.ts"
import * as ToolCalls from "./ToolCalls.ts"

export type Verdict =
  /** Nothing to do until something happens or time passes. */
  | { readonly _tag: "Wait" }
  /** The transcript has to be looked at. */
  | { readonly _tag: "Look" }
  /** The session has background tasks of its own out, or news of them is on its way: that comes first. */
  | { readonly _tag: "AwaitChildren" }
  /** It is over. */
  | { readonly _tag: "Settled"; readonly outcome: Outcome }

const wait: Verdict = { _tag: "Wait" }
const look: Verdict = { _tag: "Look" }
const awaitChildren: Verdict = { _tag: "AwaitChildren" }
const settled = (outcome: Outcome): Verdict => ({ _tag: "Settled", outcome })

const failed = (reason: Extract<Outcome, { readonly _tag: "Failed" }>["reason"], message: string): Verdict =>
  settled({ _tag: "Failed", reason, message })

const interrupted = (message: string): Verdict => settled({ _tag: "Cancelled", reason: "interrupted", message })

export interface Circumstances {
  readonly settings: Settings
  readonly capabilities: Capabilities
  /** Epoch ms. */
  readonly now: number
  /** Whether the session has background tasks out, or is owed a notice. */
  readonly expecting: boolean
}

export const judge = (seen: Observation, circumstances: Circumstances): Verdict => {
  const { capabilities, now, settings } = circumstances
  if (Option.isSome(seen.ended)) {
    if (circumstances.expecting) return awaitChildren
    const { result } = seen.ended.value
    return result._tag === "Done" ? completed(result.answer, settings) : failed("agent-error", result.message)
  }
  if (Option.isSome(seen.unreachableSince)) {
    const silence = now - seen.unreachableSince.value
    if (settings.hostTimeoutMs > 0 && silence >= settings.hostTimeoutMs) {
      return failed("host-unreachable", `the host has not answered for ${seconds(silence)} (hostTimeoutMs)`)
    }
  }
  if (HashMap.size(seen.asks) > 0) return wait
  const exceeded = excess(seen, settings)
  if (Option.isSome(exceeded)) return settled(exceeded.value)
  if (seen.activity === "busy" || seen.activity === "retry") return quiet(seen, circumstances)
  if (seen.activity === "idle" && circumstances.expecting) return awaitChildren
  if (!capabilities.transcript) return quiet(seen, circumstances)
  // What was seen before the host went out of reach may be true no longer.
  if (seen.stale || Option.isNone(seen.look) || Option.isSome(seen.unreachableSince)) return look
  return ofTranscript(seen, seen.look.value, circumstances)
}

/** What a session ends as that makes more tool calls than it may. One that has answered makes no more. */
export const excess = (seen: Observation, settings: Settings): Option.Option<Outcome> =>
  seen.activity === "idle" || seen.endDue ? Option.none() : ToolCalls.excess(seen.calls, settings)

/**
 * A session that works, or may be working, but has shown nothing of its own for too long. A running tool, a retry of the
 * provider and an unreachable host are not its silence. As events may have been lost, the transcript is looked at after
 * half the time and once more at the end: only a transcript that stayed the same, with no tool running, is silence.
 */
const quiet = (seen: Observation, { capabilities, now, settings }: Circumstances): Verdict => {
  const limit = settings.staleTimeoutMs
  const silence = now - seen.quietSince
  if (limit === 0 || capabilities.silent || silence < limit / 2) return wait
  if (seen.activity === "retry" || Option.isSome(seen.unreachableSince)) return wait
  if (capabilities.transcript) {
    const lookedAt = Option.match(seen.look, { onNone: () => Number.NEGATIVE_INFINITY, onSome: ({ at }) => at })
    const lookedAfter = lookedAt - seen.quietSince
    const due = lookedAfter < limit / 2 || (silence >= limit && lookedAfter < limit) || now - lookedAt >= limit / 2
    if (due) return look
    if (Option.exists(seen.look, ({ messages }) => messages.some(hasRunningTool))) return wait
  } else if (HashMap.size(seen.calls.running) > 0) return wait
  if (silence < limit) return wait
  return settled({
    _tag: "Cancelled",
    reason: "quiet-limit",
    setting: "staleTimeoutMs",
    message: `it showed no activity for ${seconds(silence)}; the limit is staleTimeoutMs = ${limit}`
  })
}

const hasRunningTool = (message: Message): boolean => message.tools.some((tool) => tool.state === "running")

/** The session does not work, as far as anybody knows, and the transcript is as fresh as it can be. */
const ofTranscript = (seen: Observation, { messages, openTodos }: Look, circumstances: Circumstances): Verdict => {
  const { now, settings } = circumstances
  const last = messages.at(-1)
  // A notice that is to wake the session may not have reached the transcript yet.
  if (last === undefined || last.role === "user" || Option.isSome(seen.woken)) return unanswered(seen, circumstances)
  const answer = answerOf(messages)
  if (last.state === "open" || last.state === "more" || (last.automatic && answer === "")) {
    const error = brokenOff(seen)
    if (error !== undefined) return failed("agent-error", error)
    // It is not over by its own account: a summary that the host wrote is nobody's answer. Only the host's word that it is idle all the same can make that an end.
    return seen.activity === "idle" && isStable(seen, circumstances) ? cutShort(last) : quiet(seen, circumstances)
  }
  // Without the host's word that the session is idle, an end is an end only when it stays one.
  if (seen.activity === "unknown" && !isStable(seen, circumstances)) return wait
  switch (last.state) {
    case "aborted":
    case "stopped":
      return interrupted("its session was interrupted in the host before it had answered")
    case "failed":
      return failed("agent-error", last.error ?? "the agent ended in an error that the host did not explain")
    case "done":
    case "cut":
      break
  }
  if (circumstances.expecting) return awaitChildren
  const proven = answer !== "" || last.tools.length > 0
  if (!proven && now - seen.promptedAt < settings.minIdleTimeMs) return wait
  if (openTodos > 0 && now - seen.activitySince < settings.todoWaitMs) return wait
  const notes = [
    ...(openTodos > 0 ? [`it left ${openTodos} of its todos open`] : []),
    ...(last.state === "cut" ? ["the answer was cut at the model's output limit"] : [])
  ]
  return completed(answer, settings, notes)
}

/**
 * What the agent ended in while its message is open still: a host tells that before the message has its error. An error
 * alone is no end, but after this one nothing was done, and then the host said that the session is idle; before it, that may
 * have been the echo of a run before. (An abort is somebody's doing, who may be about to say more in there: that is an end
 * only with its message.)
 */
const brokenOff = ({ activeAt, activity, activitySince, error }: Observation): string | undefined => {
  if (Option.isNone(error) || error.value.aborted || activity !== "idle") return undefined
  const { at, message } = error.value
  return activeAt <= at && activitySince >= at ? message : undefined
}

/** Prompted, or woken by a notice, and nothing said since. */
const unanswered = (seen: Observation, circumstances: Circumstances): Verdict => {
  const { expecting, now, settings } = circumstances
  if (expecting) return wait
  if (Option.isSome(seen.error)) {
    // Another try may be on its way: an error is the end only when the session was found idle after it.
    const confirmed = seen.activity === "idle" && seen.stablePolls > 0 && now > seen.error.value.at
    if (!confirmed && !isStable(seen, circumstances)) return wait
    return seen.error.value.aborted
      ? interrupted("its session was interrupted in the host before it had answered")
      : failed("agent-error", seen.error.value.message)
  }
  const since = Math.max(seen.promptedAt, seen.activeAt)
  if (now - since < settings.startTimeoutMs || Option.isSome(seen.unreachableSince)) return wait
  return failed(
    "never-started",
    `nothing came of its prompt within ${
      seconds(now - seen.promptedAt)
    }; the limit is startTimeoutMs = ${settings.startTimeoutMs}`
  )
}

/** The same for several polls, and not just begun. */
const isStable = (seen: Observation, { now, settings }: Circumstances): boolean =>
  seen.stablePolls >= settings.stablePolls && now - seen.promptedAt >= settings.minStabilityTimeMs &&
  Option.isNone(seen.unreachableSince)

const cutShort = (last: Message): Verdict => {
  const error = last.tools.find((tool) => tool.error !== undefined)?.error
  return failed(
    "no-answer",
    error === undefined
      ? "its session stopped in the middle of the work, without an answer"
      : `its session stopped after a tool call that failed: ${error}`
  )
}

/**
 * What the agent answered: what its last message says. One exception: after the host has made room in a full context by
 * a summary, it makes the agent go on by itself; where the agent had already ended for good before that, its answer is
 * what it said then, not the reply to the host. What counts is what was said since somebody else last said something.
 */
const answerOf = (messages: ReadonlyArray<Message>): string => {
  const asked = messages.findLastIndex((message) => message.role === "user" && !message.automatic)
  const said = messages.slice(asked + 1)
  const answer = said.find((message, nth) => isAnswer(message) && said[nth + 1]?.automatic === true) ?? said.at(-1)
  return answer === undefined || answer.automatic ? "" : answer.text.trim()
}

const isAnswer = (message: Message): boolean =>
  message.role === "assistant" && !message.automatic && (message.state === "done" || message.state === "cut") &&
  message.text.trim() !== ""

const completed = (answer: string, settings: Settings, notes: ReadonlyArray<string> = []): Verdict =>
  settled({
    _tag: "Completed",
    answer: cut(answer, settings.answerMaxChars),
    ...(answer.length > settings.answerMaxChars ? { cutFrom: answer.length } : {}),
    ...(notes.length > 0 ? { note: notes.join("; ") } : {})
  })

/** At most so many characters, and none of them cut in two. */
const cut = (text: string, most: number): string => {
  const splitsOne = text.length > most && text.codePointAt(most - 1) !== text.charCodeAt(most - 1)
  return text.slice(0, splitsOne ? most - 1 : most)
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`
