/**
 * What many programs came to, and how that is said. Pure.
 */
import * as Progress from "../../view/src/progress.ts"
import type { Tally } from "./story.ts"

export interface Report {
  readonly programs: number
  readonly moves: number
  readonly ends: Readonly<Record<string, number>>
  readonly notices: number
  readonly calls: number
}

export const empty: Report = { programs: 0, moves: 0, ends: {}, notices: 0, calls: 0 }

export const add = (report: Report, tally: Tally): Report => {
  const ends = new Map(Object.entries(report.ends))
  for (const [end, times] of Object.entries(tally.ends)) ends.set(end, (ends.get(end) ?? 0) + times)
  return {
    programs: report.programs + 1,
    moves: report.moves + tally.moves,
    ends: Object.fromEntries(ends),
    notices: report.notices + tally.notices,
    calls: report.calls + tally.calls
  }
}

/** How far it is. Epoch ms. */
export const progress = (report: Report, runs: number, began: number, now: number): string =>
  Progress.line(
    `${grouped(report.programs)} of ${grouped(runs)} programs`,
    "nothing broken",
    Progress.leftText(Progress.left({ done: report.programs, of: runs, began }, now))
  )

export const summary = (report: Report, seed: number, ms: number): string => {
  const ended = Object.values(report.ends).reduce((sum, times) => sum + times, 0)
  const ends = Object.entries(report.ends).toSorted(([, a], [, b]) => b - a)
  return [
    `${grouped(report.programs)} programs (seeds ${seed} to ${seed + report.programs - 1}), nothing broken, in ${
      duration(ms)
    }`,
    `${grouped(report.moves)} moves, ${grouped(report.calls)} calls to the host, ${grouped(report.notices)} notices`,
    `${grouped(ended)} runs of tasks: ${ends.map(([end, times]) => `${end} ${grouped(times)}`).join(", ")}`
  ].join("\n")
}

const grouped = (n: number): string => Math.round(n).toLocaleString("en-US")

const duration = (ms: number): string => {
  const s = Math.round(ms / 1_000)
  if (s < 60) return `${s} s`
  return s < 3_600
    ? `${Math.floor(s / 60)} min ${s % 60} s`
    : `${Math.floor(s / 3_600)} h ${Math.floor(s / 60) % 60} min`
}
