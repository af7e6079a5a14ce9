/**
 * Text that somebody else wrote, made fit to stand inside ours.
 *
 * Descriptions, error messages, names and answers come from models and providers. Everything of theirs goes through one of
 * these: `inline` where it stands in a line of ours, `quoted` or `block` where it has lines of its own. It is cut without
 * breaking a character, and kept from posing as a line of ours or as an instruction of the system.
 */

/** Everything that some reader may take for the end of a line. */
const lineBreak = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/

/** Whether a character may end a line, by its code. */
export const endsLine = (code: number): boolean =>
  isBetween(code, 0x0a, 0x0d) || code === 0x85 || isBetween(code, 0x2028, 0x2029)

/** The lines of a text, whatever ends them. */
export const lines = (text: string): ReadonlyArray<string> => text.split(lineBreak)

/** Control and formatting characters that have no place in a text. */
// oxlint-disable-next-line no-control-regex
const invisible = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u200b\u202a-\u202e\u2060-\u2069\ufeff]/g

/** A text without what nobody sees and some reader may act on: no escapes, no zeros, no turned directions, no halves. */
const visible = (text: string): string => text.toWellFormed().replace(invisible, "")

/** A text on one line, without leading, trailing and repeated spaces. */
export const oneLine = (text: string): string => visible(text).replace(/[\s\u0085]+/g, " ").trim()

/** Where to cut a text so that it is not longer than `max` and no character is broken in two. */
export const cutAt = (text: string, max: number): number => {
  if (text.length <= max) return text.length
  return isPair(text, max) ? max - 1 : max
}

/** Whether a cut at `index` goes through the middle of a character that takes two code units. */
export const isPair = (text: string, index: number): boolean =>
  isBetween(text.charCodeAt(index - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(index), 0xdc00, 0xdfff)

const isBetween = (code: number, low: number, high: number): boolean => code >= low && code <= high

/** A text of at most `max` characters, `...` after it where it was cut. */
export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, cutAt(text, max))}...`

/** The tag of the system's word, however it is written: a model reads over what stands between the letters. */
const tag = new RegExp(
  String.raw`<(?=[\s/\p{Cf}]*${[..."systemreminder"].join(String.raw`[\s_\-\p{Cf}]*`)})`,
  "giu"
)

/** Takes the force out of tags that a model would take for a word of the system. */
export const neutral = (text: string): string => visible(text).replace(tag, "&lt;")

/** What stands inside a line of ours: on one line, of at most `max` characters, without force. */
export const inline = (text: string, max: number): string => clip(neutral(oneLine(text)), max)

const titleMax = 200
const messageMax = 500

/** A task's description on one line. */
export const title = (description: string): string => inline(description, titleMax) || "(no description)"

/** What a host or a provider said, on one line. */
export const message = (text: string): string => inline(text, messageMax) || "(no message)"

/** A name or an id that is not ours: an agent's, a model's, a tool's, a session's. */
export const name = (text: string): string => inline(text, 100)

/** A sentence with its full stop. */
export const sentence = (text: string): string => /[.!?。！？…]$/.test(text) ? text : `${text}.`

/** The cell of a Markdown table. */
export const cell = (text: string): string => neutral(oneLine(text)).replace(/\\/g, "\\\\").replace(/\|/g, "\\|")

/** Every line of a text as a quotation, so that none of them can pass for ours. */
export const quoted = (text: string): string => lines(neutral(text)).map((line) => `> ${line}`.trimEnd()).join("\n")

/** A text with its lines as they are, none of which can pass for a heading, a row or a note of ours. */
export const block = (text: string): string =>
  lines(neutral(text)).map((line) => line.replace(/^(?=\s*[#|>])/, "\\")).join("\n")

/** A value that somebody passed, as it is shown in a complaint about it. */
export const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (typeof value === "string") return JSON.stringify(inline(value, 60))
  if (typeof value === "number" && !Number.isFinite(value)) return "no number"
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value)
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`
}

/** `1 task`, `2 tasks`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
