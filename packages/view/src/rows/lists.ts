/**
 * The rows of a board in their order: all of them, in groups, or the few of a short list. Pure.
 */
import { isLost } from "./keeper.ts"
import type { Board, Group, Item, Look, Row } from "./Row.ts"
import { asksOf, rowOf } from "./words.ts"

/** How long finished tasks stay in a short list (ms). */
export const lingerMs = 60_000

const order: Readonly<Record<Group, number>> = { "needs you": 0, "out": 1, "in line": 2, "lost": 3, "finished": 4 }

/** First whoever has waited or run longest; of those in line the one that is next; of those that ended the latest. */
const earlier = (a: Item, b: Item, group: Group): number => {
  switch (group) {
    case "needs you":
      return (asksOf(a)[0]?.at ?? 0) - (asksOf(b)[0]?.at ?? 0)
    case "in line":
      return (a.ahead ?? Number.MAX_SAFE_INTEGER) - (b.ahead ?? Number.MAX_SAFE_INTEGER) || a.queuedAt - b.queuedAt
    case "out":
    case "lost":
      return (a.startedAt ?? a.queuedAt) - (b.startedAt ?? b.queuedAt)
    case "finished":
      return (b.endedAt ?? 0) - (a.endedAt ?? 0)
  }
}

/** A row for each task of the board: needs you, running, in line, lost, finished. */
export const rowsOf = (board: Board, look: Look): ReadonlyArray<Row> => {
  const lost = isLost(board, look)
  return board.tasks
    .map((item) => ({ item, row: rowOf(board, item, look, lost) }))
    .toSorted((a, b) => order[a.row.group] - order[b.row.group] || earlier(a.item, b.item, a.row.group))
    .map(({ row }) => row)
}

/** Of a short list: its rows, and how many more a longer one has. */
export interface ShortList {
  readonly rows: ReadonlyArray<Row>
  readonly more: number
}

/** The rows of a short list: at most `max`, and of those that ended only those of the last minute. */
export const sidebar = (board: Board, look: Look, max = 8): ShortList => {
  const ended = new Map<string, number | undefined>(board.tasks.map(({ endedAt, id }) => [id, endedAt]))
  const fresh = rowsOf(board, look).filter(({ group, id }) =>
    group !== "finished" || look.now - (ended.get(id) ?? 0) < lingerMs
  )
  const rows = fresh.slice(0, Math.max(0, max))
  const left = fresh.length - rows.length
  // Of the others of which the board has only the number, those that have ended are long over.
  return { rows, more: left + (board.moreOut ?? 0) + (board.moreInLine ?? 0) }
}

/** When a short list changes next by itself, with nothing out (epoch ms): a finished row goes; none where none is left. */
export const nextDeparture = (board: Board, now: number): number | undefined => {
  const departures = board.tasks
    .flatMap(({ endedAt }) => endedAt === undefined ? [] : [endedAt + lingerMs])
    .filter((at) => at > now)
  return departures.length === 0 ? undefined : Math.min(...departures)
}

const titles: Readonly<Record<Group, string>> = {
  "needs you": "Needs you",
  "out": "Out",
  "in line": "In line",
  "lost": "Lost",
  "finished": "Finished"
}

/** What stands above the rows of a group. */
export const titleOf = (group: Group, { isLeft = false }: Pick<Look, "isLeft">): string =>
  group === "lost" && isLeft ? "Left behind" : titles[group]

/** All rows, in groups with titles; groups without a row are left out. */
export const groups = (
  board: Board,
  look: Look
): ReadonlyArray<{ readonly title: string; readonly rows: ReadonlyArray<Row> }> => {
  const rows = rowsOf(board, look)
  const all: ReadonlyArray<Group> = ["needs you", "out", "in line", "lost", "finished"]
  return all.flatMap((group) => {
    const some = rows.filter((row) => row.group === group)
    return some.length === 0 ? [] : [{ title: titleOf(group, look), rows: some }]
  })
}
