/**
 * Text made fit for a line of a terminal: how wide it is, how to cut and wrap it, and how to say a time.
 */

/** East Asian characters and most emoji take two columns. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const combining = /\p{M}|\p{Cf}/u

const columns = (character: string): number => combining.test(character) ? 0 : wide.test(character) ? 2 : 1

/** How many columns a text takes. It must hold no escape sequences. */
export const widthOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + columns(character), 0)

/** What nobody sees and a terminal may act on: no zeros, no turned directions. */
const invisible = /[\u200b\u202a-\u202e\u2060-\u2069\ufeff]/g

/** One line, without anything that a terminal would take for a command. */
export const oneLine = (text: string): string =>
  text.toWellFormed().replace(invisible, "").replace(/[\s\p{Cc}]+/gu, " ").trim()

/** The text in at most so many columns; what was cut is marked. */
export const clip = (text: string, max: number): string => {
  if (widthOf(text) <= max) return text
  let out = ""
  let used = 0
  for (const character of text) {
    if (used + columns(character) > max - 1) break
    out += character
    used += columns(character)
  }
  return `${out.trimEnd()}…`
}

/** The text in exactly so many columns. */
export const fit = (text: string, width: number): string => {
  const cut = clip(text, width)
  return cut + " ".repeat(Math.max(0, width - widthOf(cut)))
}

/** The text as lines of at most so many columns, broken between words where it can be. Its own line breaks stay. */
export const wrap = (text: string, width: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => wrapLine(line.replace(/\p{Cc}/gu, " ").trimEnd(), width))

const wrapLine = (line: string, width: number): ReadonlyArray<string> => {
  const indent = /^ */.exec(line)?.[0] ?? ""
  const lines: Array<string> = []
  let current = indent
  for (const word of line.slice(indent.length).split(" ")) {
    const longer = current.trim() === "" ? indent + word : `${current} ${word}`
    if (widthOf(longer) <= width || current.trim() === "") {
      current = longer
    } else {
      lines.push(current)
      current = indent + word
    }
  }
  return [...lines, current].map((each) => clip(each, width))
}

/** A time (ms) as people read it while it runs: `9s`, `2m05s`, `1h03m`. */
export const clock = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1_000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, "0")}s`
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`
}

/** A measured time (ms): to a tenth of a second below a minute. */
export const seconds = (millis: number): string =>
  millis < 59_950 ? `${(Math.max(0, millis) / 1_000).toFixed(1)}s` : clock(millis)

/** `1st`, `2nd`, `3rd`, `4th`, ... */
export const ordinal = (n: number): string => {
  const teen = n % 100 >= 11 && n % 100 <= 13
  const suffix = teen ? undefined : ["th", "st", "nd", "rd"][n % 10]
  return `${n}${suffix ?? "th"}`
}

/** Words with ` · ` between them; those that are not there, or empty, are left out. */
export const joined = (...words: ReadonlyArray<string | undefined>): string =>
  words.filter((word) => word !== undefined && word !== "").join(" · ")
