/**
 * What the figures say, in sentences: where Errand misses a line, and where somebody else is better. Pure, and computed:
 * nothing about anybody is written by hand.
 */
import type { Figure } from "../Figure.ts"
import type { Results } from "./Results.ts"
import { heading, isErrand, isYardstick, rank, shown, unique } from "./table.ts"

/** Where somebody else who is compared does better than Errand. */
export interface Better {
  readonly measure: string
  readonly what: string
  readonly at: number | undefined
  /** Whether it is all of Errand, or a part that is measured by itself. */
  readonly own: string
  readonly peer: string
  readonly theirs: number
  /** `NaN` where Errand could not take part. */
  readonly ours: number
}

/** A value counts more than none. */
const beats = (figure: Figure, ours: number): boolean => {
  const theirs = rank(figure)
  return Number.isNaN(ours) || (figure.better === "more" ? theirs > ours : theirs < ours)
}

const betterIn = (measure: string, figures: ReadonlyArray<Figure>): ReadonlyArray<Better> =>
  figures.filter(({ peer }) => isErrand(peer)).flatMap((own) => {
    const ours = rank(own)
    return figures
      .filter(({ at, better, peer, values, what }) =>
        what === own.what && at === own.at && !isErrand(peer) && !isYardstick(peer) && better !== "neither" &&
        values.length > 0
      )
      .filter((figure) => beats(figure, ours))
      .map((figure) => ({
        measure,
        what: heading(own),
        at: figure.at,
        own: own.peer,
        peer: figure.peer,
        theirs: rank(figure),
        ours
      }))
  })

export const better = ({ measures }: Results): ReadonlyArray<Better> =>
  measures.flatMap(({ figures, id }) => betterIn(id, figures))

const size = (at: number | undefined): string => at === undefined ? "" : ` at ${at.toLocaleString("en-US")}`

/** One line for each thing in which somebody is better, whatever the number of sizes. */
export const betterWords = (results: Results): ReadonlyArray<string> => {
  const all = better(results)
  const keyOf = ({ measure, own, peer, what }: Better) => [measure, own, peer, what].join("|")
  return unique(all.map(keyOf)).flatMap((key) => {
    const same = all.filter((one) => keyOf(one) === key)
    const cases = same.map(({ at, ours, theirs }) =>
      `${shown(theirs)} against ${Number.isNaN(ours) ? "nothing" : shown(ours)}${size(at)}`
    )
    return same.slice(0, 1).map(({ measure, own, peer, what }) => {
      const part = own === "Errand" ? "" : ` (${own})`
      return `${measure}, ${what}${part}: ${peer}, ${cases.join(", ")}`
    })
  })
}

export const missed = ({ measures }: Results): ReadonlyArray<string> =>
  measures.flatMap(({ lines }) =>
    lines.filter(({ passed }) => !passed).map(({ asked, found, measure }) => `${measure}, ${asked}: ${found}`)
  )
