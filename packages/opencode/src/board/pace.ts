/**
 * When a board is written. Pure.
 *
 * Every write is an event for all who listen, and moves the session in OpenCode's list: what comes together is written
 * together, and what only says how work goes on at most once a second.
 */

/** `progress`: how work goes on; `change`: a status or a place; `now`: somebody waits for it. */
export type Weight = "progress" | "change" | "now"

/** What waits to be written. */
export interface Pending {
  readonly weight: Weight
  /** Epoch ms. Since when. */
  readonly since: number
  /** Written even where nothing has changed: somebody wants to know whether anybody keeps it. */
  readonly anew: boolean
}

/** Changes come in bunches, such as the end of one task and the start of the next (ms). */
export const togetherMs = 100

/** How often progress is written at most (ms). */
export const progressMs = 1_000

const weights: Readonly<Record<Weight, number>> = { progress: 0, change: 1, now: 2 }

/** One more reason to write. The first one counts for the time, the heaviest for how soon. */
export const add = (before: Pending | undefined, pending: Pending): Pending =>
  before === undefined ? pending : {
    weight: weights[pending.weight] > weights[before.weight] ? pending.weight : before.weight,
    since: Math.min(before.since, pending.since),
    anew: before.anew || pending.anew
  }

/** When to write (epoch ms). `writtenAt`: when it was written last. */
export const dueAt = ({ since, weight }: Pending, writtenAt: number): number => {
  switch (weight) {
    case "now":
      return since
    case "change":
      return since + togetherMs
    case "progress":
      return Math.max(since + togetherMs, writtenAt + progressMs)
  }
}
