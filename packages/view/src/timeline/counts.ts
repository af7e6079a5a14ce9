/**
 * What can be counted in a timeline: slots in use, and what a limit cost. Pure.
 */
import type { Kind, Lane, Pool, Span, Step } from "./Timeline.ts"

/** Whether a task has its slots meanwhile. */
export const holdsSlots = (kind: Kind): boolean => kind !== "waiting" && kind !== "lent"

/** Of which pools a task has a slot during a span. */
export const held = ({ kind, pools }: Span): ReadonlyArray<string> => holdsSlots(kind) ? pools ?? [] : []

/** How many slots of a pool these lanes have, from moment to moment. A slot that is handed on counts once. */
export const stepsOf = (pool: string, lanes: ReadonlyArray<Lane>): ReadonlyArray<Step> => {
  const changes = new Map<number, number>()
  const change = (at: number, by: number) => void changes.set(at, (changes.get(at) ?? 0) + by)
  for (const { spans } of lanes) {
    for (const span of spans) {
      if (!held(span).includes(pool)) continue
      change(span.from, 1)
      change(span.to, -1)
    }
  }
  let used = 0
  return [...changes].toSorted(([a], [b]) => a - b).flatMap(([at, by]) => {
    if (by === 0) return []
    used += by
    return [{ at, used }]
  })
}

/** How many were in use at a moment (epoch ms). */
export const usedAt = (steps: ReadonlyArray<Step>, at: number): number =>
  steps.findLast((step) => step.at <= at)?.used ?? 0

/** How large a pool was at a moment (epoch ms); undefined where it had no limit. */
export const sizeAt = ({ size, sizes = [] }: Pool, at: number): number | undefined =>
  sizes.length === 0 ? size : (sizes.findLast((each) => each.at <= at) ?? sizes[0])?.size

/** Two counts together. */
export const sumOf = (a: ReadonlyArray<Step>, b: ReadonlyArray<Step>): ReadonlyArray<Step> => {
  if (b.length === 0) return a
  const changes = [...differences(a), ...differences(b)].toSorted((a, b) => a.at - b.at)
  const all: Array<Step> = []
  let used = 0
  for (const { at, by } of changes) {
    used += by
    if (all.at(-1)?.at === at) all[all.length - 1] = { at, used }
    else all.push({ at, used })
  }
  return all
}

const differences = (steps: ReadonlyArray<Step>): ReadonlyArray<{ readonly at: number; readonly by: number }> =>
  steps.map(({ at, used }, nth) => ({ at, by: used - (steps[nth - 1]?.used ?? 0) }))

/** All slots of a pool that are in use, by tasks that are not shown too. */
export const allUsed = ({ elsewhere, used }: Pool): ReadonlyArray<Step> => sumOf(used, elsewhere ?? [])

/** How long (ms) these lanes did something. */
const timeOf = (lanes: ReadonlyArray<Lane>, is: (kind: Kind) => boolean): number =>
  lanes.reduce(
    (sum, { spans }) => spans.reduce((sum, { from, kind, to }) => is(kind) ? sum + to - from : sum, sum),
    0
  )

/** A pool in a few numbers; times in ms. */
export interface Summary {
  readonly tasks: number
  /** The most that were in use at the same time. */
  readonly most: number
  /** The time for which its tasks stood in line, all together: what the limit cost. */
  readonly waited: number
  /** The longest that one of its tasks stood in line. */
  readonly longestWait: number
  /** The time for which they had slots, all together. */
  readonly ran: number
  /** Part of that: a person was waited for. */
  readonly asked: number
  /** Part of that: the provider was waited for. */
  readonly retried: number
}

export const summaryOf = (pool: Pool): Summary => {
  const { lanes } = pool
  const waits = lanes.map((lane) => timeOf([lane], (kind) => kind === "waiting"))
  return {
    tasks: lanes.length,
    most: allUsed(pool).reduce((most, { used }) => Math.max(most, used), 0),
    waited: waits.reduce((sum, wait) => sum + wait, 0),
    longestWait: waits.reduce((longest, wait) => Math.max(longest, wait), 0),
    ran: timeOf(lanes, holdsSlots),
    asked: timeOf(lanes, (kind) => kind === "ask"),
    retried: timeOf(lanes, (kind) => kind === "retry")
  }
}
