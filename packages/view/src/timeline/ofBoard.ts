/**
 * The timeline of a board: the latest run of each task that it holds.
 */
import type { Board, Item, Stretch } from "../Board.ts"
import { assemble } from "./assemble.ts"
import type { End, Lane, Timeline } from "./Timeline.ts"
import { type Mark, walk } from "./walk.ts"

const endings: ReadonlySet<string> = new Set<End["status"]>(["completed", "error", "cancelled"])

const isEnding = (status: Item["status"]): status is Exclude<Item["status"], "pending" | "running"> =>
  endings.has(status)

/** Stretches of one kind, those that overlap made one. */
const united = (stretches: ReadonlyArray<Stretch>): ReadonlyArray<Stretch> => {
  const all: Array<Stretch> = []
  for (const next of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last === undefined || (last.to !== undefined && last.to < next.from)) {
      all.push(next)
      continue
    }
    const { to: _, ...open } = last
    const to = last.to === undefined || next.to === undefined ? undefined : Math.max(last.to, next.to)
    all[all.length - 1] = to === undefined ? open : { ...open, to }
  }
  return all
}

const marksOfStretch = ({ from, kind, to, what }: Stretch, now: number): ReadonlyArray<Mark> => {
  switch (kind) {
    case "ask":
      return [{ at: from, kind: "asked", what }, ...(to === undefined ? [] : [{ at: to, kind: "answered" } as const])]
    case "retry":
      return [{ at: from, kind: "retried", until: to ?? now, what }]
    case "lent":
      return [{ at: from, kind: "lent" }, ...(to === undefined ? [] : [{ at: to, kind: "restored" } as const])]
  }
}

const marksOf = (board: Board, item: Item, now: number): ReadonlyArray<Mark> => {
  const { endedAt, pool, queuedAt, startedAt, status, stretches = [], why } = item
  const pools = pool === undefined ? undefined : [pool]
  const within = (["ask", "retry", "lent"] as const).flatMap((each) =>
    // One provider error after the other is not one long one.
    each === "retry"
      ? stretches.filter(({ kind }) => kind === each)
      : united(stretches.filter(({ kind }) => kind === each))
  )
  return [
    { at: queuedAt, kind: "queued", pools },
    ...(startedAt === undefined ? [] : [{ at: startedAt, kind: "started", pools } as const]),
    ...within.flatMap((stretch) => marksOfStretch(stretch, now)).toSorted((a, b) => a.at - b.at),
    ...(isEnding(status) ? [{ at: endedAt ?? board.at, kind: "ended", status, why } as const] : [])
  ]
}

const laneOf = (board: Board, item: Item, now: number): Lane => ({
  id: item.id,
  agent: item.agent,
  description: item.description,
  ...(item.model === undefined ? {} : { model: item.model }),
  depth: item.depth,
  ...walk(marksOf(board, item, now), now)
})

/** What goes on at `now` (epoch ms) is drawn up to there. */
export const ofBoard = (board: Board, now: number): Timeline =>
  assemble({
    lanes: board.tasks.toSorted((a, b) => a.queuedAt - b.queuedAt).map((item) => laneOf(board, item, now)),
    sizes: new Map(board.pools.flatMap(({ name, size }) => size === undefined ? [] : [[name, size] as const]))
  }, now)
