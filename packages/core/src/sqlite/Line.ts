/**
 * The line for shared slots, which all processes stand in: who may enter now, and what do the others wait for? Pure.
 *
 * Who waits holds nothing. In the order of their turns each enters whose pools all have a free slot, at once. Every process
 * looks for itself, some moments after a slot was given back; so that the others do not overtake it meanwhile, a slot is
 * left to whoever is next for it, as long as they keep on asking.
 */
import type { Wait } from "../SharedSlots.ts"

/** One pool of one claim. */
export interface Row {
  readonly owner: string
  readonly claim: string
  readonly pool: string
  /** The limit, as its owner has set it. */
  readonly size: number
  readonly turn: number
  /** It had its slots before, and goes in front of those who did not. */
  readonly returns: boolean
  /** Whether it has its slots; else it waits for them. */
  readonly held: boolean
}

/** How long a slot is left to one who is next for it and does not ask (ms). */
export const patience = 2_000

/** A place after everybody who waits. */
export const nextTurn = (rows: ReadonlyArray<Row>): number => Math.max(0, ...rows.map(({ turn }) => turn)) + 1

const inOrder = ([a]: ReadonlyArray<Row>, [b]: ReadonlyArray<Row>): number =>
  a === undefined || b === undefined ? 0 : Number(b.returns) - Number(a.returns) || a.turn - b.turn

/**
 * What the claims of `me` that wait have to wait for; who of them is not in the answer may enter. `asks` says of other
 * owners whether they keep on asking.
 */
export const waits = (
  rows: ReadonlyArray<Row>,
  me: string,
  asks: (owner: string) => boolean
): ReadonlyMap<string, Wait> => {
  const used = new Map<string, number>()
  const elsewhere = new Map<string, number>()
  const ahead = new Map<string, number>()
  /** Left to those of others who are next. */
  const left = new Map<string, number>()
  const add = (counts: Map<string, number>, { pool }: Row) => void counts.set(pool, count(counts, pool) + 1)
  const count = (counts: ReadonlyMap<string, number>, pool: string) => counts.get(pool) ?? 0

  for (const row of rows.filter(({ held }) => held)) {
    add(used, row)
    if (row.owner !== me) add(elsewhere, row)
  }
  const waiting = Map.groupBy(rows.filter(({ held }) => !held), ({ claim, owner }) => `${owner} ${claim}`)
  const answers = new Map<string, Wait>()
  for (const claim of [...waiting.values()].sort(inOrder)) {
    const [first] = claim
    if (first === undefined || (first.owner !== me && !asks(first.owner))) continue
    const full = claim.find(({ pool, size }) => count(used, pool) + count(left, pool) >= size)
    if (first.owner === me && full !== undefined) {
      const { pool, size } = full
      answers.set(first.claim, {
        pool,
        used: count(used, pool),
        elsewhere: count(elsewhere, pool),
        size,
        ahead: count(ahead, pool)
      })
    }
    for (const row of claim) {
      if (full === undefined) add(first.owner === me ? used : left, row)
      if (full !== undefined || first.owner !== me) add(ahead, row)
    }
  }
  return answers
}
