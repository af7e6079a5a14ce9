/**
 * The same thing measured of every competitor, in every case, as often as asked; and made into figures.
 */
import { Data, Effect, type Scope } from "effect"
import type { Figure, Unit } from "../Figure.ts"
import { type Bench, type BenchError, interleaved } from "../Measure.ts"
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
  /** What is being done, for who watches: the case in words. */
  readonly says: (one: Case) => string
  /** What is measured of a case, without the values: for a competitor that takes no part. */
  readonly expected: (one: Case) => ReadonlyArray<Omit<Value, "value">>
  readonly sample: (peer: Peer, one: Case) => Effect.Effect<ReadonlyArray<Value>, BenchError | NoPart, Scope.Scope>
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

/** A figure of each competitor for everything that was expected. Pure. */
export const figuresOf = (
  measure: string,
  peers: ReadonlyArray<Peer>,
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
        ...(values.length > 0 || why === undefined ? {} : { note: why })
      }
    })
  )

export const compare = <Case>(
  { peers, progress, runs }: Bench,
  { atOnce = 1, cases, expected, measure, sample, says }: Comparison<Case>
): Effect.Effect<ReadonlyArray<Figure>, BenchError> =>
  Effect.gen(function*() {
    const all = interleaved(cases.flatMap((one) => peers.map((peer) => ({ peer, one }))), runs)
    let done = 0
    const found = yield* Effect.forEach(all, ({ one, peer }) =>
      Effect.gen(function*() {
        yield* progress(done, all.length, `${peer.title}, ${says(one)}`)
        const values = yield* Effect.scoped(sample(peer, one)).pipe(
          Effect.map((values) => ({ values, why: undefined })),
          Effect.catchTag("NoPart", ({ why }) => Effect.succeed({ values: [], why }))
        )
        done += 1
        return { peer, ...values }
      }), { concurrency: atOnce })
    return figuresOf(measure, peers, cases.flatMap(expected), found)
  })
