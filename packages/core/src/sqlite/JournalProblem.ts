/**
 * Why a journal is not kept in its file (any more), in words for people: what happened, and what to do.
 */
import { Data } from "effect"
import type { SqlError } from "effect/sql"
import { resultCode } from "./SqliteClient.ts"

export class JournalProblem extends Data.TaggedError("JournalProblem")<{
  readonly reason: "corrupt" | "newer" | "full" | "read-only" | "locked" | "unavailable"
  readonly file: string
  readonly message: string
}> {}

const outcome = "Tasks are kept in memory for now, and are lost when this process ends"

const words = (reason: JournalProblem["reason"], file: string, detail: string): string => {
  switch (reason) {
    case "corrupt":
      return `The journal ${file} is damaged (${detail}). ${outcome}. The file was moved to ${file}.damaged, and a new one is begun at the next start.`
    case "newer":
      return `The journal ${file} was written by a newer version of Errand (${detail}). ${outcome}. Update Errand; the file is left as it is.`
    case "full":
      return `The journal ${file} cannot be written: the disk is full. ${outcome}. Make room and start again.`
    case "read-only":
      return `The journal ${file} cannot be written: it is read-only. ${outcome}. Allow it to be written and start again.`
    case "locked":
      return `The journal ${file} cannot be written: another process has locked it for too long. ${outcome}. End that process and start again.`
    case "unavailable":
      return `The journal ${file} cannot be used (${detail}). ${outcome}. Mend that and start again, or set "journal": "memory".`
  }
}

export const problem = (reason: JournalProblem["reason"], file: string, detail: string): JournalProblem =>
  new JournalProblem({ reason, file, message: words(reason, file, detail) })

/** By SQLite's primary result codes. */
const reasons = new Map<number | undefined, JournalProblem["reason"]>([
  [5, "locked"],
  [6, "locked"],
  [8, "read-only"],
  [11, "corrupt"],
  [13, "full"],
  [26, "corrupt"]
])

export const fromSql = (file: string) => (error: SqlError.SqlError): JournalProblem =>
  problem(reasons.get(resultCode(error)) ?? "unavailable", file, error.reason.message)
