/**
 * The timeline as text: rows of cells for a terminal of some width. A cell has a tone and no colour: whoever shows it
 * paints it. Pure.
 *
 * `░` in line, `█` running, `▒` a person is waited for, `▓` the provider is, `▚` its slots are lent, and the mark of each
 * end.
 * Below the tasks of a pool stands how many of its slots were in use.
 */
import { clip, fit, oneLine, widthOf } from "../format.ts"
import { allUsed, sizeAt } from "./counts.ts"
import { momentAt, positionOf, type Scale, scaleOf, ticksOf } from "./scale.ts"
import type { End, Kind, Lane, Pool, Timeline } from "./Timeline.ts"
import { costWords, endMarks, endWords, kindWords, limitWords, poolTitle } from "./words.ts"

export type Tone =
  | Kind
  | End["status"]
  /** What is written. */
  | "text"
  | "heading"
  /** What is less important. */
  | "muted"
  /** Slots in use, and all of them in use. */
  | "used"
  | "full"

export interface Cell {
  readonly text: string
  readonly tone: Tone
}

/** `lane`: the id of the task that the row is about. */
export interface Row {
  readonly kind: "axis" | "pool" | "lane" | "used" | "legend" | "blank"
  readonly lane?: string
  readonly cells: ReadonlyArray<Cell>
}

export interface Options {
  /** Columns; no row is wider. */
  readonly width: number
  /** Gaps up to this (ms) are not folded. Default 30 s. */
  readonly keep?: number | undefined
}

const fills: Readonly<Record<Kind, string>> = { waiting: "░", running: "█", ask: "▒", retry: "▓", lent: "▚" }

/** The later ones are drawn over the earlier ones, so that what is short and rare is seen. */
const layers: ReadonlyArray<Kind> = ["waiting", "running", "lent", "retry", "ask"]

const folds = "┊"

const column = (scale: Scale, at: number): number =>
  Math.max(0, Math.min(scale.width - 1, Math.floor(positionOf(scale, at) + 1e-9)))

/** Neighbours of one tone are one cell. */
const joined = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> => {
  const all: Array<Cell> = []
  for (const cell of cells) {
    const last = all.at(-1)
    if (last !== undefined && last.tone === cell.tone) all[all.length - 1] = { ...last, text: last.text + cell.text }
    else all.push(cell)
  }
  return all
}

const empty = (scale: Scale): Array<Cell> => {
  const cells: Array<Cell> = Array.from({ length: scale.width }, () => ({ text: " ", tone: "muted" }))
  for (const { folded, from } of scale.pieces) if (folded) cells[column(scale, from)] = { text: folds, tone: "muted" }
  return cells
}

/** What a task did, column by column. */
export const laneCells = (scale: Scale, { ends, spans }: Lane): ReadonlyArray<Cell> => {
  const cells = empty(scale)
  for (const layer of layers) {
    const isRare = layer !== "waiting" && layer !== "running"
    for (const { from, kind, to } of spans) {
      if (kind !== layer) continue
      const first = column(scale, from)
      const last = Math.ceil(positionOf(scale, to) - 1e-9)
      const stop = Math.min(scale.width, Math.max(isRare ? first + 1 : first, isRare ? last : column(scale, to)))
      for (let at = first; at < stop; at++) cells[at] = { text: fills[kind], tone: kind }
    }
  }
  const last = spans.at(-1)
  // What still goes on reaches to the edge; it may be too short to be seen otherwise.
  if (last !== undefined && !ends.some(({ at }) => at >= last.to)) {
    cells[column(scale, last.to)] = { text: fills[last.kind], tone: last.kind }
  }
  // Last, so that no later run hides how an earlier one ended.
  for (const { at, status } of ends) cells[column(scale, at)] = { text: endMarks[status], tone: status }
  return joined(cells)
}

/** How many slots of a pool were in use, column by column: the most in each. */
export const usedCells = (scale: Scale, pool: Pool): ReadonlyArray<Cell> => {
  const steps = allUsed(pool)
  const cells = empty(scale)
  let nth = 0
  let now = 0
  for (let at = 0; at < scale.width; at++) {
    const until = at === scale.width - 1 ? Number.POSITIVE_INFINITY : momentAt(scale, at + 1) - 1e-6
    // What was in use at its beginning counts, unless it was given back in that moment.
    while ((steps[nth]?.at ?? Number.POSITIVE_INFINITY) <= momentAt(scale, at)) now = steps[nth++]?.used ?? now
    let most = now
    while ((steps[nth]?.at ?? Number.POSITIVE_INFINITY) < until) {
      now = steps[nth++]?.used ?? now
      most = Math.max(most, now)
    }
    if (most === 0) continue
    const size = sizeAt(pool, momentAt(scale, at + 0.5))
    const isFull = size !== undefined && most >= size
    cells[at] = { text: most > 9 ? "+" : `${most}`, tone: isFull ? "full" : "used" }
  }
  return joined(cells)
}

/** The time since the beginning. */
export const axisCells = (scale: Scale): ReadonlyArray<Cell> => {
  let line = ""
  for (const { label, x } of ticksOf(scale, 7)) {
    const left = Math.round(x)
    if (left < widthOf(line) + (line === "" ? 0 : 1) || left + label.length > scale.width) continue
    line = line.padEnd(left) + label
  }
  return [{ text: line, tone: "muted" }]
}

