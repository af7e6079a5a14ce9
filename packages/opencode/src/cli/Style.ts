/**
 * How words are shown in a terminal: painted, and broken at its width. Where nobody looks (a pipe, a file) they stay as
 * they are. Pure.
 */

type Paint = (text: string) => string

export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
  /** How many columns there are; none where lines may be as long as they are. */
  readonly width: number | undefined
}

const same: Paint = (text) => text

export const plain: Style = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
  width: undefined
}

const sgr = (on: number, off: number): Paint => (text) => text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`

const painted = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39)
}

/** What is written to. */
export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Colours only on a terminal, and only if the person does not mind (https://no-color.org); a width only there, too. */
export const choose = (
  { columns, isTTY }: Output,
  env: Readonly<Record<string, string | undefined>>
): Style => {
  if (isTTY !== true) return plain
  const width = columns !== undefined && columns > 0 ? Math.max(columns, 40) : undefined
  const refused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb"
  return refused ? { ...plain, width } : { ...painted, width }
}

/** Breaks a text between words; every line but the first is indented. A word that is longer than a line stays whole: it can be copied. */
export const wrap = (text: string, width: number | undefined, indent = ""): string => {
  if (width === undefined) return text
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line !== indent && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = line === "" || line === indent ? `${line}${word}` : `${line} ${word}`
  }
  return [...lines, line].join("\n")
}
