/**
 * Where a task stands in line, in a few words: `1st in line · anthropic 2/2`. Pure.
 */
import type { Board, Item as Kept } from "./Board.ts"
import { joined, oneLine, ordinal } from "./format.ts"

type Item = Pick<Kept, "pool" | "ahead" | "paused" | "holders">

/** A pool as people call it: `anthropic`, `anthropic/opus`, `@explore`, `all tasks`. */
export const poolName = (name: string): string => {
  const colon = name.indexOf(":")
  return oneLine(colon < 0 ? (name === "total" ? "all tasks" : name) : name.slice(colon + 1))
}

/** How full the pool of a task is: `anthropic 2/2`; nothing where that is not known. */
const fullness = ({ pools }: Pick<Board, "pools">, { pool }: Item): string | undefined => {
  const known = pools.find(({ name }) => name === pool)
  if (pool === undefined || known === undefined) return undefined
  return `${poolName(pool)} ${known.size === undefined ? known.used : `${known.used}/${known.size}`}`
}

/** `1st in line · anthropic 2/2`, and short `1st · anthropic 2/2`. A task whose place is not known waits for a slot. */
export const place = (board: Pick<Board, "pools">, item: Item): { readonly long: string; readonly short: string } => {
  const paused = item.paused === true ? "paused" : undefined
  const full = fullness(board, item)
  if (item.ahead === undefined) {
    const waits = joined(paused, "waits for a slot", full)
    return { long: waits, short: waits }
  }
  const nth = ordinal(item.ahead + 1)
  return { long: joined(paused, `${nth} in line`, full), short: joined(paused, nth, full) }
}

/** The same with what a wide screen has room for: `1st of 3 · anthropic 2/2, frees with bg_1a2b3c4d`. */
export const placeInFull = (board: Pick<Board, "pools">, item: Item): string => {
  if (item.ahead === undefined) return place(board, item).long
  const waiting = board.pools.find(({ name }) => name === item.pool)?.waiting ?? 0
  const [holder] = item.holders ?? []
  const full = fullness(board, item)
  return joined(
    item.paused === true ? "paused" : undefined,
    `${ordinal(item.ahead + 1)} of ${Math.max(waiting, item.ahead + 1)}`,
    full === undefined || holder === undefined ? full : `${full}, frees with ${holder}`
  )
}
