/**
 * The result page: the answer of a task that completed, as much of it as OpenCode lets through in one piece.
 *
 * What stands above the first `---` is ours, and so are the remarks in brackets below it; everything else is the answer.
 * OpenCode cuts the output of a tool at about 50 kB or 2,000 lines, and cuts a single long line to nothing. So a page
 * stays below that, breaks long lines, and says how to read on.
 */
import { Task } from "@errand/core"
import { duration } from "./duration.ts"
import { continueCall, description, session } from "./fields.ts"
import { cutAt, endsLine, isPair, lines, message, neutral } from "./inline.ts"

/** A part of an answer that fits on one page. Offsets count UTF-16 code units, as JavaScript does. */
export interface Piece {
  readonly from: number
  /** Where the next piece begins; the length of the answer when this is the last. */
  readonly to: number
  /** The answer from `from` to `to`, without force, long lines broken. */
  readonly body: string
}

const pageMax = { chars: 40_000, lines: 1_800, bytes: 44_000 }
const lineMax = 1_900

/** The piece of an answer that begins at an offset. */
export const pieceAt = (answer: string, offset: number): Piece => {
  const start = Math.min(Math.max(0, Math.floor(offset)), answer.length)
  const from = isPair(answer, start) ? start - 1 : start
  const to = endOfPage(answer, from)
  return { from, to, body: broken(lines(neutral(answer.slice(from, to)))) }
}

/** A page ends after a line if it can, else between two characters. */
const endOfPage = (answer: string, from: number): number => {
  const limit = hardEnd(answer, from)
  if (limit === answer.length) return limit
  const line = answer.lastIndexOf("\n", limit - 1) + 1
  return line - from > (limit - from) / 2 ? line : limit
}

const hardEnd = (answer: string, from: number): number => {
  let chars = 0
  let bytes = 0
  let rows = 1
  let column = 0
  let index = from
  while (index < answer.length) {
    const code = answer.codePointAt(index) ?? 0
    const units = code > 0xffff ? 2 : 1
    // It may be written as `&lt;`.
    const wide = code === 0x3c ? 3 : 0
    const width = units + wide
    const newline = endsLine(code)
    const breaks = newline || column + width > lineMax
    chars += width
    bytes += byteLength(code) + wide + (breaks && !newline ? 1 : 0)
    rows += breaks ? 1 : 0
    column = newline ? 0 : breaks ? width : column + width
    if (chars > pageMax.chars || rows > pageMax.lines || bytes > pageMax.bytes) break
    index += units
  }
  return index
}

const byteLength = (code: number): number => code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4

/** Breaks the lines that are too long for OpenCode. */
const broken = (rows: ReadonlyArray<string>): string => rows.map(brokenLine).join("\n")

const brokenLine = (line: string): string => {
  const parts: Array<string> = []
  let rest = line
  while (rest.length > lineMax) {
    const at = cutAt(rest, lineMax)
    parts.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  return [...parts, rest].join("\n")
}

/** The answer of a task, from an offset on (characters). */
export const result = (
  task: Task.Task,
  outcome: Extract<Task.Outcome, { readonly _tag: "Completed" }>,
  offset = 0
): string =>
  [
    "Task Result",
    "",
    `Task ID: ${task.id}`,
    `Description: ${description(task)}`,
    `Duration: ${duration(Task.duration(task, task.endedAt ?? 0))}`,
    `Session ID: ${session(task)}`,
    ...outcome.note === undefined ? [] : [`Note: ${message(outcome.note)}`],
    "",
    "---",
    "",
    ...body(task, outcome.answer, offset),
    ...outcome.cutFrom === undefined ? [] : ["", cutRemark(task, outcome.answer.length, outcome.cutFrom)]
  ].join("\n")

/** How a remark of ours begins: no line of an answer does. */
const remark = /^\((?=characters \d|The answer had \d|Empty result|offset=)/gm

const body = (task: Task.Task, answer: string, offset: number): ReadonlyArray<string> => {
  if (answer.trim() === "") return [emptyRemark(task)]
  if (offset > 0 && offset >= answer.length) {
    return [`(offset=${Math.floor(offset)} is past the end: the answer has ${answer.length} characters.)`]
  }
  const piece = pieceAt(answer, offset)
  const shown = piece.body.replace(remark, "\\(")
  if (piece.from === 0 && piece.to === answer.length) return [shown]
  const range = `characters ${piece.from}-${piece.to} of ${answer.length}`
  return [
    shown,
    "",
    piece.to === answer.length
      ? `(${range}. This is the end of the answer.)`
      : `(${range}. To read on: background_output(task_id="${task.id}", offset=${piece.to}))`
  ]
}

const emptyRemark = (task: Task.Task): string => {
  const call = continueCall(task)
  const next = call === undefined ? "Launch it again with delegate_task if you need one." : `To ask it for one: ${call}`
  return `(Empty result: the agent ended without a final text. ${next})`
}

const cutRemark = (task: Task.Task, kept: number, had: number): string =>
  `(The answer had ${had} characters, of which ${kept} were kept. The rest is only in session ${session(task)}.)`
