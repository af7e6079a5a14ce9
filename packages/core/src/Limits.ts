/**
 * The limits in force: running inside them, lending slots, and seeing where a waiting task stands.
 *
 * Every pool is a counting semaphore, and several bind a claim at once. Who enters when is decided by `Admission` and
 * `Lending`, whose books change in one place (`step`). Slots are held by `withSlots` around an effect: whatever the claim
 * has by then, slots or a place in line, it is released when that effect is over, and nowhere else. With `SharedSlots` they hold
 * over all processes that share them; the order is that of this process, and then that of all.
 */
import { Clock, Context, Deferred, Effect, Layer, Option, PubSub, Stream } from "effect"
import * as Admission from "./Admission.ts"
import * as Books from "./Books.ts"
import * as Doors from "./Doors.ts"
import * as Lending from "./Lending.ts"
import type { Model } from "./Model.ts"
import * as Pools from "./Pools.ts"
import * as Settings from "./Settings.ts"
import * as SharedSlots from "./SharedSlots.ts"

/** Who wants slots, and of which pools. */
export interface Claim {
  /** Unique among those who wait or run. */
  readonly id: string
  /** Takes turns with other parents. */
  readonly parent: string
  readonly model?: Model | undefined
  readonly agent: string
}

/** How full a pool is. */
export interface PoolStatus {
  readonly name: Pools.PoolName
  readonly used: number
  /** `Infinity` where there is no limit. */
  readonly size: number
}

/** Somebody has given their slots to others. `at`: epoch ms. */
export interface Loan {
  readonly id: string
  readonly at: number
}

export type Place = Books.Place

