/**
 * How the exit of a life becomes the one outcome, and what it says.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Exit, Option } from "effect"
import { HostError } from "../src/AgentHost.ts"
import * as Ending from "../src/Ending.ts"
import { completed, expired } from "./support/arbitraries.ts"

const interrupted = Exit.failCause(Cause.interrupt(1))

describe("the outcome of a life", () => {
  it("B9 is its answer, or what was said instead of one", () => {
    assert.deepStrictEqual(Ending.outcomeOf(Exit.succeed(completed), Option.none()), completed)
    const unanswered = Exit.fail(new Ending.Unanswered({ outcome: expired }))
    assert.deepStrictEqual(Ending.outcomeOf(unanswered, Option.none()), expired)
  })

  it("A7 D4 is an error with the host's words where it could not be started", () => {
    const refused = Exit.fail(new HostError({ operation: "open", kind: "refused", message: "no such agent" }))
    assert.deepStrictEqual(Ending.outcomeOf(refused, Option.none()), {
      _tag: "Failed",
      reason: "start-failed",
      message: "it could not be started: no such agent"
    })
  })

  it("C18 D4 is an error that says what broke where the fault is ours", () => {
    const outcome = Ending.outcomeOf(Exit.die(new Error("the fault")), Option.none())
    if (outcome._tag !== "Failed") return assert.fail(outcome._tag)
    assert.strictEqual(outcome.reason, "defect")
    assert.strictEqual(outcome.message, "a fault in Errand: Error: the fault")
  })

  it.each(
    [
      ["requested", "it was called off"],
      ["by-person", "a person called it off"],
      ["interrupted", "its session was interrupted in the host"],
      ["deleted", "its session, or one above it, was deleted"],
      ["parent-ended", "the task that launched it ended without waiting for it"],
      ["time-limit", "it ran for longer than taskTtlMs"],
      ["quiet-limit", "it showed no activity for longer than staleTimeoutMs"],
      ["shutdown", "Errand was shut down"]
    ] as const
  )("D4 is cancelled, with the reason and its words: %s", (reason, message) => {
    const outcome = Ending.outcomeOf(interrupted, Option.some(Ending.cancelled(reason)))
    assert.deepStrictEqual(outcome, { _tag: "Cancelled", reason, message })
  })

  it("E8 is a shutdown where nobody has said why", () => {
    assert.deepStrictEqual(Ending.outcomeOf(interrupted, Option.none()), Ending.cancelled("shutdown"))
  })
})
