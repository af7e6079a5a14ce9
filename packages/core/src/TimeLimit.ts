/**
 * A time limit on many effects, for which time may stand still.
 */
import { Effect, MutableRef } from "effect"
import type { Alarms } from "./Alarms.ts"

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
export const make = (alarms: Alarms["Service"], limit: number): TimeLimit => {
  if (limit === 0) return () => (effect) => effect
  return ({ late, spent }) => {
    /** Calls off the next look at the clock. */
    const unset = MutableRef.make<() => void>(() => {})
    const isOver = MutableRef.make(false)
    const look: Effect.Effect<unknown> = Effect.flatMap(spent, (spent) => {
      if (MutableRef.get(isOver)) return Effect.void
      if (spent >= limit) return late
      set(Math.max(limit - spent, atMostEvery))
      return Effect.void
    })
    const set = (ms: number): void => void MutableRef.set(unset, alarms.setUnsafe(ms, look))
    return (effect) =>
      Effect.onExit(
        Effect.flatMap(spent, (spent) => {
          set(limit - spent)
          return effect
        }),
        () => {
          MutableRef.set(isOver, true)
          MutableRef.get(unset)()
          return Effect.void
        }
      )
  }
}
