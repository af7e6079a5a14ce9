/**
 * In which order measures are measured, and which of them beside each other.
 */
import { Deferred, Effect } from "effect"
import type { Measure } from "./Measure.ts"

/** Times and processor one after the other; what is steady then beside its kind, who is loud at first before the others. */
export const groups = (chosen: ReadonlyArray<Measure>): ReadonlyArray<ReadonlyArray<Measure>> => {
  const of = (kind: Measure["steady"]) => chosen.filter(({ steady }) => steady === kind)
  return [...of(undefined).map((one) => [one]), [...of("loud at first"), ...of("waiting")]]
    .filter((group) => group.length > 0)
}

/**
 * Measures one group. Those that mostly wait begin when everybody who is loud at first has become quiet, or is over.
 * `measure` is given what a measure says then.
 */
export const together = <A, E, R>(
  group: ReadonlyArray<Measure>,
  measure: (one: Measure, quiet: Effect.Effect<void>) => Effect.Effect<A, E, R>
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.suspend(() => {
    const loud = group.filter(({ steady }) => steady === "loud at first")
    const quiets = new Map(loud.map((one) => [one, Deferred.makeUnsafe<void>()]))
    const allQuiet = Effect.forEach(quiets.values(), Deferred.await, { discard: true })
    return Effect.forEach(group, (one) => {
      const own = quiets.get(one)
      if (own === undefined) return Effect.andThen(allQuiet, measure(one, Effect.void))
      const quiet = Effect.asVoid(Deferred.succeed(own, undefined))
      return Effect.ensuring(measure(one, quiet), quiet)
    }, { concurrency: "unbounded" })
  })
