/**
 * How far long work is, and how long it will take, in one line. Pure: whoever does the work has the clock and the terminal.
 *
 * On a terminal the line is written over itself, and never longer than the terminal is wide, as what has wrapped can no longer
 * be written over. Where nobody watches, a line now and then is enough.
 */
import { Option } from "effect"
import { clip, clock, oneLine } from "./format.ts"

/** Work in steps that are alike. */
export interface Steps {
  readonly done: number
  readonly of: number
  /** Epoch ms. */
  readonly began: number
}

/** How much time the rest will take (ms), from what was done so far; none before anything is done. */
export const left = ({ began, done, of }: Steps, now: number): Option.Option<number> =>
  done === 0 ? Option.none() : Option.some(Math.max(0, (now - began) / done * (of - done)))

/** A point on the way of work that is known beforehand. */
export interface Milestone {
  /** When it is reached where nothing is slow (ms after the beginning). */
  readonly usually: number
  /** Epoch ms when it was reached; absent while it was not. */
  readonly reached?: number | undefined
}

/**
 * How much time the rest of a known way will take (ms), at the pace so far. What comes after the next milestone is still to
 * come for as long as that one is.
 */
export const leftOfWay = (way: ReadonlyArray<Milestone>, began: number, now: number): number => {
  const ahead = way.findIndex(({ reached }) => reached === undefined)
  if (ahead === -1) return 0
  const last = way[ahead - 1]
  const at = last?.usually ?? 0
  const since = last?.reached ?? began
  const pace = at === 0 ? 1 : Math.max(1, (since - began) / at)
  const end = way.at(-1)?.usually ?? 0
  const afterNext = end - (way[ahead]?.usually ?? end)
  return Math.max(afterNext * pace, (end - at) * pace - (now - since))
}

/** `about 9s left`; nothing where nobody can tell. */
export const leftText = (ms: Option.Option<number>): string =>
  Option.match(ms, { onNone: () => "", onSome: (ms) => ms < 1_000 ? "nearly done" : `about ${clock(ms)} left` })

/** Parts of a line; those that are empty are left out. */
export const line = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== "").join(" · ")

/** Where a line goes to. */
export interface Terminal {
  /** Whether lines can be written over. */
  readonly isTTY: boolean
  readonly columns: number
}

/** A stream such as `process.stderr`; in some of CI's terminals nothing can be written over. */
export const terminalOf = (
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>
): Terminal => ({
  isTTY: stream.isTTY === true && env["TERM"] !== "dumb" && (stream.columns ?? 0) > 20,
  columns: stream.columns ?? 80
})

/** What to write to show a line, instead of the one before. */
export const shown = ({ columns, isTTY }: Terminal, text: string): string =>
  isTTY ? `\r\u001b[K${clip(oneLine(text), columns - 1)}` : `${oneLine(text)}\n`

/** What to write to have no line any more, before something that stays. */
export const erased = ({ isTTY }: Terminal): string => isTTY ? "\r\u001b[K" : ""

/** How often a line is shown (ms). */
export const every = ({ isTTY }: Terminal): number => isTTY ? 100 : 15_000

/** Whether another line is due. `last`: epoch ms of the one before. */
export const isDue = (terminal: Terminal, last: Option.Option<number>, now: number): boolean =>
  Option.match(last, { onNone: () => true, onSome: (last) => now - last >= every(terminal) })
