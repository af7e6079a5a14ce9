/**
 * What a running task is seen to wait for: a person, its provider, tasks of its own. Pure.
 *
 * Sightings are kept so that people can see later where the time went. One thing is decided by them: how much of its time a
 * task has spent whose process is gone (`Stint`).
 */
import { HashMap, Option } from "effect"
import type { Observation } from "./Observation.ts"
import type { Pool } from "./Pools.ts"
import type { HeldPool, TaskEvent } from "./TaskEvent.ts"

export type Sighting = Extract<
  TaskEvent,
  { readonly _tag: "Asked" | "Answered" | "Retried" | "Lent" | "Restored" }
>

/** What others have said is kept up to so many characters. */
const maxChars = 200

const cut = (text: string): string => text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`

/** What the second of two observations of one run tells that the first did not. */
export const between = (
  before: Observation,
  after: Observation,
  stamp: Pick<Sighting, "id" | "run" | "at">
): ReadonlyArray<Sighting> => {
  if (before.askedAt === after.askedAt && before.retry === after.retry) return none
  const sightings: Array<Sighting> = []
  const wasAsked = Option.isSome(before.askedAt)
  const isAsked = Option.isSome(after.askedAt)
  if (isAsked && !wasAsked) {
    sightings.push({ _tag: "Asked", ...stamp, what: cut(Array.from(HashMap.values(after.asks)).join(", ")) })
  }
  if (wasAsked && !isAsked) sightings.push({ _tag: "Answered", ...stamp })
  if (Option.isSome(after.retry)) {
    const { attempt, message, nextAt } = after.retry.value
    // A host tells of one attempt several times.
    const known = Option.exists(before.retry, (last) => last.attempt === attempt && last.nextAt === nextAt)
    if (!known) {
      sightings.push({ _tag: "Retried", ...stamp, attempt, message: cut(message), nextAt })
    }
  }
  return sightings
}

const none: ReadonlyArray<Sighting> = []

/** Pools as an event keeps them. */
export const heldPools = (pools: ReadonlyArray<Pool>): ReadonlyArray<HeldPool> =>
  pools.map(({ name, size }) => Number.isFinite(size) ? { name, size } : { name })
