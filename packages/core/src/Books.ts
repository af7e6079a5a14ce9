/**
 * The books of the limits as `Limits` keeps them: those of this process alone, or those on top of which slots are shared
 * with other processes.
 */
import { Clock, Duration, Effect, Latch, type Option, PubSub, Random, Ref, type Scope, Stream } from "effect"
import * as Admission from "./Admission.ts"
import * as Lending from "./Lending.ts"
import type { SharedSlots, Wait } from "./SharedSlots.ts"
import * as Sharing from "./Sharing.ts"

export type Place = Sharing.Place

/** No function here waits: each is one step for everybody else. Only where a claim stands may have to be asked for. */
export interface Books<A> {
  /** Lets in everybody who may enter, in order. */
  readonly admit: (now: number) => ReadonlyArray<Admission.Entrant<A>>
  /** One more lends the slots of a claim; see `Lending.lend`. */
  readonly lend: (id: string, now: number, payload: A) => Option.Option<Lending.Loan<A>>
  /** The claim ends, wherever it is; see `Lending.leave`. */
  readonly leave: (id: string) => Option.Option<A>
  readonly placeOf: (id: string) => Effect.Effect<Option.Option<Place>>
  readonly usages: () => ReturnType<typeof Admission.usages>
  /** Tells that something has changed that did not change here. */
  readonly moves: Stream.Stream<void>
}

export const local = <A>(lending: Lending.Lending<A>): Books<A> => ({
  admit: (now) => Lending.admit(lending, now),
  lend: (id, now, payload) => Lending.lend(lending, id, now, payload),
  leave: (id) => Lending.leave(lending, id),
  placeOf: (id) => Effect.sync(() => Admission.placeOf(lending.admission, id)),
  usages: () => Admission.usages(lending.admission),
  moves: Stream.empty
})

/** Until those who wait for shared slots ask again (ms), a fifth more or less: processes do not fall into step. */
const interval = Random.nextIntBetween(400, 600)

/**
 * Books with shared slots. One fiber speaks with the others' books: what is over is given back there and what is wanted is
 * asked for in one step, at once when anything has changed, and again and again while anybody waits. `open` lets in who
 * has both.
 *
 * So nobody here waits for a file: a slot is free in this process at once, and whoever is let in next asks after it was
 * given back.
 */
export const shared = Effect.fnUntraced(function*<A>(
  slots: SharedSlots,
  lending: Lending.Lending<A>,
  open: (payloads: ReadonlyArray<A>) => void
): Effect.fn.Return<Books<A>, never, Scope.Scope> {
  const sharing = Sharing.make(lending)
  const { over, seekers } = sharing
  const changed = yield* Latch.make()
  const answered = yield* Latch.make()
  const moves = yield* Effect.acquireRelease(PubSub.sliding<void>(1), PubSub.shutdown)
  /** Who was told last to wait for what. */
  const told = yield* Ref.make("[]")

  const exchange = Effect.gen(function*() {
    const back = [...over]
    over.clear()
    const wants = Sharing.wants(sharing)
    const waits = yield* Effect.catchDefect(slots.exchange(back, wants), (defect) =>
      // Nobody is to wait for ever for what is broken.
      Effect.as(Effect.logError("Limits hold in this process only, for now", defect), new Map<string, Wait>()))
    open(Sharing.answer(sharing, wants, waits, yield* Clock.currentTimeMillis).map(({ payload }) => payload))
    yield* answered.release
    const heard = JSON.stringify([...waits])
    if ((yield* Ref.getAndSet(told, heard)) !== heard) yield* PubSub.publish(moves, undefined)
  })

  yield* Effect.gen(function*() {
    if (seekers.size > 0) yield* Effect.timeoutOption(changed.await, Duration.millis(yield* interval))
    else yield* changed.await
    changed.closeUnsafe()
    yield* exchange
  }).pipe(Effect.forever, Effect.forkScoped)

  /** Whoever was let in here a moment ago may not have to wait at all. */
  const placeOf = (id: string): Effect.Effect<Option.Option<Place>> =>
    Effect.suspend(() =>
      Sharing.isUntold(sharing, id)
        ? Effect.andThen(answered.await, placeOf(id))
        : Effect.succeed(Sharing.placeOf(sharing, id))
    )

  /** Leaves word for the fiber. */
  const noted = <B>(change: () => B): B => {
    const before = seekers.size
    const result = change()
    if (over.size > 0 || seekers.size > before) changed.openUnsafe()
    return result
  }

  return {
    admit: (now) => noted(() => Sharing.admit(sharing, now)),
    lend: (id, now, payload) => noted(() => Sharing.lend(sharing, id, now, payload)),
    leave: (id) => noted(() => Sharing.leave(sharing, id)),
    placeOf,
    usages: () => Sharing.usages(sharing),
    moves: Stream.fromPubSub(moves)
  }
})
