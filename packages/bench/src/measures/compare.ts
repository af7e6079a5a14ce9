/**
 * The same thing measured of every competitor, in every case, as often as asked; and made into figures.
 */
import { Data, Effect, type Scope } from "effect"
import type { Figure, Unit } from "../Figure.ts"
import type { Bench, BenchError } from "../Measure.ts"
import type { Peer } from "../peers/Peer.ts"

/** A competitor has nothing that could be measured here. `why` is shown in its place. */
export class NoPart extends Data.TaggedError("NoPart")<{ readonly why: string }> {}

/** One value of one run. The words of `what` are the same for every competitor. */
export interface Value {
  readonly what: string
  readonly at?: number
  readonly unit: Unit
  readonly better?: "more" | "neither"
  readonly value: number
}

export interface Comparison<Case> {
  readonly measure: string
  readonly cases: ReadonlyArray<Case>
  /** What is being done, for who watches: the case in words. Runs count from 0. */
  readonly says: (one: Case, run: number) => string
  /** What is measured of a case, without the values: for a competitor that takes no part. */
  readonly expected: (one: Case) => ReadonlyArray<Omit<Value, "value">>
  readonly sample: (
    peer: Peer,
    one: Case,
    run: number
  ) => Effect.Effect<ReadonlyArray<Value>, BenchError | NoPart, Scope.Scope>
  /**
   * How many are measured at the same time; 1 unless said. More only where counts are measured, or waits that are long
   * beside what the machine adds.
   */
  readonly atOnce?: number
}

/** What one run with one competitor gave; `why` where it gave nothing. */
export interface Found {
  readonly peer: Peer
  readonly values: ReadonlyArray<Value>
  readonly why?: string | undefined
}

const key = ({ at, what }: Omit<Value, "value">) => `${what} ${at ?? ""}`

/** Some runs gave no value, which has to be said beside those that did. */
export const partly = (values: number, runs: number, why: string | undefined): Pick<Figure, "missing" | "note"> => ({
  missing: runs - values,
  note: `${values} of ${runs} runs${why === undefined ? "" : `; in the others: ${why}`}`
})

/** A figure of each competitor for everything that was expected, in so many runs. Pure. */
export const figuresOf = (
  { measure, peers, runs }: { readonly measure: string; readonly peers: ReadonlyArray<Peer>; readonly runs: number },
  expected: ReadonlyArray<Omit<Value, "value">>,
  found: ReadonlyArray<Found>
): ReadonlyArray<Figure> =>
  expected.flatMap((wanted) =>
    peers.map((peer): Figure => {
      const own = found.filter((one) => one.peer === peer)
      const values = own.flatMap(({ values }) => values.filter((value) => key(value) === key(wanted)))
      const why = own.find((one) => one.why !== undefined)?.why
      return {
        measure,
        peer: peer.title,
        ...wanted,
        values: values.map(({ value }) => value),
        ...(values.length === 0
          ? why === undefined ? {} : { note: why }
          : values.length < runs
          ? partly(values.length, runs, why)
          : {})
      }
    })
  )

export const compare = <Case>(
  { peers, progress, runs }: Bench,
  { atOnce = 1, cases, expected, measure, sample, says }: Comparison<Case>
): Effect.Effect<ReadonlyArray<Figure>, BenchError> =>
  Effect.gen(function*() {
    const all = Array.from(
      { length: runs },
      (_, run) => cases.flatMap((one) => peers.map((peer) => ({ peer, one, run })))
    ).flat()
    let done = 0
    const found = yield* Effect.forEach(all, ({ one, peer, run }) =>
      Effect.gen(function*() {
        yield* progress(done, all.length, `${peer.title}, ${says(one, run)}`)
        const values = yield* Effect.scoped(sample(peer, one, run)).pipe(
          Effect.map((values) => ({ values, why: undefined })),
          Effect.catchTag("NoPart", ({ why }) => Effect.succeed({ values: [], why }))
        )
        done += 1
        return { peer, ...values }
      }), { concurrency: atOnce })
    return figuresOf({ measure, peers, runs }, cases.flatMap(expected), found)
  })
