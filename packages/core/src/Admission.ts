/**
 * Who may enter: pools, their holders and the line in front of them.
 *
 * Somebody who waits holds nothing. They enter when every one of their pools has a free slot, all at once, so nobody
 * keeps a slot from others while waiting for the next. The order is by *turn*: the tasks of a parent that wait for a pool
 * get successive turns, and a parent that has nobody waiting for it joins at the next turn (it may have had its share of
 * the one being served), so parents take turns whatever the length of their lists, and one parent's tasks stay first
 * come, first served. Every pool counts its turns by itself, so that what goes on in one changes nothing in another. A
 * turn is given once and never changes: leaving the line changes nobody else's place.
 *
 * Entrants with the same pools form a line (a heap by turn). Only the head of a line can be next, so one admission looks
 * at one entrant per line: its cost grows with the number of models in use, not with the number of tasks that wait.
 *
 * The books change in place, as those in Effect's own semaphore do: as persistent values they took three times as long.
 * No function here waits, so each is one step for everybody else. An entrant never changes.
 */
import { Option } from "effect"
import * as Heap from "./Heap.ts"
import type { Pool, PoolName } from "./Pools.ts"

/** Somebody who wants in. `A` is whatever the caller needs to let them in. */
export interface Entrant<A> {
  readonly id: string
  /** Takes turns with other parents. */
  readonly parent: string
  readonly pools: ReadonlyArray<PoolName>
  /** The line that they stand in. */
  readonly line: string
  /** Their place: the turn, then the order of arrival. */
  readonly turn: number
  readonly arrival: number
  readonly payload: A
}

interface Usage {
  readonly name: PoolName
  size: number
  used: number
  /** How many wait for it. */
  waiting: number
  /** The turn served last, while somebody waits. */
  turn: number
  /** Of each parent with somebody waiting for it: the last turn given, and how many wait. */
  readonly parents: Map<string, { lastTurn: number; waiting: number }>
}

/** Those who want the same pools. */
interface Line<A> {
  /** May hold entrants that have left (`Admission.waiting` tells), never at its head, and never more than half. */
  readonly heap: Heap.Heap<Entrant<A>>
  waiting: number
}

export interface Admission<A> {
  readonly pools: Map<PoolName, Usage>
  /** By the names of their pools. */
  readonly lines: Map<string, Line<A>>
  readonly waiting: Map<string, Entrant<A>>
  readonly inside: Map<string, Entrant<A>>
  arrivals: number
  paused: boolean
}

/** Where a waiting entrant stands. */
export interface Place {
  /** The narrowest pool that has no free slot. */
  readonly pool: PoolName
  readonly used: number
  readonly size: number
  /** How many go before them in that pool. */
  readonly ahead: number
  /** Whether admission is paused altogether. */
  readonly paused: boolean
}

export const make = <A>(): Admission<A> => ({
  pools: new Map(),
  lines: new Map(),
  waiting: new Map(),
  inside: new Map(),
  arrivals: 0,
  paused: false
})

/** Before every turn that is given to newcomers: for those who lent their slots and want them back. */
const returning = -1

/** Whether somebody was inside before. */
export const returns = ({ turn }: Entrant<unknown>): boolean => turn === returning

const before = <A>(a: Entrant<A>, b: Entrant<A>): boolean => a.turn === b.turn ? a.arrival < b.arrival : a.turn < b.turn

const unused = ({ name, size }: Pool): Usage => ({ name, size, used: 0, waiting: 0, turn: 0, parents: new Map() })

/** Puts somebody in line. Pools that are new get their size; pools that exist keep theirs. */
export const join = <A>(
  self: Admission<A>,
  { id, parent, payload, pools, returns }: {
    readonly id: string
    readonly parent: string
    readonly pools: ReadonlyArray<Pool>
    /** They were inside before and go in front. */
    readonly returns: boolean
    readonly payload: A
  }
): void => {
  const wanted = pools.map((pool) => poolOf(self, pool))
  // The same strings for all, found faster than equal ones.
  const names = wanted.map(({ name }) => name)
  const served = turnServed(wanted)
  const given = wanted.map(({ parents }) => parents.get(parent)?.lastTurn ?? 0)
  const turn = returns ? returning : Math.max(served, ...given) + 1
  const arrival = self.arrivals++
  const entrant: Entrant<A> = { id, parent, pools: names, line: names.join(" "), turn, arrival, payload }
  self.waiting.set(id, entrant)
  const line = lineOf(self, entrant.line)
  Heap.insert(line.heap, entrant, before)
  line.waiting++
  for (const pool of wanted) {
    // Where others wait for it already this changes nothing: `served` is no later than its own turn then.
    pool.turn = Math.max(pool.turn, served)
    pool.waiting++
    const known = pool.parents.get(parent)
    if (known === undefined) pool.parents.set(parent, { lastTurn: turn, waiting: 1 })
    else {
      known.lastTurn = Math.max(known.lastTurn, turn)
      known.waiting++
    }
  }
}

const poolOf = <A>({ pools }: Admission<A>, pool: Pool): Usage => {
  const known = pools.get(pool.name)
  if (known !== undefined) return known
  const usage = unused(pool)
  pools.set(pool.name, usage)
  return usage
}

const lineOf = <A>({ lines }: Admission<A>, name: string): Line<A> => {
  const known = lines.get(name)
  if (known !== undefined) return known
  const line: Line<A> = { heap: [], waiting: 0 }
  lines.set(name, line)
  return line
}

