/**
 * The test clock's time, passing for everybody.
 */
import { Clock, Effect, Exit, Fiber, MutableRef, Scheduler, Scope } from "effect"
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

/**
 * A computer that sleeps: meanwhile no timer moves, and then its clock shows another time. `sleep` lets that happen, for so
 * long (ms).
 */
export const onSleepyComputer = <A, E, R>(
  story: (sleep: (ms: number) => Effect.Effect<void>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const slept = MutableRef.make(0)
    const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + MutableRef.get(slept)
    return Effect.provideService(
      story((ms) => Effect.sync(() => void MutableRef.update(slept, (before) => before + ms))),
      Clock.Clock,
      { ...clock, currentTimeMillisUnsafe, currentTimeMillis: Effect.sync(currentTimeMillisUnsafe) }
    )
  })
