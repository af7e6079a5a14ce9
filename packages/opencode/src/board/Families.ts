/**
 * The families of which boards are kept, and which of these are to be written. Pure.
 */
import type { Task } from "@errand/core"
import { HashMap, Option } from "effect"
import * as Pace from "./pace.ts"

export interface Family {
  /** What is to be written; absent where nothing is. */
  readonly pending: Pace.Pending | undefined
  /** Epoch ms; 0 where nothing was written yet. */
  readonly writtenAt: number
  /** What was written last, to be compared with; absent where nothing was. */
  readonly written: string | undefined
  /** The session's metadata, as far as they were told; none where they have to be asked for. */
  readonly metadata: Option.Option<unknown>
}

/** By root session. */
export type Families = HashMap.HashMap<Task.SessionId, Family>

export const empty: Families = HashMap.empty()

const unknown: Family = { pending: undefined, writtenAt: 0, written: undefined, metadata: Option.none() }

export const get = (families: Families, root: Task.SessionId): Family =>
  Option.getOrElse(HashMap.get(families, root), () => unknown)

export const change = (families: Families, root: Task.SessionId, f: (family: Family) => Family): Families =>
  HashMap.set(families, root, f(get(families, root)))

/** There is something to write. */
export const mark = (families: Families, root: Task.SessionId, pending: Pace.Pending): Families =>
  change(families, root, (family) => ({ ...family, pending: Pace.add(family.pending, pending) }))

/** A board was written. Of a family that has nothing out nothing is remembered: what it will be is not what it was. */
export const wrote = (
  families: Families,
  root: Task.SessionId,
  isLive: boolean,
  what: Omit<Family, "pending">
): Families => {
  const { pending } = get(families, root)
  return isLive || pending !== undefined
    ? HashMap.set(families, root, { ...what, pending })
    : HashMap.remove(families, root)
}

export interface Due {
  readonly root: Task.SessionId
  readonly anew: boolean
}

/** Takes out what is to be written by now. */
export const take = (families: Families, now: number): readonly [ReadonlyArray<Due>, Families] => {
  const due = Array.from(families).flatMap(([root, { pending, writtenAt }]): ReadonlyArray<Due> =>
    pending !== undefined && Pace.dueAt(pending, writtenAt) <= now ? [{ root, anew: pending.anew }] : []
  )
  return [
    due,
    due.reduce((all, { root }) => change(all, root, (family) => ({ ...family, pending: undefined })), families)
  ]
}

/** When something is to be written next (epoch ms); `Infinity` for nothing. */
export const nextDue = (families: Families): number =>
  Array.from(HashMap.values(families)).reduce(
    (next, { pending, writtenAt }) => pending === undefined ? next : Math.min(next, Pace.dueAt(pending, writtenAt)),
    Number.POSITIVE_INFINITY
  )
