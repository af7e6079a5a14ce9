/**
 * What `doctor` found out: one line for people, one record for programs.
 */
import { Schema } from "effect"

/** What is looked at, in the order in which it is told. */
export const Check = Schema.Literals([
  "opencode",
  "entries",
  "cache",
  "settings",
  "limits",
  "clashes",
  "install",
  "live"
])
export type Check = typeof Check.Type

/** `failure`: something does not work. `warning`: it works, and may surprise. `skipped`: it could not be looked at. */
export const Status = Schema.Literals(["ok", "warning", "failure", "skipped"])
export type Status = typeof Status.Type

export const Finding = Schema.Struct({
  check: Check,
  status: Status,
  /** What was looked at: a few words. */
  what: Schema.String,
  /** What was found: no full stop. */
  found: Schema.String,
  /** What to do about it. Always there for a warning and a failure. */
  todo: Schema.optionalKey(Schema.String)
})
export type Finding = typeof Finding.Type

/** A finding without the check that it belongs to. */
type Part = Omit<Finding, "check">

export const ok = (what: string, found: string): Part => ({ status: "ok", what, found })
export const warning = (what: string, found: string, todo: string): Part => ({ status: "warning", what, found, todo })
export const failure = (what: string, found: string, todo: string): Part => ({ status: "failure", what, found, todo })
export const skipped = (what: string, found: string): Part => ({ status: "skipped", what, found })

/** The findings of one check. */
export const of = (check: Check, parts: ReadonlyArray<Part>): ReadonlyArray<Finding> =>
  parts.map((part) => ({ check, ...part }))
