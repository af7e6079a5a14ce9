/**
 * How words are shown in a terminal: painted, and broken at its width. Where nobody looks (a pipe, a file) they stay as
 * they are. Pure.
 */
import { widthOf } from "@errand/view/format"
import * as Colours from "@errand/view/style"

export interface Style extends Colours.Style {
  /** How many columns there are; none where lines may be as long as they are. */
  readonly width: number | undefined
}

export const plain: Style = { ...Colours.plain, width: undefined }

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
  return { ...Colours.choose(isTTY, env), width }
}

/**
 * Breaks a text between words; every line but the first is indented. A word that is longer than a line stays whole: it can
 * be copied.
 */
export const wrap = (text: string, width: number | undefined, indent = ""): string => {
  if (width === undefined || widthOf(text) <= width) return text
  const lines: Array<string> = []
  const start = /^ */.exec(text)?.[0] ?? ""
  let line = start
  let isEmpty = true
  for (const word of text.slice(start.length).split(" ")) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = isEmpty ? `${line}${word}` : `${line} ${word}`
    isEmpty = false
  }
  return [...lines, line].join("\n")
}
