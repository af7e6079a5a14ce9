/**
 * What a person sees of a board: one row for each task, the line at the head of them, and the few words beside the
 * prompt. The sidebar, `/tasks`, the command line and the demo show these, each in its own widths and colours. Pure: a
 * board and a moment make rows, and the next moment makes others.
 *
 * How to use it: `rowsOf(board, look)` gives every task, in the order needs you, running, in line, lost, finished;
 * `sidebar` leaves out what ended a while ago and says how many more there are; `groups` has them all, with titles;
 * `headLine` and `promptStatus` are lines. A `Row` holds words that are not cut: `twoLines` and `oneLineOf` make lines of
 * an exact width. `isAnswering` says whether the process that keeps the board still does; where it may not, a TUI half
 * says `errand.hello` (a process that is there writes its boards anew), and `rowsOf` shows `?`.
 *
 * It imports types only of the board, so that a bundle of it needs no schemas.
 */
import type * as Kept from "./Board.ts"
import { clip, clock, fit, oneLine, widthOf } from "./format.ts"
import { place, placeInFull } from "./places.ts"

/** A task of a board, or of something that is made up like one. */
export interface Item extends Omit<Kept.Item, "id"> {
  readonly id: string
}

/** What rows are made of: a board, or something that is made up like one. */
export interface Board extends Omit<Kept.Board, "tasks"> {
  readonly tasks: ReadonlyArray<Item>
}

/** What a row wants of a person, best said by a colour too; the mark and the word say it without one. */
export type Tone = "attention" | "running" | "waiting" | "good" | "bad" | "quiet"

/** In the order in which they are shown. */
export type Group = "needs you" | "out" | "in line" | "lost" | "finished"

export interface Row {
  readonly id: string
  /** What can be opened; absent while it has none. */
  readonly session: string | undefined
  /** 1 for a task of the root session. */
  readonly depth: number
  readonly group: Group
  readonly tone: Tone
  /** One column. While it runs it turns with the time. */
  readonly mark: string
  /** What the mark says: `running`, `in line`, `needs you`, `tries again`, `completed`, `failed`, `cancelled`, `lost`. */
  readonly word: string
  /** The description. */
  readonly label: string
  readonly agent: string
  /** How long it has run, or waits, or ran: `1m05s`. */
  readonly time: string
  /** What it does, why it waits or how it ended, without the agent; empty where there is nothing to say. */
  readonly doing: string
  /** The same for narrow places. */
  readonly doingShort: string
  /** The line below the label in a narrow list: `explore · grep login`; empty where none is needed. */
  readonly detail: string
  /** All of it, for a wide list: `explore · grep login · anthropic/opus`. */
  readonly about: string
  /** The question to answer, the oldest one; absent where nothing is asked. */
  readonly ask: string | undefined
}

/** What is needed besides the board. */
export interface Look {
  /** Epoch ms. */
  readonly now: number
  /** Whether the host works in a session at the moment. Absent: the board is taken at its word. */
  readonly isBusy?: ((session: string) => boolean) | undefined
  /** What is said of tasks that were out where whoever kept the board is gone. */
  readonly lostAs?: string | undefined
}

/** How long finished tasks stay in a short list (ms). */
export const lingerMs = 60_000

/** After how much silence (ms) of a board, with none of its sessions at work, its keeper is asked for a sign. */
export const silenceMs = 10_000

/** How much later (ms) than that it is taken for gone: what it says within this time is heard. */
export const graceMs = 2_000

/** The frames of the spinner, a tenth of a second each. */
export const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

export const spinnerAt = (now: number): string => spinner.charAt(Math.floor(Math.max(0, now) / 100) % spinner.length)

export const marks = {
  pending: "◌",
  attention: "▲",
  retry: "↻",
  completed: "✓",
  error: "✗",
  cancelled: "⊘",
  lost: "?"
} as const

export const isOut = ({ status }: Pick<Item, "status">): boolean => status === "pending" || status === "running"

