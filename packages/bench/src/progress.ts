/**
 * How far the bench is, in one line: which measure of how many, how far that is, and how long it and everything takes. Pure.
 */
import { clock } from "@errand/view/format"
import * as Progress from "@errand/view/progress"
import { Option } from "effect"
import type { Results } from "./report/Results.ts"

/** A measure that is at work. */
export interface AtWork extends Progress.Steps {
  readonly id: string
  /** Which of all it is; counts from 1. */
  readonly nth: number
  /** What is done now. */
  readonly what: string
}

/** How long one run of a measure took, the last time that somebody looked (ms). */
export type Known = ReadonlyMap<string, number>

export const known = ({ measures }: Results): Known =>
  new Map(
    measures.flatMap(({ id, runs, seconds }) =>
      seconds === undefined ? [] : [[id, seconds * 1_000 / Math.max(1, runs)]]
    )
  )

/**
 * How long groups of measures take that have not begun (ms), one after the other; a group takes as long as its longest. A
 * measure of which nothing is known takes as long as the others do on average; none where nothing is known of any.
 */
export const ahead = (groups: State["groups"], runs: number, known: Known): Option.Option<number> => {
  if (groups.length === 0) return Option.some(0)
  if (known.size === 0) return Option.none()
  const usual = [...known.values()].reduce((sum, ms) => sum + ms, 0) / known.size
  const longest = (group: ReadonlyArray<string>) => Math.max(...group.map((id) => known.get(id) ?? usual))
  return Option.some(groups.reduce((sum, group) => sum + longest(group) * runs, 0))
}

export interface State {
  readonly of: number
  readonly runs: number
  readonly known: Known
  /** Several, where what they measure does not depend on what else there is to do. */
  readonly atWork: ReadonlyArray<AtWork>
  /** What has not begun: measures that are measured at the same time stand together. */
  readonly groups: ReadonlyArray<ReadonlyArray<string>>
}

/** An empty line while there is nothing to say. */
export const line = ({ atWork, groups, known, of, runs }: State, now: number): string => {
  const first = atWork[0]
  if (first === undefined) return ""
  const lefts = atWork.map((one) => Option.orElse(Progress.left(one, now), () => unbegun(one, runs, known, now)))
  const here = Option.map(Option.all(lefts), (all) => Math.max(...all))
  const inAll = groups.length === 0
    ? Option.none()
    : Option.zipWith(here, ahead(groups, runs, known), (here, ahead) => here + ahead)
  const where = atWork.length === 1
    ? `${first.nth} of ${of}: ${first.id}`
    : `${first.nth} to ${first.nth + atWork.length - 1} of ${of}: ${atWork.map(({ id }) => id).join(", ")}`
  return Progress.line(
    where,
    ...atWork.length === 1 && first.of > 1 ? [`${first.done} of ${first.of} done`] : [],
    Progress.leftText(here) + Option.match(inAll, { onNone: () => "", onSome: (ms) => `, ${clock(ms)} in all` }),
    first.what
  )
}

/** Before its first step is done, what it took the last time is all there is to say. */
const unbegun = ({ began, id }: AtWork, runs: number, known: Known, now: number): Option.Option<number> =>
  Option.map(Option.fromUndefinedOr(known.get(id)), (ms) => Math.max(0, ms * runs - (now - began)))
