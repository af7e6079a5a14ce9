/**
 * What was measured: one value a run, and what is said of several of them. Pure.
 */
import { Schema } from "effect"

/** The unit of a value; `x` is a ratio. */
export const Unit = Schema.Literals(["ms", "requests/min", "bytes", "kB", "%", "x", "count"])
export type Unit = typeof Unit.Type

export const Figure = Schema.Struct({
  /** For example `B3`. */
  measure: Schema.String,
  peer: Schema.String,
  /** What exactly, for example `early idle, p99`. The same words for every peer. */
  what: Schema.String,
  /** The size that it was measured at, where the measure has several: the x of a chart. */
  at: Schema.optionalKey(Schema.Finite),
  unit: Unit,
  /** Which is better; absent: less. `neither`: it shows something, and nobody is better for it. */
  better: Schema.optionalKey(Schema.Literals(["more", "neither"])),
  /** One for each run; empty where the peer could not take part. */
  values: Schema.Array(Schema.Finite),
  /** How many runs gave no value where others did; absent: none. */
  missing: Schema.optionalKey(Schema.Int),
  /** Why there is no value, or what a reader should know. */
  note: Schema.optionalKey(Schema.String)
})
export type Figure = typeof Figure.Type

/** The middle one; of an even number, the mean of the two in the middle. `NaN` of none. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** The value that a share of them (from 0 to 1) does not exceed. `NaN` of none. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** The least and the most. */
export const spread = (values: ReadonlyArray<number>): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values)
]

/** A line that Errand is to pass. */
export const Line = Schema.Struct({
  measure: Schema.String,
  /** What is asked, in words. */
  asked: Schema.String,
  /** What was found, in words. */
  found: Schema.String,
  passed: Schema.Boolean
})
export type Line = typeof Line.Type

/** What was found for a peer in every run; nothing where one of the runs gave no value: nobody passes by the others alone. */
export const valuesOf = (
  figures: ReadonlyArray<Figure>,
  peer: string,
  what: string,
  at?: number
): ReadonlyArray<number> => {
  const found = figures.find((figure) => figure.peer === peer && figure.what === what && figure.at === at)
  return found === undefined || found.missing !== undefined ? [] : found.values
}

/** The median over the runs. `NaN` where one of them gave no value. */
export const value = (figures: ReadonlyArray<Figure>, peer: string, what: string, at?: number): number =>
  median(valuesOf(figures, peer, what, at))

/** The most of all runs. `NaN` where one of them gave no value. */
export const worst = (figures: ReadonlyArray<Figure>, peer: string, what: string, at?: number): number => {
  const values = valuesOf(figures, peer, what, at)
  return values.length === 0 ? Number.NaN : Math.max(...values)
}