/** Whether anything is out: whoever shows times has something to count only then. */
export const isLive = (board: Pick<Board, "tasks">): boolean => board.tasks.some(isOut)

const isQuietFor = (board: Board, { isBusy, now }: Look, ms: number): boolean =>
  isBusy !== undefined
  && now - board.at > ms
  && !board.tasks.some((item) => isOut(item) && item.session !== undefined && isBusy(item.session))

/**
 * Whether the keeper of the board should be asked for a sign: something is out, nothing of it is at work, and the board
 * has said nothing for a while. A task may well stand still for so long; a keeper that is there writes the board anew.
 */
export const isSilent = (board: Board, look: Look): boolean => isLive(board) && isQuietFor(board, look, silenceMs)

/** Whether whoever kept the board is gone: it was silent, and is still. What is out there is lost. */
export const isLost = (board: Board, look: Look): boolean =>
  isLive(board) && isQuietFor(board, look, silenceMs + graceMs)

const joined = (...words: ReadonlyArray<string | undefined>): string =>
  words.filter((word) => word !== undefined && word !== "").join(" · ")

type Words =
  & Pick<Row, "group" | "tone" | "mark" | "word" | "doing">
  & Partial<Pick<Row, "doingShort" | "detail" | "about">>

const asksOf = ({ asks = [], status }: Item) => isOut({ status }) ? asks.toSorted((a, b) => a.at - b.at) : []

/** How many tasks of its own it has out. */
const childrenOut = (board: Board, item: Item): number =>
  board.tasks.filter((other) => isOut(other) && other.parent === item.session && other.id !== item.id).length

const running = (board: Board, item: Item, now: number): Words => {
  const [ask, ...more] = asksOf(item)
  if (ask !== undefined) {
    const others = more.length === 0 ? "" : ` (+${more.length} more)`
    const doing = `${oneLine(ask.what)}${others}`
    return {
      group: "needs you",
      tone: "attention",
      mark: marks.attention,
      word: "needs you",
      doing,
      detail: `needs you: ${doing}`
    }
  }
  if (item.retry !== undefined) {
    const { attempt, message, nextAt } = item.retry
    const when = nextAt > now ? `try ${attempt + 1} in ${clock(nextAt - now + 999)}` : `try ${attempt + 1}`
    const doing = joined(when, oneLine(message))
    return { group: "out", tone: "attention", mark: marks.retry, word: "tries again", doing }
  }
  const own = item.lent === true ? childrenOut(board, item) : 0
  const doing = item.session === undefined
    ? "starts"
    : item.lent === true
    ? (own === 0 ? "waits for a slot again" : `waits for its own (${own} out)`)
    : oneLine(item.last ?? "") || "thinks"
  return { group: "out", tone: "running", mark: spinnerAt(now), word: "running", doing }
}

const waiting = (board: Board, item: Item): Words => {
  const { long, short } = place(board, item)
  return {
    group: "in line",
    tone: "waiting",
    mark: marks.pending,
    word: "in line",
    doing: long,
    doingShort: short,
    detail: long,
    about: placeInFull(board, item)
  }
}

