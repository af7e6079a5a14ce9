/**
 * A call to the host that comes to an end. One that hangs, or that breaks in a way that nobody foresaw, is a call that was
 * not answered: the host may or may not have done it.
 */
import { Effect } from "effect"
import { HostError } from "./AgentHost.ts"

/** `ms` is how long the call may take; `operation` is the port's name of it. */
export const within = <A, E>(
  operation: string,
  ms: number,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E | HostError> => {
  const unanswered = (message: string) => Effect.fail(new HostError({ operation, kind: "unreachable", message }))
  return call.pipe(
    Effect.timeoutOrElse({ duration: ms, orElse: () => unanswered(`the host did not answer within ${ms} ms`) }),
    Effect.catchDefect((defect) => unanswered(String(defect)))
  )
}
