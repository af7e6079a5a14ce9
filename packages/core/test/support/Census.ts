/**
 * Counts what lives: fibers, and timers that somebody sleeps on. What is left when everything is over has leaked.
 */
import { Clock, Context, Effect, Metric } from "effect"

/** What lives now: fibers, and timers that somebody sleeps on. */
export interface Living {
  readonly fibers: number
  readonly timers: number
}

export const Census = Context.Reference<Effect.Effect<Living>>("test/Census", {
  defaultValue: () => Effect.die("nobody counts")
})

/** Counts the fibers that an effect starts, and the timers they sleep on. */
export const counted = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let fibers = 0
    let timers = 0
    return Effect.flatMap(Clock.Clock, (clock) =>
      effect.pipe(
        Effect.provideService(Census, Effect.sync(() => ({ fibers, timers }))),
        Effect.provideService(Metric.FiberRuntimeMetrics, {
          recordFiberStart: () => {
            fibers++
          },
          recordFiberEnd: () => {
            fibers--
          }
        }),
        Effect.provideService(Clock.Clock, {
          ...clock,
          sleep: (duration) =>
            Effect.acquireUseRelease(
              Effect.sync(() => timers++),
              () => clock.sleep(duration),
              () => Effect.sync(() => timers--)
            )
        })
      ))
  })
