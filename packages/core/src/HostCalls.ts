/**
 * Calls to the host that come to an end. One that hangs, or that breaks in a way that nobody foresaw, is a call that was
 * not answered: the host may or may not have done it.
 *
 * A call runs in a fiber of its own, and only one that is not answered at once is given an alarm.
 */
import { Context, Effect, Exit, Fiber, Layer } from "effect"
import { HostError } from "./AgentHost.ts"
import { Alarms } from "./Alarms.ts"

/** A call that was made. */
export interface Call<A, E> {
  readonly isOver: () => boolean
  /** Waits for it. */
  readonly answer: Effect.Effect<A, E | HostError>
}

/** Starts a fiber that is somebody else's than who starts it. */
export type Start = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

export class HostCalls extends Context.Service<HostCalls, {
  /** `ms` is how long the call may take; `operation` is the port's name of it. Who goes away takes the call along. */
  readonly within: <A, E>(operation: string, ms: number, call: Effect.Effect<A, E>) => Effect.Effect<A, E | HostError>
  /** The same, and goes on meanwhile. The call is over when the fiber is that made it, at the latest. */
  readonly begin: <A, E>(operation: string, ms: number, call: Effect.Effect<A, E>) => Effect.Effect<Call<A, E>>
  /** The same, at once and out of the hands of who makes the call: it lives where `start` puts it. */
  readonly commitUnsafe: <A, E>(start: Start, operation: string, ms: number, call: Effect.Effect<A, E>) => Call<A, E>
}>()("@errand/core/HostCalls") {
  static readonly layer: Layer.Layer<HostCalls> = Layer.effect(HostCalls, Effect.suspend(() => make)).pipe(
    Layer.provide(Alarms.layer)
  )
}

const make = Effect.gen(function*() {
  const alarms = yield* Alarms

  /** A call in its fiber; when its time is up it is broken off. */
  const inTime = <A, E>(operation: string, ms: number, fiber: Fiber.Fiber<A, E | HostError>): Call<A, E> => {
    const answerOf = (exit: Exit.Exit<A, E | HostError>): Effect.Effect<A, E | HostError> =>
      Exit.hasInterrupts(exit) ? unanswered(operation, `the host did not answer within ${ms} ms`) : exit
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return { isOver: () => true, answer: answerOf(exit) }
    fiber.addObserver(alarms.setUnsafe(ms, Fiber.interrupt(fiber)))
    return {
      isOver: () => fiber.pollUnsafe() !== undefined,
      answer: Effect.flatMap(Fiber.await(fiber), answerOf)
    }
  }

  const begin = <A, E>(operation: string, ms: number, call: Effect.Effect<A, E>) =>
    Effect.map(
      Effect.forkChild(answered(operation, call), { startImmediately: true }),
      (fiber) => ({ fiber, call: inTime(operation, ms, fiber) })
    )

  return HostCalls.of({
    within: (operation, ms, call) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          begin(operation, ms, call),
          ({ call, fiber }) =>
            call.isOver() ? call.answer : Effect.onInterrupt(restore(call.answer), () => Fiber.interrupt(fiber))
        )
      ),
    begin: (operation, ms, call) => Effect.map(begin(operation, ms, call), ({ call }) => call),
    commitUnsafe: (start, operation, ms, call) => inTime(operation, ms, start(answered(operation, call)))
  })
})

const unanswered = (operation: string, message: string): Effect.Effect<never, HostError> =>
  Effect.fail(new HostError({ operation, kind: "unreachable", message }))

const answered = <A, E>(operation: string, call: Effect.Effect<A, E>): Effect.Effect<A, E | HostError> =>
  Effect.catchDefect(call, (defect) => unanswered(operation, String(defect)))
