/**
 * Slots that are lent: whoever is inside may give their slots to others for a while and has them back afterwards, in front
 * of everybody who waits. Books beside those of `Admission`, which change in one step with them.
 *
 * A claim that waits for several of its children lends once: the first lender gives the slots away, and when the last one
 * is through they are asked for again. They may be lent again on their way back: then the claim leaves the line, and
 * joins it later. Whatever happens, a claim is inside, or away, or in line, and `leave` takes it out of all of these.
 */
import { Option } from "effect"
import * as Admission from "./Admission.ts"

/** A claim that has lent its slots at least once. */
interface Absence<A> {
  /** As it was when it lent them first. */
  readonly entrant: Admission.Entrant<A>
  /** What lets it in again. */
  readonly payload: A
  /** How many lend its slots at the moment. */
  readonly lenders: number
  /** Epoch ms: since when it is without them; none while it has them. */
  readonly since: Option.Option<number>
  /** How long it was without them before (ms). */
  readonly before: number
}

export interface Lending<A> {
  readonly admission: Admission.Admission<A>
  /** By the ids of their claims. */
  readonly absences: Map<string, Absence<A>>
}

/** Slots that somebody has lent, and will give back with `restore`. */
export interface Loan<A> {
  readonly id: string
  /** Tells claims apart that had the same id one after the other. */
  readonly arrival: number
  /** What lets the claim in again. */
  readonly payload: A
}

export const make = <A>(): Lending<A> => ({ admission: Admission.make(), absences: new Map() })

/**
 * One more lends the slots of a claim. `payload` is what will let it in again, unless it is away already. No loan where no
 * such claim has slots.
 */
export const lend = <A>(self: Lending<A>, id: string, now: number, payload: A): Option.Option<Loan<A>> => {
  const absence = self.absences.get(id) ?? firstAbsence(self.admission.inside.get(id), payload)
  if (absence === undefined) return Option.none()
  const lent: Absence<A> = {
    ...absence,
    payload: Option.isSome(absence.since) ? absence.payload : payload,
    lenders: absence.lenders + 1,
    since: Option.orElse(absence.since, () => Option.some(now))
  }
  // Out of its pools, or out of the line where it is on its way back.
  Admission.leave(self.admission, id)
  self.absences.set(id, lent)
  return Option.some({ id, arrival: lent.entrant.arrival, payload: lent.payload })
}

const firstAbsence = <A>(entrant: Admission.Entrant<A> | undefined, payload: A): Absence<A> | undefined =>
  entrant === undefined ? undefined : { entrant, payload, lenders: 0, since: Option.none(), before: 0 }

/** One who lent is through. The last one puts the claim in line for its slots. */
export const restore = <A>(self: Lending<A>, loan: Loan<A>): void => {
  const absence = self.absences.get(loan.id)
  // The claim has ended meanwhile.
  if (absence === undefined || absence.entrant.arrival !== loan.arrival) return
  const lenders = absence.lenders - 1
  self.absences.set(loan.id, { ...absence, lenders })
  if (lenders === 0) Admission.rejoin(self.admission, absence.entrant, absence.payload)
}

/** The claim ends, wherever it is. What would have let it in again, where it is away: somebody may wait for that. */
export const leave = <A>(self: Lending<A>, id: string): Option.Option<A> => {
  const payload = away(self, id)
  Admission.leave(self.admission, id)
  self.absences.delete(id)
  return payload
}

/** Lets in everybody who may enter, in order. */
export const admit = <A>(self: Lending<A>, now: number): ReadonlyArray<Admission.Entrant<A>> => {
  const entered = Admission.admit(self.admission)
  for (const { id } of entered) enter(self, id, now)
  return entered
}

/** A claim has its slots (again). */
export const enter = (self: Lending<unknown>, id: string, now: number): void => {
  const absence = self.absences.get(id)
  if (absence !== undefined) {
    self.absences.set(id, { ...absence, since: Option.none(), before: absence.before + sinceThen(absence, now) })
  }
}

const sinceThen = ({ since }: Absence<unknown>, now: number): number =>
  Option.match(since, { onNone: () => 0, onSome: (since) => now - since })

/** What lets in a claim that is without its slots; none where it has them. */
export const away = <A>(self: Lending<A>, id: string): Option.Option<A> => {
  const absence = self.absences.get(id)
  return absence === undefined ? Option.none() : Option.as(absence.since, absence.payload)
}

/** The claims that are without their slots. */
export const allAway = ({ absences }: Lending<unknown>): ReadonlyArray<string> =>
  Array.from(absences).flatMap(([id, { since }]) => Option.isSome(since) ? [id] : [])

/** For how long a claim has been without its slots since it first had them (ms). */
export const awayFor = (self: Lending<unknown>, id: string, now: number): number => {
  const absence = self.absences.get(id)
  return absence === undefined ? 0 : absence.before + sinceThen(absence, now)
}