/** `just now`, `2 min ago`, `3 h ago`, `2 days ago`. */
export const ago = (ms: number): string => {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes < 1) return "just now"
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ago`
  return `${Math.floor(hours / 24)} days ago`
}

/** How a task ended, in a mark and a word. */
export const ends = {
  completed: { mark: marks.completed, word: "completed", tone: "good" },
  error: { mark: marks.error, word: "failed", tone: "bad" },
  cancelled: { mark: marks.cancelled, word: "cancelled", tone: "quiet" }
} as const

const timeOf = (item: Item, now: number): number => {
  const from = item.startedAt ?? item.queuedAt
  return Math.max(0, (item.endedAt ?? now) - from)
}

const wordsOf = (
  board: Board,
  item: Item,
  { now, lostAs = "lost when OpenCode stopped" }: Look,
  lost: boolean
): Words => {
  if (item.status === "pending" || item.status === "running") {
    if (lost) {
      return { group: "lost", tone: "bad", mark: marks.lost, word: "lost", doing: lostAs, detail: lostAs }
    }
    return item.status === "pending" ? waiting(board, item) : running(board, item, now)
  }
  const why = oneLine(item.why ?? "")
  return {
    ...ends[item.status],
    group: "finished",
    doing: why,
    // Nothing more to say of one that has an answer.
    detail: item.status === "completed" ? "" : why,
    about: joined(
      oneLine(item.agent),
      clock(timeOf(item, now)),
      why,
      ago(now - (item.endedAt ?? board.at))
    )
  }
}

const rowOf = (board: Board, item: Item, look: Look, lost: boolean): Row => {
  const { now } = look
  const words = wordsOf(board, item, look, lost)
  const agent = oneLine(item.agent) || "(unknown agent)"
  return {
    id: item.id,
    session: item.session,
    depth: item.depth,
    label: oneLine(item.description) || "(no description)",
    agent,
    // Nobody knows until when one that is lost ran.
    time: words.group === "lost" ? "" : clock(timeOf(item, now)),
    ask: asksOf(item)[0]?.id,
    ...words,
    doingShort: words.doingShort ?? words.doing,
    detail: words.detail ?? joined(agent, words.doing),
    about: words.about ?? joined(agent, words.doing, words.group === "out" ? oneLine(item.model ?? "") : undefined)
  }
}

const order: Readonly<Record<Group, number>> = { "needs you": 0, "out": 1, "in line": 2, "lost": 3, "finished": 4 }

/** First whoever has waited or run longest; of those in line the one that is next; of those that ended the latest. */
const earlier = (a: Item, b: Item, group: Group): number => {
  switch (group) {
    case "needs you":
      return (asksOf(a)[0]?.at ?? 0) - (asksOf(b)[0]?.at ?? 0)
    case "in line":
      return (a.ahead ?? Number.MAX_SAFE_INTEGER) - (b.ahead ?? Number.MAX_SAFE_INTEGER) || a.queuedAt - b.queuedAt
    case "out":
    case "lost":
      return (a.startedAt ?? a.queuedAt) - (b.startedAt ?? b.queuedAt)
    case "finished":
      return (b.endedAt ?? 0) - (a.endedAt ?? 0)
  }
}

/** A row for each task of the board: needs you, running, in line, lost, finished. */
export const rowsOf = (board: Board, look: Look): ReadonlyArray<Row> => {
  const lost = isLost(board, look)
  return board.tasks
    .map((item) => ({ item, row: rowOf(board, item, look, lost) }))
    .toSorted((a, b) => order[a.row.group] - order[b.row.group] || earlier(a.item, b.item, a.row.group))
    .map(({ row }) => row)
}

/** Of a short list: its rows, and how many more a longer one has. */
export interface ShortList {
  readonly rows: ReadonlyArray<Row>
  readonly more: number
}

/** The rows of a short list: at most `max`, and of those that ended only those of the last minute. */
export const sidebar = (board: Board, look: Look, max = 8): ShortList => {
  const ended = new Map<string, number | undefined>(board.tasks.map(({ endedAt, id }) => [id, endedAt]))
  const fresh = rowsOf(board, look).filter(({ group, id }) =>
    group !== "finished" || look.now - (ended.get(id) ?? 0) < lingerMs
  )
  const rows = fresh.slice(0, Math.max(0, max))
  const left = fresh.length - rows.length
  // Of the others of which the board has only the number, those that have ended are long over.
  return { rows, more: left + (board.moreOut ?? 0) + (board.moreInLine ?? 0) }
}

/** When a short list changes next by itself, with nothing out (epoch ms): a finished row goes; none where none is left. */
export const nextDeparture = (board: Board, now: number): number | undefined => {
  const departures = board.tasks
    .flatMap(({ endedAt }) => endedAt === undefined ? [] : [endedAt + lingerMs])
    .filter((at) => at > now)
  return departures.length === 0 ? undefined : Math.min(...departures)
}

export const titles: Readonly<Record<Group, string>> = {
  "needs you": "Needs you",
  "out": "Out",
  "in line": "In line",
  "lost": "Lost",
  "finished": "Finished"
}

/** All rows, in groups with titles; groups without a row are left out. */
export const groups = (
  board: Board,
  look: Look
): ReadonlyArray<{ readonly title: string; readonly rows: ReadonlyArray<Row> }> => {
  const rows = rowsOf(board, look)
  const all: ReadonlyArray<Group> = ["needs you", "out", "in line", "lost", "finished"]
  return all.flatMap((group) => {
    const some = rows.filter((row) => row.group === group)
    return some.length === 0 ? [] : [{ title: titles[group], rows: some }]
  })
}

/** How many there are of each kind. Whoever needs a person is out as well. */
export interface Counts {
  readonly needsYou: number
  readonly out: number
  readonly inLine: number
  readonly lost: number
  readonly finished: number
}

export const countsOf = (board: Board, look: Look): Counts => {
  const lost = isLost(board, look)
  const count = (is: (item: Item) => boolean) => board.tasks.filter(is).length
  const { more = 0, moreInLine = 0, moreOut = 0 } = board
  return {
    needsYou: lost ? 0 : count((item) => item.status === "running" && asksOf(item).length > 0),
    out: lost ? 0 : count(({ status }) => status === "running") + moreOut,
    inLine: lost ? 0 : count(({ status }) => status === "pending") + moreInLine,
    lost: lost ? count(isOut) + moreOut + moreInLine : 0,
    finished: count((item) => !isOut(item)) + (more - moreOut - moreInLine)
  }
}

const counted = (n: number, words: string): string | undefined => n === 0 ? undefined : `${n} ${words}`

/** The line at the head of a list: `2 out · 1 in line`; empty when nothing is out. */
export const headLine = (board: Board, look: Look): string => {
  const { inLine, lost, out } = countsOf(board, look)
  return joined(counted(out, "out"), counted(inLine, "in line"), counted(lost, "lost"))
}

/** Words beside the prompt, and how they are meant. */
export interface Status {
  readonly text: string
  readonly tone: Tone
}

/** Beside the prompt: `⠹ 2 out · 1 in line · 1m05s`, or `▲ 1 needs you` before all else; nothing when nothing is out. */
export const promptStatus = (board: Board, look: Look): Status | undefined => {
  const { inLine, needsYou, out } = countsOf(board, look)
  if (needsYou > 0) {
    return { text: `${marks.attention} ${needsYou} ${needsYou === 1 ? "needs" : "need"} you`, tone: "attention" }
  }
  const live = board.tasks.filter(({ status }) => status === (out > 0 ? "running" : "pending"))
  if (out + inLine === 0) return undefined
  const longest = Math.max(...live.map((item) => timeOf(item, look.now)))
  const mark = out > 0 ? spinnerAt(look.now) : marks.pending
  return {
    text: joined(`${mark} ${joined(counted(out, "out"), counted(inLine, "in line"))}`, clock(longest)),
    tone: out > 0 ? "running" : "waiting"
  }
}

/** A row as a line of exactly `width` columns, its time at the right: `⠹ Find the auth code      1m05s`. */
export const firstLine = ({ label, mark, time }: Row, width: number): string => {
  const end = time === "" ? "" : ` ${time}`
  return fit(`${fit(`${mark} ${label}`, width - widthOf(end))}${end}`, width)
}

/** The line below it, in at most `width` columns; empty where none is needed. */
export const secondLine = ({ detail }: Row, width: number): string => detail === "" ? "" : clip(`  ${detail}`, width)
