/**
 * How a task ended, in words: what happened, and what to do next.
 */
import { Task } from "@errand/core"
import { continueCall } from "./fields.ts"
import { message, sentence } from "./inline.ts"

const failures: Record<Task.FailureReason, string> = {
  "start-failed": "it could not be started",
  "never-started": "its agent never began to answer",
  "agent-error": "its agent or the model's provider ended in an error",
  "no-answer": "its agent stopped in the middle, without an answer",
  "host-unreachable": "OpenCode did not answer for too long",
  "interrupted": "it was interrupted by a restart of OpenCode",
  "defect": "a fault in Errand itself"
}

const cancellations: Record<Task.CancelReason, string> = {
  "requested": "called off on request",
  "by-person": "called off by a person",
  "from-above": "called off by a session above the one that launched it",
  "interrupted": "its session was interrupted in OpenCode, by a person perhaps",
  "deleted": "its session was deleted",
  "parent-ended": "the task that launched it ended without waiting for it",
  "time-limit": "it ran for longer than the time limit",
  "quiet-limit": "it showed no sign of life for longer than the quiet limit",
  "loop-limit": "its agent made the same tool call again and again",
  "call-limit": "its agent made more tool calls than the call limit",
  "shutdown": "OpenCode was shutting down"
}

/** Why a task ended as it did, in a few words; the empty string for one that completed. */
export const reason = (outcome: Task.Outcome): string =>
  Task.Outcome.match(outcome, {
    Completed: () => "",
    Failed: ({ reason }) => failures[reason],
    Cancelled: ({ reason, setting }) =>
      setting === undefined ? cancellations[reason] : `${cancellations[reason]} (setting ${setting})`
  })

/** What the host, the provider or the canceller said; the empty string when nothing. */
export const said = (outcome: Task.Outcome): string =>
  outcome._tag === "Completed" || outcome.message.trim() === "" ? "" : message(outcome.message)

/**
 * The same for people, in a line: of one that failed what was said, if anything was, which tells more than the kind. Of a
 * restart the core says only that "the program" was: here it has a name.
 */
export const briefly = (outcome: Task.Outcome): string =>
  outcome._tag === "Failed" && outcome.reason !== "interrupted" ? said(outcome) || reason(outcome) : reason(outcome)

const goOn = (task: Task.Task): string => {
  const call = continueCall(task)
  return call === undefined ? "Launch it again with delegate_task." : `To go on where it stopped: ${call}`
}

/**
 * What a reader can do about a task that did not complete, as one or two sentences. None of them asks for the same task
 * again as it was, where the reason would only come back.
 */
export const advice = (task: Task.Task): string => {
  const outcome = task.outcome
  if (outcome === undefined || outcome._tag === "Completed") return ""
  if (outcome._tag === "Failed") {
    switch (outcome.reason) {
      case "start-failed":
        return "Check the agent and the model that it asked for, then launch it with delegate_task."
      case "never-started":
        return "Check that its model answers, then launch it with delegate_task or with another model."
      case "agent-error":
        return `See whether the reason is gone first (a wrong key or model does not mend itself: model="provider/model" takes another). ${
          goOn(task)
        }`
      case "no-answer":
      case "interrupted":
        return goOn(task)
      case "host-unreachable":
        return `See that OpenCode answers again first. ${goOn(task)}`
      case "defect":
        return `Please report this fault. ${goOn(task)}`
    }
  }
  switch (outcome.reason) {
    case "requested":
    case "from-above":
      return "Do not start it again unless you are asked to."
    case "by-person":
    case "interrupted":
      return "Ask the person before you go on with it."
    case "deleted":
      return "It cannot be continued."
    case "time-limit":
    case "quiet-limit":
    case "call-limit":
      return `Do not launch the same again: split the work into smaller tasks, or ask the person to raise the setting. ${
        task.session === undefined ? "" : goOn(task)
      }`.trim()
    case "loop-limit":
      return `Do not launch the same again: say in other words what to do, or ask the person to raise the setting where such calls are right. ${
        task.session === undefined ? "" : goOn(task)
      }`.trim()
    case "parent-ended":
    case "shutdown":
      return task.session === undefined ? "" : goOn(task)
  }
}

/**
 * What happened, in one sentence that starts with a capital. The core's messages say it already; only what a provider
 * said needs an introduction.
 */
export const happened = (outcome: Task.Outcome): string => {
  const told = said(outcome)
  if (told === "") return capital(reason(outcome))
  if (outcome._tag === "Failed" && outcome.reason === "agent-error") return capital(`${reason(outcome)}: ${told}`)
  const setting = outcome._tag === "Cancelled" ? outcome.setting : undefined
  return capital(setting === undefined || told.includes(setting) ? told : `${told} (setting ${setting})`)
}

const capital = (words: string): string => sentence(`${words.charAt(0).toUpperCase()}${words.slice(1)}`)
