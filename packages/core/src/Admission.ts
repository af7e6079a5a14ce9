/**
 * Who may enter: pools, their holders and the line in front of them, as one value, and pure functions on it.
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
 */
import { HashMap, Option } from "effect"
import * as Heap from "./Heap.ts"
import type { Pool, PoolName } from "./Pools.ts"

/** Somebody who wants in. `A` is whatever the caller needs to let them in. */
export interface Entrant<A> {
  readonly id: string
  /** Takes turns with other parents. */
  readonly parent: string
  readonly pools: ReadonlyArray<PoolName>
  /** Their place: the turn, then the order of arrival. */
  readonly turn: number
  readonly arrival: number
  readonly payload: A
}

interface Usage {
  readonly size: number
  readonly used: number
  /** How many wait for it. */
  readonly waiting: number
  /** The turn served last, while somebody waits. */
  readonly turn: number
}

/** Those who want the same pools. */
interface Line<A> {
  /** May hold entrants that have left (`Admission.waiting` tells), never at its head, and never more than half. */
  readonly heap: Heap.Heap<Entrant<A>>
  readonly size: number
  readonly waiting: number
}

export interface Admission<A> {
  readonly pools: HashMap.HashMap<PoolName, Usage>
  /** By the names of their pools. */
  readonly lines: HashMap.HashMap<string, Line<A>>
  readonly waiting: HashMap.HashMap<string, Entrant<A>>
  readonly inside: HashMap.HashMap<string, Entrant<A>>
  /** Of each pool and parent with somebody waiting for it: the last turn given, and how many wait. */
  readonly parents: HashMap.HashMap<string, { readonly lastTurn: number; readonly waiting: number }>
  readonly arrivals: number
  readonly paused: boolean
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

export const empty = <A>(): Admission<A> => ({
  pools: HashMap.empty(),
  lines: HashMap.empty(),
  waiting: HashMap.empty(),
  inside: HashMap.empty(),
  parents: HashMap.empty(),
  arrivals: 0,
  paused: false
})

/** Before every turn that is given to newcomers: for those who lent their slots and want them back. */
const returning = -1

const before = <A>(a: Entrant<A>, b: Entrant<A>): boolean => a.turn === b.turn ? a.arrival < b.arrival : a.turn < b.turn

const lineOf = (pools: ReadonlyArray<PoolName>): string => pools.join(" ")

const parentOf = (pool: PoolName, parent: string): string => `${pool} ${parent}`

const unused = (size: number): Usage => ({ size, used: 0, waiting: 0, turn: 0 })

/** Puts somebody in line. Pools that are new get their size; pools that exist keep theirs. */
export const join = <A>(
  self: Admission<A>,
  entrant: {
    readonly id: string
    readonly parent: string
    readonly pools: ReadonlyArray<Pool>
    /** They were inside before and go in front. */
    readonly returns: boolean
    readonly payload: A
  }
): Admission<A> => {
  const names = entrant.pools.map((pool) => pool.name)
  const served = turnServed(names.map((name) => usage(self, name)))
  const given = names.map((name) =>
    Option.match(HashMap.get(self.parents, parentOf(name, entrant.parent)), {
      onNone: () => 0,
      onSome: ({ lastTurn }) => lastTurn
    })
  )
  const turn = entrant.returns ? returning : Math.max(served, ...given) + 1
  const joined: Entrant<A> = {
    id: entrant.id,
    parent: entrant.parent,
    pools: names,
    turn,
    arrival: self.arrivals,
    payload: entrant.payload
  }
  const name = lineOf(joined.pools)
  const line = Option.getOrElse(HashMap.get(self.lines, name), () => ({ heap: undefined, size: 0, waiting: 0 }))
  return {
    ...self,
    arrivals: self.arrivals + 1,
    pools: entrant.pools.reduce((pools, { name, size }) => {
      const pool = Option.getOrElse(HashMap.get(pools, name), () => unused(size))
      return HashMap.set(pools, name, {
        ...pool,
        waiting: pool.waiting + 1,
        turn: pool.waiting === 0 ? Math.max(pool.turn, served) : pool.turn
      })
    }, self.pools),
    waiting: HashMap.set(self.waiting, joined.id, joined),
    lines: HashMap.set(self.lines, name, {
      heap: Heap.insert(line.heap, joined, before),
      size: line.size + 1,
      waiting: line.waiting + 1
    }),
    parents: names.reduce((parents, name) => {
      const key = parentOf(name, joined.parent)
      const parent = Option.getOrElse(HashMap.get(parents, key), () => ({ lastTurn: turn, waiting: 0 }))
      return HashMap.set(parents, key, {
        lastTurn: Math.max(parent.lastTurn, turn),
        waiting: parent.waiting + 1
      })
    }, self.parents)
  }
}

/**
 * The turn that newcomers to these pools join after: the one served last in the pool that gets on the slowest, as it is
 * the one that they will wait for. Where nobody waits there is no pace, and the latest turn will do.
 */
const turnServed = (pools: ReadonlyArray<Usage>): number => {
  const awaited = pools.filter((pool) => pool.waiting > 0).map((pool) => pool.turn)
  return awaited.length > 0 ? Math.min(...awaited) : Math.max(0, ...pools.map((pool) => pool.turn))
}

/** Takes somebody out: from the line if they wait, from their pools if they are inside; else nothing happens. */
export const leave = <A>(self: Admission<A>, id: string): Admission<A> => {
  const inside = HashMap.get(self.inside, id)
  if (Option.isSome(inside)) {
    return {
      ...self,
      inside: HashMap.remove(self.inside, id),
      pools: update(self.pools, inside.value.pools, (pool) => ({ ...pool, used: pool.used - 1 }))
    }
  }
  const waiting = HashMap.get(self.waiting, id)
  return Option.isSome(waiting) ? unline(self, waiting.value) : self
}

/** Lets in everybody who may enter, in order. */
export const admit = <A>(self: Admission<A>): readonly [Admission<A>, ReadonlyArray<Entrant<A>>] => {
  const admitted: Array<Entrant<A>> = []
  let state = self
  for (let next = nextOf(state); next !== undefined; next = nextOf(state)) {
    admitted.push(next)
    state = enter(state, next)
  }
  return [state, admitted]
}

/** Changes how many a pool lets in. Nobody inside is sent away. A pool that nobody has used yet is remembered. */
export const resize = <A>(self: Admission<A>, name: PoolName, size: number): Admission<A> => ({
  ...self,
  pools: HashMap.set(self.pools, name, { ...usage(self, name), size })
})

export const setPaused = <A>(self: Admission<A>, paused: boolean): Admission<A> => ({ ...self, paused })

/** Where somebody stands; none when they do not wait. Takes time in proportion to the length of the line. */
export const placeOf = <A>(self: Admission<A>, id: string): Option.Option<Place> =>
  Option.map(HashMap.get(self.waiting, id), (entrant) => {
    const name = entrant.pools.find((pool) => isFull(self, pool)) ?? entrant.pools[0] ?? "total"
    let ahead = 0
    for (const other of HashMap.values(self.waiting)) {
      if (other.pools.includes(name) && before(other, entrant)) ahead++
    }
    const { size, used } = usage(self, name)
    return { pool: name, used, size, ahead, paused: self.paused }
  })

export const usage = <A>(self: Admission<A>, name: PoolName): Usage =>
  Option.getOrElse(HashMap.get(self.pools, name), () => unused(Number.POSITIVE_INFINITY))

const isFull = <A>(self: Admission<A>, name: PoolName): boolean => {
  const { size, used } = usage(self, name)
  return used >= size
}

/** Of the heads of all lines that could enter, the one whose turn it is. A pause does not keep out those who return. */
const nextOf = <A>(self: Admission<A>): Entrant<A> | undefined => {
  let next: Entrant<A> | undefined
  for (const { heap } of HashMap.values(self.lines)) {
    if (heap === undefined || (self.paused && heap.value.turn !== returning)) continue
    if (heap.value.pools.some((pool) => isFull(self, pool))) continue
    if (next === undefined || before(heap.value, next)) next = heap.value
  }
  return next
}

const enter = <A>(self: Admission<A>, entrant: Entrant<A>): Admission<A> => {
  const left = unline(self, entrant)
  return {
    ...left,
    inside: HashMap.set(self.inside, entrant.id, entrant),
    pools: update(left.pools, entrant.pools, (pool) => ({
      ...pool,
      used: pool.used + 1,
      turn: Math.max(pool.turn, entrant.turn)
    }))
  }
}

/** Takes a waiting entrant out of the books. */
const unline = <A>(self: Admission<A>, entrant: Entrant<A>): Admission<A> => {
  const waiting = HashMap.remove(self.waiting, entrant.id)
  return {
    ...self,
    waiting,
    lines: HashMap.modifyAt(
      self.lines,
      lineOf(entrant.pools),
      Option.flatMap((line) =>
        line.waiting === 1 ? Option.none() : Option.some(tidy({ ...line, waiting: line.waiting - 1 }, waiting))
      )
    ),
    pools: update(self.pools, entrant.pools, (pool) => ({ ...pool, waiting: pool.waiting - 1 })),
    parents: entrant.pools.reduce(
      (parents, pool) =>
        HashMap.modifyAt(
          parents,
          parentOf(pool, entrant.parent),
          Option.flatMap((parent) =>
            parent.waiting === 1 ? Option.none() : Option.some({ ...parent, waiting: parent.waiting - 1 })
          )
        ),
      self.parents
    )
  }
}

/**
 * Drops those who left: from the head always, so that the head is always somebody who waits; from the whole line once
 * they are more than half of it, so that the work is paid for by those who left and the line stays in proportion.
 */
const tidy = <A>(line: Line<A>, waiting: HashMap.HashMap<string, Entrant<A>>): Line<A> => {
  let { heap, size } = line
  while (heap !== undefined && !isWaiting(waiting, heap.value)) {
    heap = Heap.pop(heap, before)
    size--
  }
  if (size <= 2 * line.waiting) return { ...line, heap, size }
  let rebuilt: Heap.Heap<Entrant<A>>
  for (const entrant of Heap.values(heap)) {
    if (isWaiting(waiting, entrant)) rebuilt = Heap.insert(rebuilt, entrant, before)
  }
  return { heap: rebuilt, size: line.waiting, waiting: line.waiting }
}

/** An id may have left and joined again: only the entrant itself counts. */
const isWaiting = <A>(waiting: HashMap.HashMap<string, Entrant<A>>, entrant: Entrant<A>): boolean =>
  Option.exists(HashMap.get(waiting, entrant.id), (current) => current === entrant)

const update = (
  pools: HashMap.HashMap<PoolName, Usage>,
  names: ReadonlyArray<PoolName>,
  f: (pool: Usage) => Usage
): HashMap.HashMap<PoolName, Usage> => names.reduce((all, name) => HashMap.modify(all, name, f), pools)
