/**
 * What was measured, as it is kept: `docs/benchmarks/results.json`. Every table, picture and sentence about it is made from
 * this and from nothing else.
 */
import { Effect, Schema } from "effect"
import { Figure, Line } from "../Figure.ts"
import { BenchError } from "../Measure.ts"

export const Machine = Schema.Struct({
  processor: Schema.String,
  cores: Schema.Int,
  /** GB. */
  memory: Schema.Finite,
  system: Schema.String
})
export type Machine = typeof Machine.Type

export const Measured = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  about: Schema.String,
  /** When it began, as 2026-11-24 18:30 UTC; in results of before the day alone. */
  date: Schema.String,
  runs: Schema.Int,
  /** How long it took, so that the next time it can be said beforehand; absent in results of before. */
  seconds: Schema.optionalKey(Schema.Int),
  machine: Machine,
  /** By name: everything that took part, and what it ran on. */
  versions: Schema.Record(Schema.String, Schema.String),
  figures: Schema.Array(Figure),
  lines: Schema.Array(Line),
  /** Who could not be measured at all, and why; a sentence each. */
  absent: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Measured = typeof Measured.Type

export const Results = Schema.Struct({ measures: Schema.Array(Measured) })
export type Results = typeof Results.Type

const Json = Schema.fromJsonString(Results)

export const parse = (text: string): Effect.Effect<Results, BenchError> =>
  Effect.mapError(
    Schema.decodeEffect(Json)(text),
    (cause) => new BenchError({ what: "these are no results", cause })
  )

const encode = Schema.encodeSync(Results)

export const print = (results: Results): string => `${JSON.stringify(encode(results), undefined, 2)}\n`

/** The number in `B12`. */
const order = ({ id }: Measured): number => Number(id.replace(/\D/g, ""))

/** What was measured last counts, measure by measure. */
export const merge = (before: Results, now: Results): Results => ({
  measures: [...before.measures.filter(({ id }) => !now.measures.some((one) => one.id === id)), ...now.measures]
    .toSorted((a, b) => order(a) - order(b))
})
