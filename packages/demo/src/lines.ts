/**
 * The story as lines of text: one or more for each beat, and the live ones for what goes on right now. Pure.
 */
import { clip, clock, fit, oneLine, seconds, widthOf, wrap } from "@errand/view/format"
import * as Rows from "@errand/view/rows"
import type { Style } from "@errand/view/style"
import { boardOf, type Pool } from "./boardOf.ts"
import * as Story from "./Story.ts"

export interface Look {
  readonly width: number
  readonly style: Style
  readonly pool: Pool
  /** Whether the lines stay as they are: then what the live lines would show gets lines of its own. */
  readonly live: boolean
}

const timeWidth = 7
const whoWidth = 11
const indent = " ".repeat(timeWidth + 2 + whoWidth)

/** A line of the story: when, who, and what, wrapped below itself. */
const row = (look: Look, at: number, who: string, text: string): ReadonlyArray<string> => {
  const [first, ...rest] = wrap(text, look.width - indent.length)
  const head = look.style.dim(seconds(at).padStart(timeWidth)) + "  " + look.style.bold(fit(who, whoWidth))
  return [head + (first ?? ""), ...rest.map((line) => indent + line)]
}

/** A text that a tool returned, as it is. */
const quote = (look: Look, text: string): ReadonlyArray<string> =>
  wrap(text, look.width - 5).map((line) => look.style.dim(`   │ ${line}`.trimEnd()))

export const markOf = (status: Story.Status, now: number): string =>
  status === "running" ? Rows.spinnerAt(now) : status === "pending" ? Rows.marks.pending : Rows.ends[status].mark

export const paintOf = (style: Style, status: Story.Status): (text: string) => string =>
  ({
    pending: style.yellow,
    running: style.cyan,
    completed: style.green,
    error: style.red,
    cancelled: style.yellow
  })[status]

/** What `delegate_task` said about the line, in its own words. */
const reasonOf = (output: string): string => /^It (?:waits for|is) .*$/m.exec(output)?.[0] ?? "It waits for a slot."

const elapsed = (run: Story.Run | undefined, now: number): number =>
  run === undefined ? 0 : (run.endedAt ?? now) - (run.startedAt ?? run.queuedAt)

/** What a beat of the story adds to the terminal. */
export const beat = (look: Look, story: Story.Story, beat: Story.Beat): ReadonlyArray<string> => {
  const at = beat.at - story.beganAt
  const { style } = look
  const find = (id: string) => story.errands.find((errand) => errand.id === id)
  switch (beat._tag) {
    case "Said":
      return row(look, at, "Main agent", `"${beat.text.trim()}"`)
    case "Worked": {
      const meanwhile = beat.out === 0 ? "" : `   (goes on with its own work: ${count(beat.out, "errand")} out)`
      return row(look, at, "Main agent", `calls ${beat.what}${meanwhile}`)
    }
    case "Launched": {
      const errand = find(beat.errand)
      const call = `calls delegate_task: agent ${errand?.agent ?? "?"}, "${oneLine(errand?.description ?? "?")}"`
      const result = beat.status === "pending"
        ? `-> ${beat.errand} is pending. ${reasonOf(beat.output)}`
        : `-> ${beat.errand} is ${beat.status}: there was a free slot`
      return [
        ...row(look, at, "Main agent", call),
        ...below(look, beat.status === "pending" ? style.yellow : style.cyan, result)
      ]
    }
    case "Continued": {
      const errand = find(beat.errand)
      const call = `calls delegate_task with session_id: it goes on where "${
        oneLine(errand?.description ?? "?")
      }" stopped`
      return [
        ...row(look, at, "Main agent", call),
        ...below(
          look,
          style.cyan,
          `-> ${beat.errand} is ${beat.status}: the same task, and all that its agent has read`
        )
      ]
    }
    case "Cancelled":
      return [...below(look, style.cyan, "-> the call returns:"), ...quote(look, beat.output)]
    case "Cancelling":
      return row(look, at, "Main agent", `calls background_cancel: ${oneLine(beat.what)}`)
    case "Failed":
      return row(look, at, "OpenCode", `✗ the main agent's turn failed: ${oneLine(beat.error)}`)
    case "Refused":
      return [...row(look, at, "Main agent", `calls ${beat.tool}, and is refused:`), ...quote(look, beat.output)]
    case "Started": {
      const errand = find(beat.errand)
      const run = errand?.runs[beat.run]
      const waited = run?.startedAt === undefined ? 0 : run.startedAt - run.queuedAt
      if (errand === undefined || waited < 1_000) return []
      return row(look, at, errand.agent, `starts by itself: a slot is free, after ${seconds(waited)} in line`)
    }
    case "Step": {
      const errand = find(beat.errand)
      return look.live || errand === undefined ? [] : row(look, at, errand.agent, oneLine(`calls ${beat.what}`))
    }
    case "Ended": {
      const errand = find(beat.errand)
      const run = errand?.runs[beat.run]
      if (errand === undefined) return []
      const { mark, word } = Rows.ends[beat.end]
      const verdict = `${mark} ${word}`
      const [first, ...rest] = row(look, at, errand.agent, `${verdict} after ${seconds(elapsed(run, beat.at))}`)
      return [(first ?? "").replace(verdict, paintOf(style, beat.end)(verdict)), ...rest]
    }
    case "Noticed":
      return beat.wakes
        ? ["", ...row(look, at, "Errand", `wakes the main agent, with the answers: ${beat.text}`)]
        : row(look, at, "Errand", `tells the main agent, without waking it: ${beat.text}`)
  }
}

