/**
 * How the life of a task ended: its exit, made into the one outcome. Pure.
 */
import { Cause, Exit, Option, Schema } from "effect"
import type { HostError, SessionGone } from "./AgentHost.ts"
import { type CancelReason, Outcome } from "./Task.ts"

/** The life of a task ended without an answer. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { outcome: Outcome }) {}

/** Everything that ends a life early. */
export type Failure = Unanswered | HostError | SessionGone

/** `stop` is what it ends as, where somebody ended it. */
export const outcomeOf = (exit: Exit.Exit<Outcome, Failure>, stop: Option.Option<Outcome>): Outcome => {
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterrupts(exit.cause)) return Option.getOrElse(stop, () => cancelled("shutdown"))
  const failure = Cause.findErrorOption(exit.cause)
  if (Option.isNone(failure)) {
    // Where in the code it broke is for the log, not for an agent.
    return { _tag: "Failed", reason: "defect", message: `a fault in Errand: ${String(Cause.squash(exit.cause))}` }
  }
  return failure.value._tag === "Unanswered"
    ? failure.value.outcome
    : { _tag: "Failed", reason: "start-failed", message: `it could not be started: ${failure.value.message}` }
}

export const cancelled = (reason: CancelReason): Outcome => ({ _tag: "Cancelled", reason, message: words[reason] })

const words: Record<CancelReason, string> = {
  requested: "it was called off",
  "by-person": "a person called it off",
  "from-above": "somebody above its parent called it off",
  interrupted: "its session was interrupted in the host",
  deleted: "its session, or one above it, was deleted",
  "parent-ended": "the task that launched it ended without waiting for it",
  "time-limit": "it ran for longer than taskTtlMs",
  "quiet-limit": "it showed no activity for longer than staleTimeoutMs",
  "loop-limit": "it made the same tool call more than maxRepeatedCalls times in a row",
  "call-limit": "it made more than maxToolCalls tool calls",
  shutdown: "Errand was shut down"
}

/** Its process is gone, and it is not to be continued. */
export const cutOff: Outcome = {
  _tag: "Failed",
  reason: "interrupted",
  message: "it was interrupted by a restart of the program that it ran in"
}

/** Whatever it ended as, it cannot be kept: a host has told what no type would let it tell. */
export const unkept = (defect: unknown): Outcome => ({
  _tag: "Failed",
  reason: "defect",
  message: `how it ended cannot be kept: ${String(defect)}`
})

/** `ms` is the limit. */
export const timeLimit = (ms: number): Outcome => ({
  _tag: "Cancelled",
  reason: "time-limit",
  setting: "taskTtlMs",
  message: `it ran for longer than ${Math.round(ms / 1000)} s; the limit is taskTtlMs = ${ms}`
})
