/**
 * The families of which boards are kept, and which of these are to be written. Pure.
 */
import type { Task } from "@errand/core"
import { HashMap, Option } from "effect"
import * as Pace from "./pace.ts"

export interface Family {
  /** What is to be written; absent where nothing is. */
  readonly pending: Pace.Pending | undefined
  /** Whether it is being written: what comes meanwhile is written after that. */
  readonly isWriting: boolean
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

const unknown: Family = {
  pending: undefined,
  isWriting: false,
  writtenAt: 0,
  written: undefined,
  metadata: Option.none()
}

export const get = (families: Families, root: Task.SessionId): Family =>
  Option.getOrElse(HashMap.get(families, root), () => unknown)

export const change = (families: Families, root: Task.SessionId, f: (family: Family) => Family): Families =>
  HashMap.set(families, root, f(get(families, root)))

/** There is something to write. */
export const mark = (families: Families, root: Task.SessionId, pending: Pace.Pending): Families =>
  change(families, root, (family) => ({ ...family, pending: Pace.add(family.pending, pending) }))

/** What is remembered of a board that was written. */
export interface Written extends Pick<Family, "written" | "writtenAt" | "metadata"> {
  /** Whether anything is out on it. */
  readonly isLive: boolean
}

/**
 * A family's write is over; `written` is absent where it came to nothing. Of a family that has nothing out nothing is
 * remembered: what it will be is not what it was.
 */
export const over = (families: Families, root: Task.SessionId, written: Written | undefined): Families => {
  if (!HashMap.has(families, root)) return families
  const { pending } = get(families, root)
  if (written !== undefined && !written.isLive && pending === undefined) return HashMap.remove(families, root)
  return change(families, root, (family) => {
    const { metadata, writtenAt, written: text } = written ?? family
    return { metadata, pending, writtenAt, written: text, isWriting: false }
  })
}

export interface Due {
  readonly root: Task.SessionId
  readonly anew: boolean
}

/** Takes out what is to be written by now. */
export const take = (families: Families, now: number): readonly [ReadonlyArray<Due>, Families] => {
  const due = Array.from(families).flatMap(([root, { isWriting, pending, writtenAt }]): ReadonlyArray<Due> =>
    !isWriting && pending !== undefined && Pace.dueAt(pending, writtenAt) <= now ? [{ root, anew: pending.anew }] : []
  )
  return [
    due,
    due.reduce(
      (all, { root }) => change(all, root, (family) => ({ ...family, pending: undefined, isWriting: true })),
      families
    )
  ]
}

/** When something is to be written next (epoch ms); `Infinity` for nothing. */
export const nextDue = (families: Families): number =>
  Array.from(HashMap.values(families)).reduce(
    (next, { isWriting, pending, writtenAt }) =>
      isWriting || pending === undefined ? next : Math.min(next, Pace.dueAt(pending, writtenAt)),
    Number.POSITIVE_INFINITY
  )