const below = (look: Look, paint: (text: string) => string, text: string): ReadonlyArray<string> =>
  wrap(text, look.width - indent.length).map((line) => indent + paint(line))

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`

/** What goes on right now: the slots, the main agent, and each errand that is out or has just ended. */
export const live = (look: Look, story: Story.Story, now: number): ReadonlyArray<string> => {
  if (story.errands.length === 0) {
    return [`${" ".repeat(timeWidth + 2)}${markOf("running", now)} ${thinking(story, now)}`]
  }
  const rows = new Map(Rows.rowsOf(boardOf(story, look.pool), { now }).map((row) => [row.id, row]))
  // In the order in which they were sent: lines that change places are hard to follow.
  return ["", headline(look, story), ...story.errands.flatMap(({ id }) => liveRow(look, rows.get(id)))]
}

/** How far the story is, below everything else. */
export const far = ({ style, width }: Look, progress: string): string =>
  style.dim(clip(`${" ".repeat(timeWidth + 2)}${progress}`, width))

const thinking = (story: Story.Story, now: number): string =>
  `the main agent has the prompt and thinks (${clock(now - story.beganAt)})`

const headline = (look: Look, story: Story.Story): string => {
  const { name, size } = look.pool
  const running = story.errands.filter((errand) => Story.statusOf(errand) === "running").length
  const waiting = story.errands.filter((errand) => Story.statusOf(errand) === "pending").length
  const slots = "■".repeat(Math.min(running, size)) + "□".repeat(Math.max(0, size - running))
  const agent = Story.isBusy(story) ? "main agent works" : "main agent is free"
  const text = `── slots of ${name} ${slots} ${running}/${size} in use · ${waiting} in line · ${agent} `
  return look.style.dim(`  ${clip(text, look.width - 2)}${"─".repeat(Math.max(0, look.width - 2 - widthOf(text)))}`)
}

const toneOf = (style: Style): Readonly<Record<Rows.Tone, (text: string) => string>> => ({
  attention: style.yellow,
  running: style.cyan,
  waiting: style.yellow,
  good: style.green,
  bad: style.red,
  quiet: style.dim
})

const liveRow = (look: Look, row: Rows.Row | undefined): ReadonlyArray<string> => {
  if (row === undefined) return []
  const mark = `${row.mark} ${row.word}`
  const what = `  ${fit(mark, 12)} ${fit(row.agent, 10)} ${fit(row.label, 23)}`
  const left = `${what}${row.time.padStart(6)}  `
  const room = look.width - widthOf(left)
  const doing = row.group === "finished" ? row.id : widthOf(row.doing) <= room ? row.doing : row.doingShort
  const fitted = clip(left + doing, look.width)
  return [row.group === "finished" ? look.style.dim(fitted) : fitted.replace(mark, toneOf(look.style)[row.tone](mark))]
}
