/**
 * The tasks of a project as a list, for people and for programs. Pure.
 */
import { Board, Rows } from "@errand/view"
import { clip, fit, widthOf } from "@errand/view/format"
import { Schema } from "effect"
import type { Style } from "../Style.ts"
import type { Boards } from "./boards.ts"

export const Group = Schema.Literals(["needs you", "out", "in line", "lost", "finished"])

/** Its shape is stable: what a later version adds, it adds beside. */
export const List = Schema.Struct({
  v: Schema.Literal(1),
  /** The file that was read. */
  journal: Schema.String,
  /** Epoch ms. */
  at: Schema.Int,
  /** In the order needs you, out, in line, lost, finished; of those that ended the latest first. */
  tasks: Schema.Array(Schema.Struct({ ...Board.Item.fields, group: Group }))
})
export type List = typeof List.Type

export interface Shown {
  readonly item: Board.Item
  readonly row: Rows.Row
}

/** All of them, in order. */
export const shown = ({ known, lost }: Boards, now: number): ReadonlyArray<Shown> => {
  const look = { now, isBusy: () => false, isLeft: true }
  const of = (board: Board.Board, look: Rows.Look) =>
    Rows.rowsOf(board, look).flatMap((row): ReadonlyArray<Shown> => {
      const item = board.tasks.find(({ id }) => id === row.id)
      return item === undefined ? [] : [{ item, row }]
    })
  const all = [...of(known, { now }), ...of(lost, look)]
  return Group.literals.flatMap((group) => all.filter(({ row }) => row.group === group))
}

export const list = (all: ReadonlyArray<Shown>, journal: string, now: number): List => ({
  v: 1,
  journal,
  at: now,
  tasks: all.map(({ item, row }) => ({ ...item, group: row.group }))
})

/** A journal outlives OpenCode: what was left is not lost. */
const takenUp = "  The next OpenCode in this directory takes them up, and their sessions are told when they are used."

/** How many of those that ended are shown, where not all are asked for. */
const recent = 10

/** Lines in groups; of those that ended only the latest, unless `all` of them are asked for. */
export const lines = (tasks: ReadonlyArray<Shown>, style: Style, all: boolean): ReadonlyArray<string> => {
  // Not more than a third of a narrow terminal: what became of them is said after it.
  const most = style.width === undefined ? 40 : Math.min(40, Math.floor(style.width / 3))
  const widest = (of: (row: Rows.Row) => string) => Math.max(0, ...tasks.map(({ row }) => widthOf(of(row))))
  const columns: Columns = { labels: Math.min(most, widest(({ label }) => label)), times: widest(({ time }) => time) }
  const groups = Group.literals.flatMap((group) => {
    const own = tasks.filter(({ row }) => row.group === group)
    const some = group === "finished" && !all ? own.slice(0, recent) : own
    if (some.length === 0) return []
    const more = own.length - some.length
    return [[
      "",
      style.bold(Rows.titleOf(group, { isLeft: true })),
      ...some.map(({ row }) => lineOf(row, columns, style)),
      ...more === 0 ? [] : [style.dim(`  ${more} more: --all`)],
      ...group === "lost" ? [style.dim(style.width === undefined ? takenUp : clip(takenUp, style.width))] : []
    ]]
  })
  return groups.flat().slice(1)
}

/** The widths of those that are as wide in every line. */
interface Columns {
  readonly labels: number
  readonly times: number
}

const lineOf = (row: Rows.Row, { labels, times }: Columns, style: Style): string => {
  const text = `  ${row.mark} ${row.id}  ${fit(row.label, labels)}  ${row.time.padStart(times)}  ${row.about}`.trimEnd()
  const line = style.width === undefined ? text : clip(text, style.width)
  return `  ${paint(row.tone, style)(row.mark)}${line.slice(2 + row.mark.length)}`
}

const paint = (tone: Rows.Tone, style: Style) => {
  switch (tone) {
    case "attention":
      return style.yellow
    case "running":
      return style.cyan
    case "good":
      return style.green
    case "bad":
      return style.red
    case "waiting":
    case "quiet":
      return style.dim
  }
}
