/**
 * Claims that are let in here and want their slots among all processes as well. Books on top of those of `Lending`: a claim
 * is in when it has both, and until then it counts as in line. Whoever leaves, or lends, gives both back.
 *
 * They hold slots of this process while they wait for those of the machine. Where all processes have the same limits that
 * keeps nobody from anything: as many wait for a pool here as slots of it are used elsewhere, so these are free for nobody.
 */
import { Option } from "effect"
import * as Admission from "./Admission.ts"
import * as Lending from "./Lending.ts"
import type { PoolName } from "./Pools.ts"
import type { Wait, Want } from "./SharedSlots.ts"

/** One who asks. */
interface Seeker<A> {
  readonly entrant: Admission.Entrant<A>
  /** What it was told last; none where it was told nothing yet. */
  readonly wait: Wait | undefined
}

export interface Sharing<A> {
  readonly lending: Lending.Lending<A>
  /** By their ids, in the order in which they were let in here. */
  readonly seekers: Map<string, Seeker<A>>
  /** The names under which claims have shared slots, or may get them in this moment; by their ids. */
  readonly names: Map<string, string>
  /** The names of those who do not need theirs any more. */
  readonly over: Set<string>
}

export const make = <A>(lending: Lending.Lending<A>): Sharing<A> => ({
  lending,
  seekers: new Map(),
  names: new Map(),
  over: new Set()
})

/** An id may come again while its last claim is being given back, or its way back from a loan: no two share a name. */
const nameOf = ({ arrival, id }: Admission.Entrant<unknown>): string => `${id} ${arrival}`

const limited = <A>({ lending: { admission } }: Sharing<A>, { pools }: Admission.Entrant<A>) =>
  pools.map((name) => ({ name, size: Admission.usage(admission, name).size })).filter(({ size }) =>
    Number.isFinite(size)
  )

/** Lets in everybody who may enter, in order: those without a limit for good, the others when they have shared slots. */
export const admit = <A>(self: Sharing<A>, now: number): ReadonlyArray<Admission.Entrant<A>> => {
  const entered: Array<Admission.Entrant<A>> = []
  for (const entrant of Admission.admit(self.lending.admission)) {
    if (limited(self, entrant).length === 0) {
      Lending.enter(self.lending, entrant.id, now)
      entered.push(entrant)
      continue
    }
    self.seekers.set(entrant.id, { entrant, wait: undefined })
    self.names.set(entrant.id, nameOf(entrant))
  }
  return entered
}

/** One more lends the slots of a claim; see `Lending.lend`. Who waits for its first ones has nothing to lend. */
export const lend = <A>(self: Sharing<A>, id: string, now: number, payload: A): Option.Option<Lending.Loan<A>> => {
  if (self.seekers.has(id) && Option.isNone(Lending.away(self.lending, id))) return Option.none()
  const loan = Lending.lend(self.lending, id, now, payload)
  if (Option.isSome(loan)) drop(self, id)
  return loan
}

/** The claim ends, wherever it is; see `Lending.leave`. */
export const leave = <A>(self: Sharing<A>, id: string): Option.Option<A> => {
  drop(self, id)
  return Lending.leave(self.lending, id)
}

const drop = <A>({ names, over, seekers }: Sharing<A>, id: string): void => {
  const name = names.get(id)
  if (name === undefined) return
  names.delete(id)
  seekers.delete(id)
  over.add(name)
}

/** A pause keeps out whoever is not on the way back. */
const asks = <A>({ lending: { admission } }: Sharing<A>, { entrant }: Seeker<A>): boolean =>
  !admission.paused || Admission.returns(entrant)

/** Those who ask now. */
export const wants = <A>(self: Sharing<A>): ReadonlyArray<Want> =>
  [...self.seekers.values()].filter((seeker) => asks(self, seeker)).map(({ entrant }) => ({
    claim: nameOf(entrant),
    pools: limited(self, entrant),
    returns: Admission.returns(entrant)
  }))

/** Whether a claim asks, and was told nothing yet. */
export const isUntold = <A>(self: Sharing<A>, id: string): boolean => {
  const seeker = self.seekers.get(id)
  return seeker !== undefined && seeker.wait === undefined && asks(self, seeker)
}

/** What came of it: those who are in now. Who has left meanwhile is not among them, and gives back what they got. */
export const answer = <A>(
  self: Sharing<A>,
  asked: ReadonlyArray<Want>,
  waits: ReadonlyMap<string, Wait>,
  now: number
): ReadonlyArray<Admission.Entrant<A>> => {
  const names = new Set(asked.map(({ claim }) => claim))
  const entered: Array<Admission.Entrant<A>> = []
  for (const [id, { entrant }] of self.seekers) {
    const name = nameOf(entrant)
    if (!names.has(name)) continue
    const wait = waits.get(name)
    if (wait === undefined) {
      self.seekers.delete(id)
      Lending.enter(self.lending, id, now)
      entered.push(entrant)
    } else self.seekers.set(id, { entrant, wait })
  }
  return entered
}

/** Where a waiting claim stands, in the line of this process or in that of all. */
export interface Place extends Admission.Place {
  /** How many of the used slots are used by other processes; absent where none are. */
  readonly elsewhere?: number
}

export const placeOf = <A>(self: Sharing<A>, id: string): Option.Option<Place> => {
  const seeker = self.seekers.get(id)
  if (seeker !== undefined) return Option.some(standing(self, seeker))
  return Option.map(Admission.placeOf(self.lending.admission, id), (place) => {
    const before = seekersOf(self, place.pool)
    // What it was told last of that pool, by whoever waits for it.
    const elsewhere = Math.max(0, ...before.map(({ wait }) => wait?.pool === place.pool ? wait.elsewhere : 0))
    return { ...place, ahead: place.ahead + before.length, ...used(elsewhere) }
  })
}

const standing = <A>(self: Sharing<A>, { entrant, wait }: Seeker<A>): Place => {
  const { admission } = self.lending
  const { paused } = admission
  if (wait !== undefined) {
    const { elsewhere, ...place } = wait
    return { ...place, paused, ...used(elsewhere) }
  }
  const pool = entrant.pools[0] ?? "total"
  const { size, used: inside } = Admission.usage(admission, pool)
  return { pool, used: inside - seekersOf(self, pool).length, size, ahead: 0, paused }
}

const used = (elsewhere: number): { readonly elsewhere?: number } => elsewhere > 0 ? { elsewhere } : {}

const seekersOf = <A>({ seekers }: Sharing<A>, pool: PoolName): ReadonlyArray<Seeker<A>> =>
  [...seekers.values()].filter(({ entrant }) => entrant.pools.includes(pool))

/** How full every pool is in this process: who waits for shared slots uses none. */
export const usages = <A>(self: Sharing<A>): ReturnType<typeof Admission.usages> =>
  Admission.usages(self.lending.admission).map(({ name, size, used }) => ({
    name,
    used: used - seekersOf(self, name).length,
    size
  }))
