/**
 * Something is done when its time comes, unless it is called off before. One fiber sleeps until the first of all alarms is
 * due, so that one more costs neither a fiber nor a timer.
 */
import { Clock, Context, Effect, Latch, Layer, MutableRef } from "effect"

export class Alarms extends Context.Service<Alarms, {
  /** Does what `ring` says after so long (ms); gives what calls that off. */
  readonly setUnsafe: (ms: number, ring: Effect.Effect<unknown>) => () => void
}>()("@errand/core/Alarms") {
  static readonly layer: Layer.Layer<Alarms> = Layer.effect(Alarms, Effect.suspend(() => make))
}

interface Alarm {
  /** Epoch ms. */
  readonly at: number
  readonly ring: Effect.Effect<unknown>
}

const make = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const alarms = new Set<Alarm>()
  /** When the keeper wakes up (epoch ms). */
  const next = MutableRef.make(Number.POSITIVE_INFINITY)
  /** Open when that is too late, or for nothing. */
  const bell = yield* Latch.make(false)

  const keep = Effect.gen(function*() {
    const now = clock.currentTimeMillisUnsafe()
    for (const alarm of alarms) {
      if (alarm.at > now) continue
      alarms.delete(alarm)
      yield* Effect.forkChild(alarm.ring, { startImmediately: true })
    }
    Latch.closeUnsafe(bell)
    let nearest = Number.POSITIVE_INFINITY
    for (const { at } of alarms) nearest = Math.min(nearest, at)
    MutableRef.set(next, nearest)
    // With no alarm there is no timer either.
    yield* nearest === Number.POSITIVE_INFINITY
      ? Latch.await(bell)
      : Effect.timeoutOption(Latch.await(bell), nearest - now)
  })
  yield* Effect.forkScoped(Effect.forever(keep), { startImmediately: true })

  return Alarms.of({
    setUnsafe: (ms, ring) => {
      const alarm: Alarm = { at: clock.currentTimeMillisUnsafe() + ms, ring }
      alarms.add(alarm)
      if (alarm.at < MutableRef.get(next)) {
        MutableRef.set(next, alarm.at)
        Latch.openUnsafe(bell)
      }
      return () => {
        if (alarms.delete(alarm) && alarms.size === 0) Latch.openUnsafe(bell)
      }
    }
  })
})
