/**
 * The whole story as one picture: a row for each errand (in line, running, how it ended), how many slots were in use,
 * and when the main agent worked. Pure.
 */
import { clip, fit, oneLine, seconds } from "@errand/view/format"
import { type Look, markOf, paintOf } from "./lines.ts"
import * as Story from "./Story.ts"

const waiting = "░"
const running = "█"
const labelWidth = 24

interface Scale {
  readonly from: number
  /** ms per column. */
  readonly step: number
  readonly columns: number
}

const columnOf = ({ columns, from, step }: Scale, at: number): number =>
  Math.max(0, Math.min(columns - 1, Math.floor((at - from) / step)))

/** Every second, two, five, ... so that labels keep apart. */
const tickOf = ({ step }: Scale): number =>
  [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].map((each) => each * 1_000).find((each) => each / step >= 7)
    ?? 7_200_000

const axis = (scale: Scale): string => {
  const tick = tickOf(scale)
  let line = ""
  for (let at = 0; at <= scale.step * scale.columns; at += tick) {
    const label = `${Math.round(at / 1_000)}s`
    const column = Math.round(at / scale.step)
    if (column + label.length <= scale.columns) line = line.padEnd(column) + label
  }
  return line
}

type Cell = { readonly text: string; readonly kind: "empty" | "waiting" | "running" | Story.End }

const cellsOf = (scale: Scale, errand: Story.Errand, now: number): ReadonlyArray<Cell> => {
  const cells: Array<Cell> = Array.from({ length: scale.columns }, () => ({ text: " ", kind: "empty" }))
  for (const run of errand.runs) {
    const until = run.endedAt ?? now
    const start = columnOf(scale, run.startedAt ?? until)
    const stop = Math.max(start, columnOf(scale, until))
    for (let column = columnOf(scale, run.queuedAt); column < start; column++) {
      cells[column] = { text: waiting, kind: "waiting" }
    }
    if (run.startedAt !== undefined) {
      for (let column = start; column < stop; column++) cells[column] = { text: running, kind: "running" }
    }
  }
  // Last, so that no later run hides how an earlier one ended.
  for (const { end, endedAt } of errand.runs) {
    if (end === undefined || endedAt === undefined) continue
    cells[columnOf(scale, endedAt)] = { text: markOf(end, now), kind: end }
  }
  return cells
}

const paint = (look: Look, cells: ReadonlyArray<Cell>): string =>
  cells.map(({ kind, text }) =>
    kind === "empty" ? text : paintOf(look.style, kind === "waiting" ? "pending" : kind)(text)
  ).join("").trimEnd()

/** How many ran in the middle of each column. */
const slotsOf = (scale: Scale, errands: ReadonlyArray<Story.Errand>, now: number): string => {
  const spans = Story.spans(errands, now)
  return Array.from({ length: scale.columns }, (_, column) => {
    const at = scale.from + (column + 0.5) * scale.step
    const used = spans.filter(({ from, to }) => from <= at && at < to).length
    return used === 0 ? " " : used > 9 ? "+" : String(used)
  }).join("")
}

const turnsOf = (scale: Scale, story: Story.Story, now: number): string =>
  Array.from({ length: scale.columns }, (_, column) => {
    const [from, to] = [scale.from + column * scale.step, scale.from + (column + 1) * scale.step]
    return story.turns.some((turn) => turn.from < to && (turn.to ?? now) > from) ? "▪" : " "
  }).join("")

const label = (text: string): string => `  ${fit(clip(text, labelWidth - 1), labelWidth)}`

/** The picture, from the prompt to the end of the story. */
export const timeline = (look: Look, story: Story.Story, now: number): ReadonlyArray<string> => {
  const { errands } = story
  const from = story.beganAt
  const columns = Math.max(20, look.width - labelWidth - 3)
  const scale: Scale = { from, columns, step: Math.max(1, now - from) / columns }
  const most = Story.mostAtOnce(errands, now)
  const { style } = look
  return [
    style.dim(label("seconds") + axis(scale)),
    ...errands.map((errand) =>
      label(`${fit(errand.agent, 10)}${oneLine(errand.description)}`) + paint(look, cellsOf(scale, errand, now))
    ),
    label(`slots in use, of ${look.pool.size}`) + slotsOf(scale, errands, now).trimEnd(),
    label("main agent works") + style.blue(turnsOf(scale, story, now).trimEnd()),
    "",
    ...[
      `${waiting} in line  ${running} running  ✓ completed  ✗ failed  ⊘ cancelled`,
      `${look.pool.name} has ${look.pool.size} slot${look.pool.size === 1 ? "" : "s"}: never more than ${most} in use`
    ].map((line) => style.dim(`  ${clip(line, look.width - 2)}`))
  ]
}

export interface Saving {
  readonly names: ReadonlyArray<string>
  /** What their running times add up to (ms). */
  readonly oneByOne: number
  /** From the first launch to the last end (ms). */
  readonly together: number
}

/** What the errands of the first batch cost: those that were launched before their last word woke the main agent. */
export const saving = (story: Story.Story): Saving => {
  const wokenAt = story.beats.find((beat) => beat._tag === "Noticed" && beat.wakes)?.at ?? Infinity
  const runs = story.errands.flatMap(({ agent, runs: [run] }) =>
    run?.startedAt === undefined || run.endedAt === undefined || run.queuedAt >= wokenAt
      ? []
      : [{ agent, queuedAt: run.queuedAt, startedAt: run.startedAt, endedAt: run.endedAt }]
  )
  return {
    names: runs.map(({ agent }) => agent),
    oneByOne: runs.reduce((sum, { endedAt, startedAt }) => sum + endedAt - startedAt, 0),
    together: runs.length === 0
      ? 0
      : Math.max(...runs.map((run) => run.endedAt)) - Math.min(...runs.map((run) => run.queuedAt))
  }
}

/** The two times, and the difference. */
export const savingLines = (look: Look, { names, oneByOne, together }: Saving): ReadonlyArray<string> => {
  if (names.length === 0) return []
  const { style } = look
  const percent = Math.round((1 - together / oneByOne) * 100)
  return [
    `  One after another  ${seconds(oneByOne).padStart(6)}  ${style.dim(clip(names.join(" + "), look.width - 29))}`,
    `  With Errand        ${style.bold(seconds(together).padStart(6))}  `
    + style.dim(`${look.pool.size} at a time, first launch to last answer`)
    + (percent > 0 ? `: ${style.green(`${percent}% less`)}` : "")
  ]
}
