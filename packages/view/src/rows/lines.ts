/**
 * Lines of an exact width: the one at the head of a list, the words beside the prompt, and those of a row. Pure.
 */
import { clip, clock, fit, joined, widthOf } from "../format.ts"
import { isLost, isOut } from "./keeper.ts"
import { marks, spinnerAt } from "./marks.ts"
import type { Board, Item, Look, Row, Tone } from "./Row.ts"
import { asksOf, timeOf } from "./words.ts"

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
  return joined(
    counted(out, "out"),
    counted(inLine, "in line"),
    counted(lost, look.isLeft === true ? "left behind" : "lost")
  )
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
