/**
 * A call to the host that comes to an end. One that hangs, or that breaks in a way that nobody foresaw, is a call that was
 * not answered: the host may or may not have done it.
 *
 * A call runs in a fiber of its own, and only one that is not answered at once is given a clock.
 */
import { Effect, Fiber, FiberSet } from "effect"
import { HostError } from "./AgentHost.ts"

/** `ms` is how long the call may take; `operation` is the port's name of it. */
export const within = <A, E>(
  operation: string,
  ms: number,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E | HostError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.forkChild(answered(operation, call), { startImmediately: true }),
      (fiber) => fiber.pollUnsafe() ?? restore(inTime(operation, ms, fiber))
    )
  )

/**
 * The same, out of the hands of who makes the call: it may go, and the call stays among `calls` until it is over. To be run
 * where nobody can interrupt.
 */
export const committed = <A, E>(
  calls: FiberSet.FiberSet<unknown, unknown>,
  operation: string,
  ms: number,
  call: Effect.Effect<A, E>
): Effect.Effect<Fiber.Fiber<A, E | HostError>> =>
  Effect.flatMap(
    FiberSet.run(calls, answered(operation, call)),
    (fiber): Effect.Effect<Fiber.Fiber<A, E | HostError>> =>
      fiber.pollUnsafe() === undefined ? FiberSet.run(calls, inTime(operation, ms, fiber)) : Effect.succeed(fiber)
  )

const unanswered = (operation: string, message: string): Effect.Effect<never, HostError> =>
  Effect.fail(new HostError({ operation, kind: "unreachable", message }))

const answered = <A, E>(operation: string, call: Effect.Effect<A, E>): Effect.Effect<A, E | HostError> =>
  Effect.catchDefect(call, (defect) => unanswered(operation, String(defect)))

/** Waits for a call that is under way, and ends it when its time is up. */
const inTime = <A, E>(operation: string, ms: number, fiber: Fiber.Fiber<A, E>): Effect.Effect<A, E | HostError> =>
  Effect.ensuring(
    Effect.timeoutOrElse(Fiber.join(fiber), {
      duration: ms,
      orElse: () => unanswered(operation, `the host did not answer within ${ms} ms`)
    }),
    Effect.suspend(() => fiber.pollUnsafe() === undefined ? Fiber.interrupt(fiber) : Effect.void)
  )
