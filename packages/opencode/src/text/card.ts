/**
 * What a person reads on the card of a task.
 */
import type { Task } from "@errand/core"
import { happened } from "./ending.ts"
import { name } from "./inline.ts"
import type { Place } from "./place.ts"

/** From here on a place in line is not told: it would have to be told anew whenever somebody before it moves. */
export const told = 3

/** `1st in line for anthropic`. */
export const inLine = (place: Place | undefined): string => {
  if (place === undefined) return "in line"
  const { ahead, paused, pool } = place
  const where = ahead < told ? `${ordinal(ahead + 1)} in line` : "in line"
  return `${where} for ${poolName(pool)}${paused ? ", which is paused" : ""}`
}

const ordinal = (n: number): string => n === 1 ? "1st" : n === 2 ? "2nd" : n === 3 ? "3rd" : `${n}th`

/** A pool, as a person would call it. */
const poolName = (pool: string): string => {
  const colon = pool.indexOf(":")
  if (colon < 0) return "a free slot"
  const key = name(pool.slice(colon + 1))
  return key.startsWith("@") ? `agent ${key.slice(1)}` : key
}

/** What a task waits for whose session is idle with tasks out. */
export const ownErrands = "for errands of its own"

/** What became of a call of which there is no task. */
export const notSent = "not sent"

/** Where a task is awaited, as the copy of its parent has it. */
export const elsewhere = "in the session that this one was forked from"

type Failure = Exclude<Task.Outcome, { readonly _tag: "Completed" }>

/** In a word, what became of it. */
export const howFailed = ({ _tag }: Failure): string => _tag === "Failed" ? "failed" : "cancelled"

/** Why it did not come back with an answer. */
export const failedBecause = (outcome: Failure): string => {
  const why = happened(outcome)
  return outcome._tag === "Cancelled" && !/^cancelled\b/i.test(why) ? `Cancelled: ${uncapital(why)}` : why
}

const uncapital = (words: string): string => `${words.charAt(0).toLowerCase()}${words.slice(1)}`

/** Of a task of which nobody knows anything any more. */
export const lost = "Lost when OpenCode stopped: nobody goes on with it. To have it done, ask for it again."

/** Said once, where cards are not made. */
export const untested = (version: string, tested: ReadonlyArray<string>): string =>
  `live cards are off: they were not tested with OpenCode ${version} (but with ${tested.join(", ")}). `
  + "Launches are shown as plain lines, and nothing else changes. An update of opencode-errand may know this version; "
  + "the setting cards: false keeps this message away."

export const versionUnknown = "live cards are off: OpenCode did not say which version it is. "
  + "Launches are shown as plain lines, and nothing else changes."
