/**
 * All that `doctor` says, as a program reads it (`--json`) and as a person does. Pure.
 */
import { Schema } from "effect"
import { count } from "../../text/inline.ts"
import type { Own } from "../Own.ts"
import { type Style, wrap } from "../Style.ts"
import { Finding, type Status } from "./Finding.ts"

/** Something that `--fix` has changed, or did not dare to. */
export const Repair = Schema.Struct({
  file: Schema.String,
  status: Schema.Literals(["changed", "refused"]),
  /** What was done, or why not. */
  what: Schema.String
})
export type Repair = typeof Repair.Type

/** Its shape is stable: what a later version adds, it adds beside. */
export const Report = Schema.Struct({
  v: Schema.Literal(1),
  /** The version of Errand that looked. */
  version: Schema.String,
  directory: Schema.String,
  /** Nothing failed. */
  ok: Schema.Boolean,
  repairs: Schema.Array(Repair),
  findings: Schema.Array(Finding)
})
export type Report = typeof Report.Type

export const isOk = (findings: ReadonlyArray<Finding>): boolean => findings.every(({ status }) => status !== "failure")

const marks: Record<Status, string> = { ok: "✓", warning: "!", failure: "✗", skipped: "-" }

const painter = (style: Style, status: Status) =>
  ({ ok: style.green, warning: style.yellow, failure: style.red, skipped: style.dim })[status]

/** `✗ tui entry: none -> do this`. */
export const line = ({ found, status, todo, what }: Finding, style: Style): string => {
  const head = `${marks[status]} ${what}:`
  const text = wrap(`${head} ${found}${todo === undefined ? "" : ` -> ${todo}`}`, style.width, "    ")
  return `${painter(style, status)(head)}${text.slice(head.length)}`
}

export const repairLine = ({ file, status, what }: Repair, style: Style): string =>
  wrap(`${status === "changed" ? "✎ fixed" : "✗ not fixed"} ${file}: ${what}`, style.width, "    ")

/** The last lines: how it stands, and the next step. `fix`: whether everything has just been mended that this command can mend. */
export const summary = (
  findings: ReadonlyArray<Finding>,
  { fix, own, style }: { readonly fix: boolean; readonly own: Own; readonly style: Style }
): ReadonlyArray<string> => {
  const of = (status: Status) => findings.filter((finding) => finding.status === status).length
  const parts = [
    `${of("ok")} fine`,
    ...of("warning") === 0 ? [] : [`${count(of("warning"), "warning")}`],
    ...of("failure") === 0 ? [] : [`${of("failure")} to mend`],
    ...of("skipped") === 0 ? [] : [`${of("skipped")} not looked at`]
  ]
  const fixable = !fix && findings.some(({ todo }) => todo?.includes("doctor --fix") === true)
  return [
    style.bold(`${parts.join(", ")}.`),
    ...fixable ? [`\`${own.command} doctor --fix\` writes the entries as they should be; comments are kept.`] : []
  ]
}
