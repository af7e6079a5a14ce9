/**
 * A command that did not come to what was asked for: told in one sentence, with exit code 1 and without a stack trace.
 */
import { Data, Runtime } from "effect"

/** `message`: what happened and what to do next; empty where that was said already. */
export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 1
  override readonly [Runtime.errorReported] = false
}
