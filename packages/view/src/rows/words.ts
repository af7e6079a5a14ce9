/**
 * What is said of one task: its mark, what it does, why it waits or how it ended. Pure.
 */
import { clock, joined, oneLine } from "../format.ts"
import { place, placeInFull } from "../places.ts"
import { isOut } from "./keeper.ts"
import { ends, marks, spinnerAt } from "./marks.ts"
import type { Board, Item, Look, Row } from "./Row.ts"

type Words =
  & Pick<Row, "group" | "tone" | "mark" | "word" | "doing">
  & Partial<Pick<Row, "doingShort" | "detail" | "about">>

export const asksOf = ({ asks = [], status }: Item) => isOut({ status }) ? asks.toSorted((a, b) => a.at - b.at) : []

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

export const timeOf = (item: Item, now: number): number => {
  const from = item.startedAt ?? item.queuedAt
  return Math.max(0, (item.endedAt ?? now) - from)
}

const wordsOf = (
  board: Board,
  item: Item,
  { isLeft = false, now }: Look,
  lost: boolean
): Words => {
  if (item.status === "pending" || item.status === "running") {
    if (lost) {
      const word = isLeft ? "left" : "lost"
      const doing = `${word} when OpenCode stopped`
      return { group: "lost", tone: isLeft ? "waiting" : "bad", mark: marks.lost, word, doing, detail: doing }
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
    about: joined(oneLine(item.agent), why, ago(now - (item.endedAt ?? board.at)))
  }
}

export const rowOf = (board: Board, item: Item, look: Look, lost: boolean): Row => {
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
