/**
 * From lanes to a timeline: each task goes to its narrowest pool, and every pool counts who has slots of it. Pure.
 */
import { stepsOf } from "./counts.ts"
import type { Lane, Pool, Size, Timeline } from "./Timeline.ts"

/** Where the tasks go of which nobody noted a pool. */
export const unknownPool = "unknown"

/** The narrowest pool of a task's last run of which the pools are known. */
const poolOf = ({ spans }: Lane): string =>
  spans.findLast(({ pools }) => pools !== undefined)?.pools?.[0] ?? unknownPool

const from = ({ spans, ends }: Lane): number => spans[0]?.from ?? ends[0]?.at ?? 0

const to = ({ spans, ends }: Lane): number => Math.max(spans.at(-1)?.to ?? 0, ends.at(-1)?.at ?? 0)

export interface Parts {
  /** In the order in which they were asked for. */
  readonly lanes: ReadonlyArray<Lane>
  /** Of tasks that are not shown. */
  readonly others?: ReadonlyArray<Lane> | undefined
  /** The sizes of the pools that have one. */
  readonly sizes: ReadonlyMap<string, number>
  /** The sizes of pools that were changed meanwhile. */
  readonly changes?: ReadonlyMap<string, ReadonlyArray<Size>> | undefined
}

/** `now` (epoch ms) is where it is drawn from when there is nothing to draw. */
export const assemble = ({ changes, lanes, others = [], sizes }: Parts, now: number): Timeline => {
  const groups = Map.groupBy(lanes, poolOf)
  // Those of wider pools as well: they have no lanes of their own, and show how full they are.
  const named = lanes.flatMap(({ spans }) => spans.flatMap(({ pools }) => pools ?? []))
  const names = [...new Set([...groups.keys(), ...named])]
  const poolNamed = (name: string): Pool => {
    const size = sizes.get(name)
    const elsewhere = stepsOf(name, others)
    const were = changes?.get(name)
    return {
      name,
      ...(size === undefined ? {} : { size }),
      ...(were === undefined || were.length < 2 ? {} : { sizes: were }),
      lanes: groups.get(name) ?? [],
      used: stepsOf(name, lanes),
      ...(elsewhere.length === 0 ? {} : { elsewhere })
    }
  }
  const pools = names.map(poolNamed)
  const start = lanes.reduce((first, lane) => Math.min(first, from(lane)), Number.POSITIVE_INFINITY)
  return lanes.length === 0
    ? { v: 1, from: now, to: now, pools: [] }
    : { v: 1, from: start, to: lanes.reduce((last, lane) => Math.max(last, to(lane)), start), pools }
}
