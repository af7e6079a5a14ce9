/**
 * Where values stand in a picture: the axis that shows them best, and the places of the names at the ends of the lines.
 * Pure. The axis is made here and not by the plotting library, because names can only be kept apart where their places are
 * known.
 */

export interface Axis {
  readonly type: "linear" | "log" | "symlog"
  readonly domain: readonly [number, number]
  /** What is written beside it. */
  readonly ticks: ReadonlyArray<number>
}

/** Without what the arithmetic adds in the last digit. */
const tidy = (n: number): number => Number(n.toPrecision(12))

/** 1, 10, 100 and so on, around the values. */
const decades = (low: number, high: number): ReadonlyArray<number> => {
  const first = Math.floor(Math.log10(low))
  const last = Math.max(first + 1, Math.ceil(Math.log10(high)))
  return Array.from({ length: last - first + 1 }, (_, nth) => tidy(10 ** (first + nth)))
}

/** From zero in at most five steps of 1, 2 or 5. */
const steps = (most: number): ReadonlyArray<number> => {
  const high = most === 0 ? 1 : most
  const rough = high / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10) * power
  return Array.from({ length: Math.max(1, Math.ceil(tidy(high / step))) + 1 }, (_, nth) => tidy(nth * step))
}

/**
 * Beyond thirty times, both ends can be seen only on a scale of decades. A value of nothing (or less) has no place there:
 * it gets one on a scale that is even around zero.
 */
export const axisOf = (values: ReadonlyArray<number>): Axis => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const around = (type: Axis["type"], ticks: ReadonlyArray<number>): Axis => ({
    type,
    ticks,
    domain: [Math.min(low, ticks[0] ?? low), Math.max(high, ticks.at(-1) ?? high)]
  })
  if (low > 0 && high / low > 30) return around("log", decades(low, high))
  if (low <= 0 && high > 30) return around("symlog", [0, ...decades(1, high)])
  return around("linear", steps(Math.max(0, high)))
}

/** How far up: 0 at the foot, 1 at the top. */
export const share = ({ domain: [low, high], type }: Axis, value: number): number => {
  const on = (n: number) =>
    type === "log" ? Math.log(n) : type === "symlog" ? Math.sign(n) * Math.log1p(Math.abs(n)) : n
  return (on(value) - on(low)) / (on(high) - on(low))
}

/**
 * Keeps names apart: the places (pixels from the top, in any order) moved as little as it takes for all to have `gap`
 * between them and to be no lower than `foot`.
 */
export const apart = (places: ReadonlyArray<number>, gap: number, foot: number): ReadonlyArray<number> => {
  const order = places.map((_, nth) => nth).toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0))
  const down = order.reduce<ReadonlyArray<number>>(
    (placed, nth) => placed.concat(Math.max(places[nth] ?? 0, (placed.at(-1) ?? Number.NEGATIVE_INFINITY) + gap)),
    []
  )
  const up = down.map((place, nth) => Math.min(place, foot - (down.length - 1 - nth) * gap))
  return places.map((place, nth) => up[order.indexOf(nth)] ?? place)
}
