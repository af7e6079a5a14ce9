/**
 * The whole story as one picture: a row for each errand (in line, running, how it ended), how many slots were in use,
 * and when the main agent worked. Pure; drawn as `@errand/view` draws every timeline, on the story's own time.
 */
import { clip, fit, oneLine, seconds } from "@errand/view/format"
import type { Style } from "@errand/view/style"
import { assemble, type Lane, type Mark, walk } from "@errand/view/timeline"
import { momentAt, type Scale, scaleOf } from "@errand/view/timeline/scale"
import { axisCells, type Cell, laneCells, usedCells } from "@errand/view/timeline/text"
import { type Look, paintOf } from "./lines.ts"
import * as Story from "./Story.ts"

const labelWidth = 24

/** How an errand is drawn. Its runs follow one another. */
const laneOf = (pool: string, { agent, description, id, runs }: Story.Errand, now: number): Lane => ({
  id,
  agent,
  description,
  depth: 1,
  ...walk(
    runs.flatMap(({ end, endedAt, queuedAt, startedAt }): ReadonlyArray<Mark> => [
      { at: queuedAt, kind: "queued", pools: [pool] },
      ...(startedAt === undefined ? [] : [{ at: startedAt, kind: "started" } as const]),
      ...(end === undefined || endedAt === undefined ? [] : [{ at: endedAt, kind: "ended", status: end } as const])
    ]),
    now
  )
})

const paint = (style: Style, cells: ReadonlyArray<Cell>): string =>
  cells.map(({ text, tone }) => {
    switch (tone) {
      case "waiting":
        return paintOf(style, "pending")(text)
      case "running":
      case "completed":
      case "error":
      case "cancelled":
        return paintOf(style, tone)(text)
      default:
        return text
    }
  }).join("").trimEnd()

const turnsOf = (scale: Scale, story: Story.Story, now: number): string =>
  Array.from({ length: scale.width }, (_, column) => {
    const [from, to] = [momentAt(scale, column), momentAt(scale, column + 1)]
    return story.turns.some((turn) => turn.from < to && (turn.to ?? now) > from) ? "▪" : " "
  }).join("")

const label = (text: string): string => `  ${fit(clip(text, labelWidth - 1), labelWidth)}`

/** The picture, from the prompt to the end of the story. */
export const timeline = (look: Look, story: Story.Story, now: number): ReadonlyArray<string> => {
  const { pool: { name, size }, style } = look
  const drawn = assemble({
    lanes: story.errands.map((errand) => laneOf(name, errand, now)),
    sizes: new Map([[name, size]])
  }, now)
  // The story goes on after the last errand is back: its time is the picture's.
  const scale = scaleOf({ ...drawn, from: story.beganAt, to: Math.max(now, story.beganAt + 1) }, {
    width: Math.max(20, look.width - labelWidth - 3),
    fold: 1,
    keep: Number.POSITIVE_INFINITY
  })
  const most = Story.mostAtOnce(story.errands, now)
  return [
    style.dim(label("seconds") + paint(style, axisCells(scale))),
    ...drawn.pools.flatMap(({ lanes }) => lanes).map((lane) =>
      label(`${fit(lane.agent, 10)}${oneLine(lane.description)}`) + paint(style, laneCells(scale, lane))
    ),
    label(`slots in use, of ${size}`) + drawn.pools.map((pool) => paint(style, usedCells(scale, pool))).join(""),
    label("main agent works") + style.blue(turnsOf(scale, story, now).trimEnd()),
    "",
    ...[
      "░ in line  █ running  ✓ completed  ✗ failed  ⊘ cancelled",
      `${name} has ${size} slot${size === 1 ? "" : "s"}: never more than ${most} in use`
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
