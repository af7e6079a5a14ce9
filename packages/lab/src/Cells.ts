/**
 * A screen with its colours: what tmux captures with escape sequences (`Terminal.ansi`) as runs of text that look alike.
 * Pure.
 */

/** A piece of a line in one look. Colours are `#rrggbb`; absent is the terminal's own. */
export interface Run {
  readonly text: string
  /** The column of its first character, and how many columns it takes. */
  readonly column: number
  readonly width: number
  readonly fg?: string | undefined
  readonly bg?: string | undefined
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
}

interface Look {
  readonly fg: string | undefined
  readonly bg: string | undefined
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly inverse: boolean
}

const plain: Look = {
  fg: undefined,
  bg: undefined,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false
}

/** The sixteen colours that have names, as xterm has them. */
const named: ReadonlyArray<string> = (
  "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 "
  + "#7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff"
).split(" ")

const hex = (...parts: ReadonlyArray<number>): string =>
  `#${parts.map((part) => Math.max(0, Math.min(255, part)).toString(16).padStart(2, "0")).join("")}`

/** One of xterm's 256 colours. */
const indexed = (index: number): string => {
  const name = named[index]
  if (name !== undefined) return name
  if (index >= 232) return hex(8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232))
  const level = (step: number) => step === 0 ? 0 : 55 + 40 * step
  const at = index - 16
  return hex(level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6))
}

/** What a sequence `ESC [ ... m` makes of a look. */
const styled = (look: Look, codes: ReadonlyArray<number>): Look => {
  const [code = 0, ...rest] = codes
  const colour = (): readonly [string | undefined, ReadonlyArray<number>] => {
    const [how, ...values] = rest
    if (how === 2) return [hex(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0), values.slice(3)]
    return [indexed(values[0] ?? 0), values.slice(1)]
  }
  const one = (): readonly [Look, ReadonlyArray<number>] => {
    if (code === 38 || code === 48) {
      const [value, left] = colour()
      return [code === 38 ? { ...look, fg: value } : { ...look, bg: value }, left]
    }
    if (code >= 30 && code <= 37) return [{ ...look, fg: indexed(code - 30) }, rest]
    if (code >= 90 && code <= 97) return [{ ...look, fg: indexed(code - 82) }, rest]
    if (code >= 40 && code <= 47) return [{ ...look, bg: indexed(code - 40) }, rest]
    if (code >= 100 && code <= 107) return [{ ...look, bg: indexed(code - 92) }, rest]
    switch (code) {
      case 0:
        return [plain, rest]
      case 1:
        return [{ ...look, bold: true }, rest]
      case 2:
        return [{ ...look, dim: true }, rest]
      case 3:
        return [{ ...look, italic: true }, rest]
      case 4:
        return [{ ...look, underline: true }, rest]
      case 7:
        return [{ ...look, inverse: true }, rest]
      case 22:
        return [{ ...look, bold: false, dim: false }, rest]
      case 23:
        return [{ ...look, italic: false }, rest]
      case 24:
        return [{ ...look, underline: false }, rest]
      case 27:
        return [{ ...look, inverse: false }, rest]
      case 39:
        return [{ ...look, fg: undefined }, rest]
      case 49:
        return [{ ...look, bg: undefined }, rest]
      default:
        return [look, rest]
    }
  }
  const [next, left] = one()
  return left.length === 0 ? next : styled(next, left)
}

/** East Asian characters and most emoji take two columns; marks that join to others take none. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u
const widthOf = (text: string): number =>
  Array.from(text).reduce((sum, one) => sum + (/\p{M}|\p{Cf}/u.test(one) ? 0 : wide.test(one) ? 2 : 1), 0)

const escape = String.fromCharCode(27)
const bell = String.fromCharCode(7)

/** Any escape sequence; the one that sets a look has its codes as a group. */
const sequence = new RegExp(
  String
    .raw`${escape}(?:\[([0-9;:]*)m|\[[0-9;?]*[A-Za-z]|\][^${bell}${escape}]*(?:${bell}|${escape}\\)|[()][A-Z0-9]|.)`,
  "g"
)

/** The lines of a screen, each in runs. A look goes on over the ends of lines. */
export const parse = (ansi: string): ReadonlyArray<ReadonlyArray<Run>> => {
  let look = plain
  return ansi.replace(/\n$/, "").split("\n").map((line) => {
    const runs: Array<Run> = []
    let column = 0
    const add = (text: string) => {
      if (text === "") return
      const { inverse, ...rest } = look
      const width = widthOf(text)
      runs.push({
        ...rest,
        ...(inverse ? { fg: look.bg ?? "#000000", bg: look.fg ?? "#ffffff" } : {}),
        text,
        column,
        width
      })
      column += width
    }
    let at = 0
    for (const match of line.matchAll(sequence)) {
      add(line.slice(at, match.index))
      at = match.index + match[0].length
      const codes = match[1]
      if (codes !== undefined) look = styled(look, codes === "" ? [0] : codes.split(/[;:]/).map(Number))
    }
    add(line.slice(at))
    return runs
  })
}

const channel = (value: number): number => value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    channel(Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** How much two colours differ, from 1 to 21 (WCAG 2: 4.5 is wanted for text, 3 for what is large or less important). */
export const contrast = (one: string, other: string): number => {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}
