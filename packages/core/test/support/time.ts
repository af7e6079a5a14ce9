/**
 * The test clock's time, passing for everybody.
 */
import { Effect, Exit, Fiber, Scheduler, Scope } from "effect"
import { TestClock } from "effect/testing"

/** Lets time pass, and everything happen that is due meanwhile. */
export const pass = (duration: Parameters<typeof TestClock.adjust>[0]): Effect.Effect<void> =>
  Effect.andThen(soon, Effect.andThen(TestClock.adjust(duration), soon))

/** Lets everything happen that needs no time: more turns for others, the more often they give way themselves. */
export const soon: Effect.Effect<void> = Effect.flatMap(
  Scheduler.MaxOpsBeforeYield,
  (ops) => Effect.repeat(Effect.yieldNow, { times: ops < 100 ? Math.ceil(1_000 / ops) : 20 })
)

/** Closes a scope, and lets the time pass that it needs. */
export const end = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown> = Exit.void): Effect.Effect<void> =>
  Effect.gen(function*() {
    const closing = yield* Effect.forkChild(Scope.close(scope, exit))
    yield* pass("1 minute")
    yield* Fiber.join(closing)
  })
