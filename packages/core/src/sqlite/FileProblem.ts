/**
 * Why something is not kept in its file (any more), in words for people: what happened, and what to do.
 */
import { Data, Effect } from "effect"
import type { SqlError } from "effect/sql"
import { existsSync, renameSync } from "node:fs"
import { resultCode } from "./SqliteClient.ts"

export class FileProblem extends Data.TaggedError("FileProblem")<{
  readonly reason: "corrupt" | "newer" | "full" | "read-only" | "locked" | "unavailable"
  readonly file: string
  readonly message: string
}> {}

/** What is kept in a file, as far as people are told of it. */
export interface Kept {
  /** What the file is called: the start of a sentence. */
  readonly name: string
  /** What becomes of it without the file: a sentence. */
  readonly outcome: string
  /** What people can do who want to do without the file, for example "set `x`"; absent where there is nothing. */
  readonly without?: string | undefined
}

const words = ({ name, outcome, without }: Kept, reason: FileProblem["reason"], file: string, detail: string) => {
  switch (reason) {
    case "corrupt":
      return `${name} ${file} is damaged (${detail}). ${outcome}. The file was moved to ${file}.damaged, and a new one is begun at the next start.`
    case "newer":
      return `${name} ${file} was written by a newer version of Errand (${detail}). ${outcome}. Update Errand; the file is left as it is.`
    case "full":
      return `${name} ${file} cannot be written: the disk is full. ${outcome}. Make room and start again.`
    case "read-only":
      return `${name} ${file} cannot be written: it is read-only. ${outcome}. Allow it to be written and start again.`
    case "locked":
      return `${name} ${file} cannot be written: another process has locked it for too long. ${outcome}. End that process and start again.`
    case "unavailable":
      return `${name} ${file} cannot be used (${detail}). ${outcome}. Mend that and start again${
        without === undefined ? "" : `, or ${without}`
      }.`
  }
}

/** By SQLite's primary result codes. */
const reasons = new Map<number | undefined, FileProblem["reason"]>([
  [5, "locked"],
  [6, "locked"],
  [8, "read-only"],
  [11, "corrupt"],
  [13, "full"],
  [26, "corrupt"]
])

/** What may go wrong with one file. */
export interface Problems {
  readonly problem: (reason: FileProblem["reason"], detail: string) => FileProblem
  readonly fromSql: (error: SqlError.SqlError) => FileProblem
}

export const of = (kept: Kept, file: string): Problems => {
  const problem: Problems["problem"] = (reason, detail) =>
    new FileProblem({ reason, file, message: words(kept, reason, file, detail) })
  return {
    problem,
    fromSql: (error) => problem(reasons.get(resultCode(error)) ?? "unavailable", error.reason.message)
  }
}

/** Moves a damaged file out of the way. Nothing is ever written over: an older file that was set aside keeps its name. */
export const setAside = (file: string): Effect.Effect<void> =>
  Effect.ignore(Effect.try(() => {
    const free = Array.from({ length: 100 }, (_, nth) => `${file}.damaged${nth === 0 ? "" : nth}`)
      .find((name) => !existsSync(name))
    for (const end of ["", "-wal", "-shm"]) {
      if (free !== undefined && existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${free}${end}`)
    }
  }))
