/**
 * Where a moment is drawn: time from left to right, at the same pace everywhere, except that long gaps in which nothing
 * went on are folded to a narrow piece. Pure; for columns of a terminal as for pixels.
 */
import { clock } from "../format.ts"
import type { Timeline } from "./Timeline.ts"

/** A time of which the width is in proportion, or a gap that is folded. */
export interface Piece {
  /** Epoch ms. */
  readonly from: number
  readonly to: number
  /** Where it begins and ends, from the left. */
  readonly left: number
  readonly right: number
  readonly folded: boolean
}

export interface Scale {
  readonly width: number
  /** ms for each column or pixel, outside folds. */
  readonly pace: number
  /** In order, without holes. */
  readonly pieces: ReadonlyArray<Piece>
}

export interface Options {
  readonly width: number
  /** How wide a fold is. */
  readonly fold: number
  /** Whether folds begin and end between two columns. */
  readonly whole?: boolean | undefined
  /** Gaps up to this (ms) are not folded; `Infinity` folds none. Default 30 s. */
  readonly keep?: number | undefined
}

/** Nothing that goes on for a tenth of the time in which something does is hidden. */
const share = 0.1

interface Stretch {
  readonly from: number
  readonly to: number
}

/** When anything went on, as stretches that do not touch. */
const busy = ({ from, pools, to }: Timeline): ReadonlyArray<Stretch> => {
  const spans = pools.flatMap(({ lanes }) => lanes.flatMap(({ spans }) => spans)).toSorted((a, b) => a.from - b.from)
  const all: Array<Stretch> = []
  for (const span of spans) {
    const last = all.at(-1)
    if (last === undefined || span.from > last.to) all.push({ from: span.from, to: span.to })
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return all.length === 0 ? [{ from, to }] : all
}

export const scaleOf = (timeline: Timeline, { fold, keep = 30_000, whole = false, width }: Options): Scale => {
  const stretches = busy(timeline)
  const worked = stretches.reduce((sum, { from, to }) => sum + to - from, 0)
  const isLong = (ms: number) => ms > Math.max(keep, share * worked)
  // What is between two stretches, before the first and after the last, in order.
  const ends = [...stretches.map(({ from }) => from), timeline.to]
  const starts = [timeline.from, ...stretches.map(({ to }) => to)]
  const gaps = starts.map((from, nth) => ({ from, to: ends[nth] ?? from })).filter(({ from, to }) => isLong(to - from))
  // They must leave room to draw in.
  const folded = gaps.slice(0, Math.max(0, Math.floor(width / 2 / fold)))
  const shown = timeline.to - timeline.from - folded.reduce((sum, { from, to }) => sum + to - from, 0)
  const pace = Math.max(Number.EPSILON, shown) / Math.max(1, width - folded.length * fold)
  const pieces: Array<Piece> = []
  let at = timeline.from
  // Each edge is rounded by itself: what is lost at one is not added to at the next.
  let edge = 0
  const place = (x: number) => whole ? Math.round(x) : x
  const add = (to: number, size: number, folded: boolean) => {
    if (to <= at) return
    pieces.push({ from: at, to, left: place(edge), right: place(edge + size), folded })
    at = to
    edge += size
  }
  for (const gap of folded) {
    add(gap.from, (gap.from - at) / pace, false)
    add(gap.to, fold, true)
  }
  add(timeline.to, (timeline.to - at) / pace, false)
  return { width, pace, pieces }
}

/** Where a moment (epoch ms) is, from the left. */
export const positionOf = ({ pieces, width }: Scale, at: number): number => {
  const piece = pieces.find(({ to }) => at < to)
  const last = pieces.at(-1)
  if (piece === undefined) return last === undefined ? 0 : Math.min(width, last.right)
  if (at <= piece.from) return piece.left
  return piece.left + (piece.right - piece.left) * (at - piece.from) / (piece.to - piece.from)
}

/** Which moment (epoch ms) is drawn there. */
export const momentAt = ({ pieces }: Scale, x: number): number => {
  const piece = pieces.find(({ right }) => x < right) ?? pieces.at(-1)
  if (piece === undefined) return 0
  const share = piece.right === piece.left ? 1 : (x - piece.left) / (piece.right - piece.left)
  return piece.from + (piece.to - piece.from) * Math.min(1, share)
}

const ticks = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200].map((s) => s * 1_000)
]

/** A moment that is written beside the picture. */
export interface Tick {
  readonly at: number
  readonly x: number
  /** The time since the beginning: no two that are there have the same. */
  readonly label: string
}

/** A time (ms) as fine as its ticks are. */
const labelOf = (millis: number, tick: number): string => {
  if (millis === 0 || tick >= 60_000) return clock(millis)
  if (tick >= 1_000) {
    // From an hour on a clock tells minutes.
    return millis < 3_600_000
      ? clock(millis)
      : `${clock(millis)}${String(Math.floor(millis / 1_000) % 60).padStart(2, "0")}s`
  }
  return `${(millis / 1_000).toFixed([100, 10, 1].findIndex((each) => tick >= each) + 1)}s`
}

/** The moments to write under the picture, `room` apart at least: every second, two, five, ... since its beginning. */
export const ticksOf = (scale: Scale, room: number): ReadonlyArray<Tick> => {
  const first = scale.pieces[0]
  const last = scale.pieces.at(-1)
  if (first === undefined || last === undefined) return []
  const day = 86_400_000
  const tick = ticks.find((each) => each / scale.pace >= room) ?? day * Math.ceil(room * scale.pace / day)
  const all = scale.pieces.filter(({ folded }) => !folded).flatMap((piece) => {
    const begin = Math.ceil((piece.from - first.from) / tick)
    const count = Math.floor((piece.to - first.from) / tick) - begin + 1
    return Array.from({ length: Math.max(0, count) }, (_, nth) => {
      const at = first.from + (begin + nth) * tick
      return { at, x: positionOf(scale, at), label: labelOf(at - first.from, tick) }
    })
  })
  // Over a fold they may come closer.
  let written = Number.NEGATIVE_INFINITY
  return all.filter(({ x }) => {
    const hasRoom = x - written >= room * 0.9
    if (hasRoom) written = x
    return hasRoom
  })
}
