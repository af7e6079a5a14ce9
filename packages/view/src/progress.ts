/**
 * How far long work is, and how long it will take, in one line. Pure: `ProgressLine` shows it.
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
  /** Epoch ms. When the last step was done, where steps are long enough that one waits for them. */
  readonly last?: number | undefined
}

/** How much time the rest will take (ms), from what was done so far; none before anything is done. */
export const left = ({ began, done, last, of }: Steps, now: number): Option.Option<number> => {
  if (done === 0) return Option.none()
  const until = last ?? now
  const each = Math.max(0, until - began) / done
  // A step that takes longer than the others still has to end; what comes after it is still to come.
  return Option.some(Math.max(0, each * (of - done) - (now - until), each * (of - done - 1)))
}

/** A point on the way of work that is known beforehand. */
export interface Milestone {
  /** When it is reached where nothing is slow (ms after the beginning). */
  readonly usually: number
  /** Epoch ms when it was reached; absent while it was not. */
  readonly reached?: number | undefined
}

/**
 * How much time the rest of a known way will take (ms), at the pace since the first milestone: what there is before it, a
 * start for example, says nothing of the rest. What comes after the next milestone is still to come for as long as that one is.
 */
export const leftOfWay = (way: ReadonlyArray<Milestone>, began: number, now: number): number => {
  const ahead = way.findIndex(({ reached }) => reached === undefined)
  if (ahead === -1) return 0
  const [first, last, next] = [way[0], way[ahead - 1], way[ahead]]
  const { reached: since = began, usually: at } = last ?? { usually: 0 }
  const usual = at - (first?.usually ?? 0)
  const pace = usual <= 0 ? 1 : Math.max(1, (since - (first?.reached ?? began)) / usual)
  const end = way.at(-1)?.usually ?? 0
  return Math.max((end - (next?.usually ?? end)) * pace, (end - at) * pace - (now - since))
}

/** `about 9s left`; nothing where nobody can tell. */
export const leftText = (ms: Option.Option<number>): string =>
  Option.match(ms, { onNone: () => "", onSome: (ms) => ms < 1_000 ? "nearly done" : `about ${clock(ms)} left` })

/** Parts of a line; those that are empty are left out. */
export const line = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== "").join(" · ")

/** Where a line goes to. */
export interface Terminal {
  /** Whether lines can be written over. */
  readonly rewrites: boolean
  readonly columns: number
}

/** What a stream such as `process.stderr` is; in some of CI's terminals nothing can be written over. */
export const terminalOf = (
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>
): Terminal => ({
  rewrites: stream.isTTY === true && env["TERM"] !== "dumb" && (stream.columns ?? 0) > 20,
  columns: stream.columns ?? 80
})

/** What to write to show a line, instead of the one before. */
export const shown = ({ columns, rewrites }: Terminal, text: string): string =>
  rewrites ? `\r\u001b[K${clip(oneLine(text), columns - 1)}` : `${oneLine(text)}\n`

/** What to write to have no line any more, before something that stays. */
export const erased = ({ rewrites }: Terminal): string => rewrites ? "\r\u001b[K" : ""

/** When a line is shown: for the first time, and how often from then on (ms). */
export const rhythm = ({ rewrites }: Terminal): { readonly first: number; readonly next: number } =>
  rewrites ? { first: 0, next: 200 } : { first: 3_000, next: 15_000 }