/** Puts somebody in line in front who was inside before. */
export const rejoin = <A>(self: Admission<A>, { id, parent, pools }: Entrant<A>, payload: A): void =>
  join(self, {
    id,
    parent,
    pools: pools.map((name) => ({ name, size: usage(self, name).size })),
    returns: true,
    payload
  })

/**
 * The turn that newcomers to these pools join after: the one served last in the pool that gets on the slowest, as it is
 * the one that they will wait for. Where nobody waits there is no pace, and the latest turn will do.
 */
const turnServed = (pools: ReadonlyArray<Usage>): number => {
  const awaited = pools.filter((pool) => pool.waiting > 0).map((pool) => pool.turn)
  return awaited.length > 0 ? Math.min(...awaited) : Math.max(0, ...pools.map((pool) => pool.turn))
}

/** Takes somebody out: from the line if they wait, from their pools if they are inside; else nothing happens. */
export const leave = <A>(self: Admission<A>, id: string): void => {
  const inside = self.inside.get(id)
  if (inside !== undefined) {
    self.inside.delete(id)
    for (const name of inside.pools) usage(self, name).used--
    return
  }
  const waiting = self.waiting.get(id)
  if (waiting !== undefined) unline(self, waiting)
}

/** Lets in everybody who may enter, in order. */
export const admit = <A>(self: Admission<A>): ReadonlyArray<Entrant<A>> => {
  const admitted: Array<Entrant<A>> = []
  for (let next = nextOf(self); next !== undefined; next = nextOf(self)) {
    admitted.push(next)
    enter(self, next)
  }
  return admitted
}

/** Changes how many a pool lets in. Nobody inside is sent away. A pool that nobody has used yet is remembered. */
export const resize = <A>(self: Admission<A>, name: PoolName, size: number): void =>
  void (poolOf(self, { name, size }).size = size)

export const setPaused = <A>(self: Admission<A>, paused: boolean): void => void (self.paused = paused)

/** Where somebody stands; none when they do not wait. Takes time in proportion to the length of the line. */
export const placeOf = <A>(self: Admission<A>, id: string): Option.Option<Place> =>
  Option.map(Option.fromUndefinedOr(self.waiting.get(id)), (entrant) => {
    const name = entrant.pools.find((pool) => isFull(self, pool)) ?? entrant.pools[0] ?? "total"
    let ahead = 0
    for (const other of self.waiting.values()) {
      if (other.pools.includes(name) && before(other, entrant)) ahead++
    }
    const { size, used } = usage(self, name)
    return { pool: name, used, size, ahead, paused: self.paused }
  })

/** One that nobody has used or set lets in any number. */
export const usage = <A>(self: Admission<A>, name: PoolName): Usage =>
  self.pools.get(name) ?? unused({ name, size: Number.POSITIVE_INFINITY })

/** How full every pool is that was used or set so far. */
export const usages = <A>(
  self: Admission<A>
): ReadonlyArray<{ readonly name: PoolName; readonly used: number; readonly size: number }> =>
  Array.from(self.pools, ([name, { size, used }]) => ({ name, used, size }))

const isFull = <A>(self: Admission<A>, name: PoolName): boolean => {
  const { size, used } = usage(self, name)
  return used >= size
}

/** Of the heads of all lines that could enter, the one whose turn it is. A pause does not keep out those who return. */
const nextOf = <A>(self: Admission<A>): Entrant<A> | undefined => {
  let next: Entrant<A> | undefined
  for (const { heap } of self.lines.values()) {
    const head = heap[0]
    if (head === undefined || (self.paused && !returns(head))) continue
    if (head.pools.some((pool) => isFull(self, pool))) continue
    if (next === undefined || before(head, next)) next = head
  }
  return next
}

const enter = <A>(self: Admission<A>, entrant: Entrant<A>): void => {
  self.inside.set(entrant.id, entrant)
  unline(self, entrant)
  for (const name of entrant.pools) {
    const pool = usage(self, name)
    pool.used++
    pool.turn = Math.max(pool.turn, entrant.turn)
  }
}

/** Takes a waiting entrant out of the books. */
const unline = <A>(self: Admission<A>, entrant: Entrant<A>): void => {
  self.waiting.delete(entrant.id)
  const line = lineOf(self, entrant.line)
  if (--line.waiting === 0) self.lines.delete(entrant.line)
  else tidy(line, self.waiting)
  for (const name of entrant.pools) {
    const pool = usage(self, name)
    pool.waiting--
    const known = pool.parents.get(entrant.parent)
    if (known !== undefined && --known.waiting === 0) pool.parents.delete(entrant.parent)
  }
}

/**
 * Drops those who left: from the head always, so that the head is always somebody who waits; from the whole line once
 * they are more than half of it, so that the work is paid for by those who left and the line stays in proportion.
 */
const tidy = <A>(line: Line<A>, waiting: ReadonlyMap<string, Entrant<A>>): void => {
  for (let head = line.heap[0]; head !== undefined && !isWaiting(waiting, head); head = line.heap[0]) {
    Heap.pop(line.heap, before)
  }
  if (line.heap.length > 2 * line.waiting) Heap.keep(line.heap, (entrant) => isWaiting(waiting, entrant), before)
}

/** An id may have left and joined again: only the entrant itself counts. */
const isWaiting = <A>(waiting: ReadonlyMap<string, Entrant<A>>, entrant: Entrant<A>): boolean =>
  waiting.get(entrant.id) === entrant
