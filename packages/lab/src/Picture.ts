/**
 * A screen as a picture: the runs of `Cells` as an SVG, cell by cell, so that it looks the same in every font. Pure.
 */
import type { Run } from "./Cells.ts"

export interface Options {
  /** What the picture shows, for those who do not see it. */
  readonly title: string
  /** Which part of the screen (counted from 0, `to` not included). Default: all of it. */
  readonly columns?: readonly [from: number, to: number]
  readonly lines?: readonly [from: number, to: number]
  /** The terminal's own colours. */
  readonly background?: string
  readonly foreground?: string
}

/** Of a cell, in user units. */
const cellWidth = 8.4
const cellHeight = 18
const fontSize = 14
const margin = 12

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")

const number = (value: number): string => String(Math.round(value * 100) / 100)

/** Characters that fill (a part of) their cell: a font would leave gaps between them. [x, y, width, height] in cells. */
type Shape = readonly [x: number, y: number, width: number, height: number, opacity: number]
const blocks: ReadonlyMap<string, Shape> = new Map([
  ["█", [0, 0, 1, 1, 1]],
  ["▀", [0, 0, 1, 0.5, 1]],
  ["▄", [0, 0.5, 1, 0.5, 1]],
  ["░", [0, 0.1, 1, 0.8, 0.4]],
  ["▒", [0, 0.1, 1, 0.8, 0.65]],
  ["▓", [0, 0, 1, 1, 0.75]],
  ["┃", [0.4, 0, 0.2, 1, 1]],
  ["╹", [0.4, 0, 0.2, 0.5, 1]],
  ["╻", [0.4, 0.5, 0.2, 0.5, 1]],
  ["│", [0.45, 0, 0.1, 1, 1]]
])

const rect = (x: number, y: number, width: number, height: number, fill: string, opacity = 1): string =>
  `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" fill="${fill}"${
    opacity === 1 ? "" : ` fill-opacity="${opacity}"`
  }/>`

/** The words of a run with their columns: what is blank between them is not drawn, and they cannot drift. */
const wordsOf = ({ column, text }: Run): ReadonlyArray<{ readonly text: string; readonly column: number }> =>
  [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ text: match[0], column: column + match.index }))

interface Block {
  readonly column: number
  readonly count: number
  readonly shape: Shape
}

/** Its blocks; those of a kind that touch are one. */
const blocksOf = ({ column, text }: Run): ReadonlyArray<Block> =>
  [...text.matchAll(/(.)\1*/gu)].flatMap((match): ReadonlyArray<Block> => {
    const shape = blocks.get(match[1] ?? "")
    const count = Array.from(match[0]).length
    if (shape === undefined) return []
    const at = column + Array.from(text.slice(0, match.index)).length
    return shape[2] === 1
      ? [{ column: at, count, shape }]
      : Array.from({ length: count }, (_, index) => ({ column: at + index, count: 1, shape }))
  })

const clipped = (run: Run, from: number, to: number): ReadonlyArray<Run> => {
  if (run.column >= from && run.column + run.width <= to) return [{ ...run, column: run.column - from }]
  // Only text of one column each is cut: the rest of a screen that is cut is not looked at that closely.
  const first = Math.max(0, from - run.column)
  const text = Array.from(run.text).slice(first, Math.max(first, to - run.column)).join("")
  return text === "" ? [] : [{ ...run, text, width: text.length, column: Math.max(run.column, from) - from }]
}

export const svg = (screen: ReadonlyArray<ReadonlyArray<Run>>, options: Options): string => {
  const { background = "#0a0a0a", foreground = "#eeeeee", title } = options
  const [top, bottom] = options.lines ?? [0, screen.length]
  const widest = Math.max(
    ...screen.map((line) => line.reduce((most, { column, width }) => Math.max(most, column + width), 0))
  )
  const [left, right] = options.columns ?? [0, widest]
  const width = (right - left) * cellWidth + 2 * margin
  const height = (bottom - top) * cellHeight + 2 * margin
  const grounds: Array<string> = []
  const inks: Array<string> = []
  for (const [index, line] of screen.slice(top, bottom).entries()) {
    const y = margin + index * cellHeight
    for (const run of line.flatMap((run) => clipped(run, left, right))) {
      const x = (column: number) => margin + column * cellWidth
      const fill = run.fg ?? foreground
      if (run.bg !== undefined && run.bg !== background) {
        grounds.push(rect(x(run.column), y, run.width * cellWidth, cellHeight, run.bg))
      }
      for (const { column, count, shape: [dx, dy, across, down, opacity] } of blocksOf(run)) {
        // What touches its neighbour is one: between two there would be a seam.
        const width = across === 1 ? count * cellWidth : across * cellWidth
        inks.push(rect(x(column + dx), y + dy * cellHeight, width, down * cellHeight, fill, opacity))
      }
      const letters = Array.from(run.text).map((character) => blocks.has(character) ? " " : character).join("")
      for (const word of wordsOf({ ...run, text: letters })) {
        const length = word.text.length * cellWidth
        const style = `${run.bold ? " font-weight=\"bold\"" : ""}${run.italic ? " font-style=\"italic\"" : ""}${
          run.underline ? " text-decoration=\"underline\"" : ""
        }${run.dim ? " opacity=\"0.6\"" : ""}`
        inks.push(
          `<text x="${number(x(word.column))}" y="${number(y + 13.5)}" textLength="${number(length)}" `
            + `lengthAdjust="spacingAndGlyphs" fill="${fill}"${style}>${escaped(word.text)}</text>`
        )
      }
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${number(width)} ${number(height)}" `
    + `width="${number(width)}" height="${number(height)}" role="img" font-size="${fontSize}" xml:space="preserve" `
    + "font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">",
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    ...grounds,
    ...inks,
    "</svg>",
    ""
  ].join("\n")
}
