/**
 * Which tasks their parents have been told of, by the server's log. A notice may name a task by its description, which is
 * one word that no other task has, or by its session, whose title holds that word.
 */
import type { Entry } from "../server/Reports.ts"
import { namePattern } from "./crowd.ts"

/** Changed in place: notices that list all tasks are long. */
export interface Heard {
  readonly parents: ReadonlySet<string>
  /** The names of the tasks that nobody was told of. */
  readonly missing: Set<string>
  /** The name of the task of each session. */
  readonly names: Map<string, string>
  /** When somebody was told of a task for the first time, last (ms since 1970). */
  last: number
}

/** Nobody has been told of any of these. */
export const silence = (parents: ReadonlyArray<string>, names: ReadonlyArray<string>): Heard => ({
  parents: new Set(parents),
  missing: new Set(names),
  names: new Map(),
  last: Number.NaN
})

const session = /\bses_\w+/g

export const hear = (heard: Heard, { at, kind, parent, session: id, text = "" }: Entry): Heard => {
  if (kind === "created" && parent !== undefined && heard.parents.has(parent)) {
    const name = text.match(namePattern)?.[0]
    if (name !== undefined) heard.names.set(id, name)
  }
  if (kind !== "told" || !heard.parents.has(id)) return heard
  const named = text.match(namePattern) ?? []
  const sessions = (text.match(session) ?? []).flatMap((one) => heard.names.get(one) ?? [])
  for (const name of [...named, ...sessions]) if (heard.missing.delete(name)) heard.last = at
  return heard
}