export class Limits extends Context.Service<Limits, {
  /** Waits for a slot of every pool that binds the claim, and holds them while the effect runs. */
  readonly withSlots: (claim: Claim) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * Gives the slots of a running claim to others while the effect runs, and has them back before it returns (in front of
   * everybody who waits). For a task that waits for its own children. Without such a claim the effect just runs.
   */
  readonly lend: (id: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * Waits until a claim that lent its slots has them again, or has ended instead: gives whether it has not. Gives true at once
   * for everybody else.
   */
  readonly restored: (id: string) => Effect.Effect<boolean>
  /** For how long a claim has been without its slots since it first had them (ms). */
  readonly away: (id: string) => Effect.Effect<number>
  /** The claims that have lent their slots and are without them. */
  readonly lent: Effect.Effect<ReadonlySet<string>>
  /** Where a claim stands in line; none when it does not wait. */
  readonly place: (id: string) => Effect.Effect<Option.Option<Place>>
  /** Tells that places in line may have changed by what other processes did, or with what was heard of that. */
  readonly moves: Stream.Stream<void>
  /** Whose slots are given to others, from now on. A listener that is slower than 1,024 of them loses the oldest. */
  readonly loans: Stream.Stream<Loan>
  /** The pools of which a claim has a slot, narrowest first, with their sizes as they are now; none while it has none. */
  readonly heldUnsafe: (id: string) => ReadonlyArray<Pools.Pool>
  /** Every pool that was used or set so far. */
  readonly pools: Effect.Effect<ReadonlyArray<PoolStatus>>
  /** The same in this moment. */
  readonly poolsUnsafe: () => ReadonlyArray<PoolStatus>
  /**
   * Changes a limit while tasks run; `0` is any number, and so is `Infinity`. Nobody who runs is stopped: a smaller pool
   * drains. Dies where the limit is less than none, or not whole: nobody would ever come in.
   */
  readonly resize: (pool: Pools.PoolName, limit: number) => Effect.Effect<void>
  /** Lets nobody new in until `resume`. Those who run go on, and those who lent their slots have them back. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}>()("@errand/core/Limits") {
  static readonly layer: Layer.Layer<Limits> = Layer.effect(Limits, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const settings = yield* Settings.checked
  const clock = yield* Clock.Clock
  const lending = Lending.make<Doors.Door>()
  const { admission } = lending
  const openAll = yield* Doors.make
  const loans = yield* Effect.acquireRelease(PubSub.sliding<Loan>({ capacity: 1024 }), PubSub.shutdown)
  const slots = yield* SharedSlots.Current
  const books = Option.isSome(slots) ? yield* Books.shared(slots.value, lending, openAll) : Books.local(lending)

  /** The one way in which the books change: in one piece, and the doors of all whom the change lets in are opened. */
  const step = <A>(change: (now: number) => A): Effect.Effect<A> =>
    Effect.sync(() => {
      const now = clock.currentTimeMillisUnsafe()
      const result = change(now)
      openAll(books.admit(now).map(({ payload }) => payload))
      return result
    })

  const look = <A>(at: (now: number) => A): Effect.Effect<A> => Effect.sync(() => at(clock.currentTimeMillisUnsafe()))

  /** In line; gives where to wait for the slots. Where there is room they are there at once, and nobody else is let in. */
  const join = ({ agent, id, model, parent }: Claim): Option.Option<Doors.Door> => {
    const payload: Doors.Door = Deferred.makeUnsafe()
    const pools = Pools.poolsOf(settings, { model, agent })
    Admission.join(admission, { id, parent, pools, returns: false, payload })
    const admitted = books.admit(clock.currentTimeMillisUnsafe())
    return admitted.length > 0 ? Option.none() : Option.some(payload)
  }

  /** Out, wherever the claim is. Whoever waits for its slots to come back need not any more. */
  const leave = (id: string) =>
    step(() => void Option.map(books.leave(id), (door) => Deferred.doneUnsafe(door, Effect.void)))

  /** It joins inside of what makes it leave: who never joined leaves nothing. */
  const withSlots = (claim: Claim) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.onExit(
      Effect.suspend(() => {
        const door = join(claim)
        return Option.isNone(door) ? effect : Effect.andThen(Deferred.await(door.value), effect)
      }),
      () => leave(claim.id)
    )

  const lend = (id: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        step((now) => {
          const wasAway = Option.isSome(Lending.away(lending, id))
          const loan = books.lend(id, now, Deferred.makeUnsafe())
          if (Option.isSome(loan) && !wasAway) PubSub.publishUnsafe(loans, { id, at: now })
          return loan
        }),
        (loan) =>
          Option.isNone(loan) ? restore(effect) : Effect.gen(function*() {
            const exit = yield* Effect.exit(restore(effect))
            yield* step(() => Lending.restore(lending, loan.value))
            yield* restore(Deferred.await(loan.value.payload))
            return yield* exit
          })
      )
    )

  /** `otherwise`: the answer of who is not away. In the moment in which they are back they may lend once more. */
  const untilBack = (id: string, otherwise: Effect.Effect<boolean>): Effect.Effect<boolean> =>
    Effect.flatMap(
      look(() => Lending.away(lending, id)),
      Option.match({
        onNone: () => otherwise,
        onSome: (back) => Effect.andThen(Deferred.await(back), untilBack(id, look(() => admission.inside.has(id))))
      })
    )

  return Limits.of({
    withSlots,
    lend,
    restored: (id) => untilBack(id, Effect.succeed(true)),
    away: (id) => look((now) => Lending.awayFor(lending, id, now)),
    loans: Stream.fromPubSub(loans),
    heldUnsafe: (id) =>
      (admission.inside.get(id)?.pools ?? []).map((name) => ({ name, size: Admission.usage(admission, name).size })),
    lent: look(() => new Set(Lending.allAway(lending))),
    place: books.placeOf,
    moves: books.moves,
    pools: look(() => books.usages()),
    poolsUnsafe: () => books.usages(),
    resize: (pool, limit) =>
      isLimit(limit)
        ? step(() => Admission.resize(admission, pool, Pools.sizeOf(limit)))
        : Effect.die(new RangeError(`${limit} is no limit of ${pool}: it has to be a whole number, and 0 is any`)),
    pause: step(() => Admission.setPaused(admission, true)),
    resume: step(() => Admission.setPaused(admission, false))
  })
})

const isLimit = (limit: number): boolean =>
  limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0)
