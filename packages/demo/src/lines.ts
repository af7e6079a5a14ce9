/**
 * The story as lines of text: one or more for each beat, and the live ones for what goes on right now. Pure.
 */
import { clip, clock, fit, oneLine, ordinal, seconds, widthOf, wrap } from "@errand/view/format"
import * as Story from "./Story.ts"
import type { Style } from "./Style.ts"

export interface Look {
  readonly width: number
  readonly style: Style
  /** The provider whose slots are counted, and how many it has. */
  readonly pool: { readonly name: string; readonly size: number }
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

const marks: Readonly<Record<Story.Status, string>> = {
  pending: "◌",
  running: "●",
  completed: "✓",
  error: "✗",
  cancelled: "⊘"
}

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

export const markOf = (status: Story.Status, now: number): string =>
  status === "running" ? spinner.charAt(Math.floor(now / 100) % spinner.length) : marks[status]

const words: Readonly<Record<Story.Status, string>> = {
  pending: "in line",
  running: "running",
  completed: "completed",
  error: "failed",
  cancelled: "cancelled"
}

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
      const verdict = `${marks[beat.end]} ${words[beat.end]}`
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
  return ["", headline(look, story), ...story.errands.map((errand) => liveRow(look, story, errand, now))]
}

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

/** The place in line and the pool; the pool last, as it may be cut. */
const waits = ({ pool }: Look, place: number, room: number): string => {
  const where = `${pool.name} ${pool.size}/${pool.size}`
  const long = `${ordinal(place)} in line · ${where}`
  return widthOf(long) <= room ? long : `${ordinal(place)} · ${where}`
}

const liveRow = (look: Look, story: Story.Story, errand: Story.Errand, now: number): string => {
  const status = Story.statusOf(errand)
  const run = Story.lastRun(errand)
  const mark = `${markOf(status, now)} ${words[status]}`
  const what = `  ${fit(mark, 12)} ${fit(errand.agent, 10)} ${fit(oneLine(errand.description), 23)}`
  const left = `${what}${clock(elapsed(run, now)).padStart(6)}  `
  const room = look.width - widthOf(left)
  const detail = status === "pending"
    ? waits(look, Story.placeOf(story, errand), room)
    : status === "running"
    ? errand.last ?? "thinks"
    : errand.id
  const fitted = clip(left + oneLine(detail), look.width)
  const painted = paintOf(look.style, status)(mark)
  return status === "pending" || status === "running"
    ? fitted.replace(mark, painted)
    : look.style.dim(fitted)
}
