/**
 * A time limit on many effects. One fiber sleeps until the first of them may have had its time, so that one more costs
 * neither a fiber nor a timer.
 */
import { Clock, Effect, Latch, MutableRef, type Scope } from "effect"

/** What somebody has who has only so much time. */
export interface Allowance {
  /** How much of it they have spent (ms); it may stand still for a while. */
  readonly spent: Effect.Effect<number>
  /** Run when that is all of it. To end what they do is its business. */
  readonly late: Effect.Effect<unknown>
}

/** Around what somebody does who has only so much time. */
export type TimeLimit = (allowance: Allowance) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** While somebody's clock stands still there is nothing to gain from looking at it more often than this (ms). */
const atMostEvery = 1_000

/** `limit` is how much time everybody has (ms); `0`: any. */
export const make = Effect.fnUntraced(function*(limit: number): Effect.fn.Return<TimeLimit, never, Scope.Scope> {
  if (limit === 0) return () => (effect) => effect
  const clock = yield* Clock.Clock
  /** When to look at whose clock (epoch ms). */
  const looks = new Map<Allowance, number>()
  /** When the keeper wakes up. */
  const next = MutableRef.make(Number.POSITIVE_INFINITY)
  /** Open when that is too late, or for nothing. */
  const bell = yield* Latch.make(false)

  const add = (allowance: Allowance) =>
    Effect.flatMap(allowance.spent, (spent) => {
      const at = clock.currentTimeMillisUnsafe() + limit - spent
      looks.set(allowance, at)
      if (at >= MutableRef.get(next)) return Effect.void
      MutableRef.set(next, at)
      return Latch.open(bell)
    })

  const remove = (allowance: Allowance) =>
    Effect.suspend(() => {
      looks.delete(allowance)
      return looks.size === 0 ? Latch.open(bell) : Effect.void
    })

  const look = Effect.fnUntraced(function*(allowance: Allowance, now: number) {
    const left = limit - (yield* allowance.spent)
    if (!looks.has(allowance)) return
    if (left > 0) return void looks.set(allowance, now + Math.max(left, atMostEvery))
    looks.delete(allowance)
    yield* Effect.forkChild(allowance.late, { startImmediately: true })
  })

  const keep = Effect.gen(function*() {
    const now = clock.currentTimeMillisUnsafe()
    for (const [allowance, at] of looks) if (at <= now) yield* look(allowance, now)
    Latch.closeUnsafe(bell)
    let nearest = Number.POSITIVE_INFINITY
    for (const at of looks.values()) nearest = Math.min(nearest, at)
    MutableRef.set(next, nearest)
    // With nobody there is no timer either.
    yield* nearest === Number.POSITIVE_INFINITY
      ? Latch.await(bell)
      : Effect.timeoutOption(Latch.await(bell), nearest - now)
  })
  yield* Effect.forkScoped(Effect.forever(keep), { startImmediately: true })

  return (allowance) => (effect) => Effect.acquireUseRelease(add(allowance), () => effect, () => remove(allowance))
})