/** A label in so many columns, so many steps in. */
const label = (text: string, width: number, steps: number): Cell => {
  const indent = Math.min(2 * steps, Math.floor(width / 3))
  return { text: fit(" ".repeat(indent) + clip(oneLine(text), width - 1 - indent), width), tone: "text" }
}

const trimmed = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> => {
  const last = cells.at(-1)
  if (last === undefined || last.text.trimEnd() === last.text) return cells
  const text = last.text.trimEnd()
  return text === "" ? trimmed(cells.slice(0, -1)) : [...cells.slice(0, -1), { ...last, text }]
}

const kinds: ReadonlyArray<Kind> = ["waiting", "running", "ask", "retry", "lent"]
const statuses: ReadonlyArray<End["status"]> = ["completed", "error", "cancelled", "cut-off"]

const legend: ReadonlyArray<Cell> = [
  ...kinds.map((tone) => ({ text: `${fills[tone]} ${kindWords[tone]}  `, tone })),
  ...statuses.map((tone) => ({ text: `${endMarks[tone]} ${endWords[tone]}  `, tone }))
]

/** The cells in at most so many columns. */
const cut = (cells: ReadonlyArray<Cell>, width: number): ReadonlyArray<Cell> => {
  const all: Array<Cell> = []
  let left = width
  for (const { text, tone } of cells) {
    if (left <= 0) break
    const shown = clip(text, left)
    all.push({ text: shown, tone })
    left -= widthOf(shown)
  }
  return all
}

/** The name of a pool and what is to be said of it: below, where it has no room beside it. */
const headingOf = (pool: Pool, width: number): ReadonlyArray<ReadonlyArray<Cell>> => {
  const name = `${poolTitle(pool.name)} `
  const lines = [limitWords(pool)]
  for (const words of costWords(pool)) {
    const longer = `${lines.at(-1)} · ${words}`
    const room = width - (lines.length === 1 ? widthOf(name) + 1 : 2)
    if (widthOf(longer) <= room) lines[lines.length - 1] = longer
    else lines.push(words)
  }
  const [said = "", ...below] = lines
  return [
    [{ text: name, tone: "heading" }, { text: ` ${said}`, tone: "muted" }],
    ...below.map((words): ReadonlyArray<Cell> => [{ text: `  ${words}`, tone: "muted" }])
  ]
}

/** Only of what is in the picture, so that it is short. */
const legendOf = ({ pools }: Timeline): ReadonlyArray<Cell> => {
  const lanes = pools.flatMap(({ lanes }) => lanes)
  const shown = new Set<Tone>([
    ...lanes.flatMap(({ spans }) => spans.map(({ kind }) => kind)),
    ...lanes.flatMap(({ ends }) => ends.map(({ status }) => status))
  ])
  return legend.filter(({ tone }) => shown.has(tone))
}

/** As many lines as it needs: what is not told there can only be guessed. */
const legendRows = (timeline: Timeline, width: number): ReadonlyArray<Row> => {
  const lines: Array<Array<Cell>> = []
  let left = 0
  for (const cell of legendOf(timeline)) {
    if (lines.length === 0 || widthOf(cell.text.trimEnd()) > left) {
      lines.push([])
      left = width
    }
    lines.at(-1)?.push(cell)
    left -= widthOf(cell.text)
  }
  return lines.map((cells): Row => ({ kind: "legend", cells: trimmed(cut(cells, width)) }))
}

/** How wide the labels are: a third, and not more than is needed to know a task again. */
export const labelWidthOf = (width: number): number => Math.max(8, Math.min(32, Math.floor(width / 3)))

export const rowsOf = (timeline: Timeline, { keep, width }: Options): ReadonlyArray<Row> => {
  const labels = labelWidthOf(width)
  const scale = scaleOf(timeline, { width: Math.max(1, width - labels), fold: 1, whole: true, keep })
  const row = (kind: Row["kind"], title: string, steps: number, cells: ReadonlyArray<Cell>): Row => ({
    kind,
    cells: trimmed(cut(joined([label(title, labels, steps), ...cells]), width))
  })
  const laneRow = (lane: Lane): Row => {
    const title = `${lane.agent} · ${lane.description}`
    return { ...row("lane", title, lane.depth, laneCells(scale, lane)), lane: lane.id }
  }
  const poolRows = (pool: Pool): ReadonlyArray<Row> => {
    const used = `slots in use${pool.size === undefined ? "" : `, of ${pool.size}`}`
    return [
      ...headingOf(pool, width).map((cells): Row => ({ kind: "pool", cells: cut(cells, width) })),
      ...pool.lanes.map(laneRow),
      row("used", used, 1, usedCells(scale, pool)),
      { kind: "blank", cells: [] }
    ]
  }
  if (timeline.pools.length === 0) {
    return [{ kind: "legend", cells: cut([{ text: "No task has been out yet.", tone: "muted" }], width) }]
  }
  return [
    row("axis", "", 0, axisCells(scale)),
    ...timeline.pools.flatMap(poolRows),
    ...legendRows(timeline, width)
  ]
}

/** A row without its tones. */
export const plain = ({ cells }: Row): string => cells.map(({ text }) => text).join("")
