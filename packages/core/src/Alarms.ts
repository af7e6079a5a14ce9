/**
 * Something is done when its time comes, unless it is called off before. One fiber sleeps until the first of all alarms is
 * due, so that one more costs neither a fiber nor a timer.
 */
import { Clock, Context, Duration, Effect, FiberHandle, FiberSet, Layer, MutableRef } from "effect"

export class Alarms extends Context.Service<Alarms, {
  /** Does what `ring` says after so long (ms); gives what calls that off. */
  readonly setUnsafe: (ms: number, ring: Effect.Effect<unknown>) => () => void
}>()("@errand/core/Alarms") {
  static readonly layer: Layer.Layer<Alarms> = Layer.effect(Alarms, Effect.suspend(() => make))
}

interface Alarm {
  /** Monotonic ms. */
  readonly at: number
  readonly ring: Effect.Effect<unknown>
}

const make = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const ringing = yield* FiberSet.makeRuntime<never>()
  const keeping = yield* FiberHandle.makeRuntime<never>()
  const resting = yield* FiberHandle.makeRuntime<never>()
  const alarms = new Set<Alarm>()
  /** When the keeper wakes up (monotonic ms). */
  const next = MutableRef.make(Number.POSITIVE_INFINITY)

  /** As sleeps do, an alarm counts no time in which the computer slept, and knows nothing of clocks that are set. */
  const monotonicUnsafe = (): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

  const nearest = (): number => {
    let nearest = Number.POSITIVE_INFINITY
    for (const { at } of alarms) nearest = Math.min(nearest, at)
    return nearest
  }

  /** Sleeps until the first of them is due, and so on. With no alarm there is no timer either. */
  const keep: Effect.Effect<void> = Effect.suspend(() => {
    const now = monotonicUnsafe()
    for (const alarm of alarms) {
      if (alarm.at > now) continue
      alarms.delete(alarm)
      ringing(alarm.ring)
    }
    const at = nearest()
    MutableRef.set(next, at)
    return at === Number.POSITIVE_INFINITY
      ? Effect.void
      : Effect.andThen(clock.sleep(Duration.millis(at - now)), keep)
  })

  /** Not at once: where tasks follow each other the next alarm is set in the same moment. */
  const rest = Effect.andThen(
    Effect.yieldNow,
    Effect.sync(() => {
      if (alarms.size > 0) return
      MutableRef.set(next, Number.POSITIVE_INFINITY)
      keeping(Effect.void)
    })
  )

  return Alarms.of({
    setUnsafe: (ms, ring) => {
      const alarm: Alarm = { at: monotonicUnsafe() + ms, ring }
      alarms.add(alarm)
      // In the place of the keeper who would wake up too late.
      if (alarm.at < MutableRef.get(next)) keeping(keep)
      return () => {
        if (alarms.delete(alarm) && alarms.size === 0) resting(rest, { onlyIfMissing: true })
      }
    }
  })
})
