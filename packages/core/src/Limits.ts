/**
 * The limits in force: running inside them, lending slots, and seeing where a waiting task stands.
 *
 * Every pool is a semaphore, and a running task holds one permit of each pool that binds it. The order in front of the
 * semaphores is `Admission`'s: somebody takes permits only when it is their turn and every pool has one free, so no
 * semaphore ever has a line of its own (its line would cost time in proportion to its length at every release), and
 * somebody who waits holds nothing. Slots belong to a scope, and closing it is the only way in which they are released.
 */
import { Clock, Context, Deferred, Effect, Exit, HashMap, Latch, Layer, Option, Ref, Scope, Semaphore } from "effect"
import * as Admission from "./Admission.ts"
import type { Model } from "./Model.ts"
import * as Pools from "./Pools.ts"
import * as Settings from "./Settings.ts"

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

export type Place = Admission.Place

export class Limits extends Context.Service<Limits, {
  /** Waits for a slot of every pool that binds the claim, and holds them while the effect runs. */
  readonly withSlots: (claim: Claim) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * Gives the slots of a running claim to others while the effect runs, and has them back before it returns (in front of
   * everybody who waits). For a task that waits for its own children. Without such a claim the effect just runs.
   */
  readonly lend: (id: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Waits until a claim that lent its slots has them again; returns at once for everybody else. */
  readonly restored: (id: string) => Effect.Effect<void>
  /** For how long a claim has been without its slots since it first had them (ms). */
  readonly away: (id: string) => Effect.Effect<number>
  /** Where a claim stands in line; none when it does not wait. */
  readonly place: (id: string) => Effect.Effect<Option.Option<Place>>
  /** Every pool that was used or set so far. */
  readonly pools: Effect.Effect<ReadonlyArray<PoolStatus>>
  /** Changes a limit while tasks run; `0` is any number. Nobody who runs is stopped: a smaller pool drains. */
  readonly resize: (pool: Pools.PoolName, limit: number) => Effect.Effect<void>
  /** Lets nobody in until `resume`. Those who run go on. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}>()("@errand/core/Limits") {
  static readonly layer: Layer.Layer<Limits> = Layer.effect(Limits, Effect.suspend(() => make))
}

/** A running claim. */
interface Lease {
  readonly claim: Claim
  readonly held: Ref.Ref<Held>
  /** Open while the claim has its slots. */
  readonly home: Latch.Latch
  /** The claim's own scope: everything that it holds is in scopes below it. */
  readonly scope: Scope.Scope
}

interface Held {
  /** What the claim holds, as a scope; none while it is lent or waited for. */
  readonly slots: Option.Option<Scope.Closeable>
  /** How many effects run on lent slots. The first lends, the last has them fetched back. */
  readonly lenders: number
  /** Whether they are being fetched back. */
  readonly returning: boolean
  /** Epoch ms. Since when they are away, where they are. */
  readonly awaySince: Option.Option<number>
  /** How long they were away before (ms). */
  readonly awayFor: number
}

type Door = Deferred.Deferred<void>

const make = Effect.gen(function*() {
  const settings = yield* Settings.Current
  const admission = yield* Ref.make(Admission.empty<Door>())
  const semaphores = yield* Ref.make(HashMap.empty<Pools.PoolName, Semaphore.Semaphore>())
  const leases = yield* Ref.make(HashMap.empty<string, Lease>())

  /** Changes the state, and opens the door to everybody whom that lets in. */
  const step = (change: (state: Admission.Admission<Door>) => Admission.Admission<Door>) =>
    Effect.flatMap(
      Ref.modify(admission, (state) => {
        const [next, admitted] = Admission.admit(change(state))
        return [admitted, next]
      }),
      (admitted) =>
        Effect.forEach(admitted, (entrant) => Deferred.succeed(entrant.payload, undefined), { discard: true })
    )

  const semaphoreOf = (pool: Pools.PoolName) =>
    Effect.flatMap(Ref.get(admission), (state) =>
      Ref.modify(semaphores, (all) => {
        const known = HashMap.get(all, pool)
        if (Option.isSome(known)) return [known.value, all]
        const created = Semaphore.makeUnsafe(Admission.usage(state, pool).size)
        return [created, HashMap.set(all, pool, created)]
      }))

  /** In line, then inside. The scope takes the claim out again, whichever it is by then. */
  const enter = Effect.fnUntraced(function*(claim: Claim, returns: boolean) {
    const pools = Pools.poolsOf(settings, claim)
    const door = yield* Deferred.make<void>()
    yield* Effect.acquireRelease(
      step((state) => Admission.join(state, { id: claim.id, parent: claim.parent, pools, returns, payload: door })),
      () => step((state) => Admission.leave(state, claim.id))
    )
    if (!Deferred.isDoneUnsafe(door)) {
      yield* Deferred.await(door)
      // Whoever opened the door runs on before this does. Else a long line whose tasks end at once would be one call stack.
      yield* Effect.yieldNow
    }
    for (const pool of pools) {
      const semaphore = yield* semaphoreOf(pool.name)
      yield* semaphore.takeScoped(1)
    }
  })

  /** Slots in a scope of their own, which ends with the claim's at the latest. */
  const take = (claim: Claim, scope: Scope.Scope, returns: boolean) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Scope.fork(scope), (slots) =>
        restore(Scope.provide(enter(claim, returns), slots)).pipe(
          Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(slots, exit)),
          Effect.as(slots)
        ))
    )

  const withSlots = (claim: Claim) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.scopedWith((scope) =>
      Effect.gen(function*() {
        const slots = yield* take(claim, scope, false)
        const lease: Lease = {
          claim,
          scope,
          held: yield* Ref.make<Held>({
            slots: Option.some(slots),
            lenders: 0,
            returning: false,
            awaySince: Option.none(),
            awayFor: 0
          }),
          home: yield* Latch.make(true)
        }
        yield* Ref.update(leases, HashMap.set(claim.id, lease))
        yield* Scope.addFinalizer(
          scope,
          Effect.andThen(Ref.update(leases, HashMap.remove(claim.id)), Latch.open(lease.home))
        )
        return yield* effect
      })
    )

  /** Gives the slots away, unless somebody did already. */
  const giveAway = Effect.fnUntraced(function*(lease: Lease) {
    const now = yield* Clock.currentTimeMillis
    const slots = yield* Ref.modify(lease.held, (held) => [held.slots, {
      ...held,
      slots: Option.none<Scope.Closeable>(),
      lenders: held.lenders + 1,
      awaySince: Option.orElse(held.awaySince, () => Option.some(now))
    }])
    yield* Latch.close(lease.home)
    if (Option.isSome(slots)) yield* Scope.close(slots.value, Exit.void)
  })

  /** The last lender has the slots fetched, in the claim's own time: whoever lent may be gone by then. */
  const fetchBack = (lease: Lease) =>
    Effect.flatMap(
      Ref.modify(lease.held, (held) => {
        const lenders = held.lenders - 1
        const fetch = lenders === 0 && !held.returning
        return [fetch, { ...held, lenders, returning: held.returning || fetch }]
      }),
      (fetch) => fetch ? Effect.forkIn(settle(lease), lease.scope) : Effect.void
    )

  const settle = (lease: Lease): Effect.Effect<void> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const slots = yield* restore(take(lease.claim, lease.scope, true))
        const now = yield* Clock.currentTimeMillis
        const home = yield* Ref.modify(lease.held, (held) =>
          held.lenders > 0 ? [false, held] : [true, {
            lenders: 0,
            slots: Option.some(slots),
            returning: false,
            awaySince: Option.none<number>(),
            awayFor: held.awayFor + Option.match(held.awaySince, { onNone: () => 0, onSome: (since) => now - since })
          }])
        if (home) {
          yield* Latch.open(lease.home)
          return
        }
        // Lent again while they were on the way: they go at once, and only then somebody else may fetch them.
        yield* Scope.close(slots, Exit.void)
        const again = yield* Ref.modify(lease.held, (held) => [held.lenders === 0, {
          ...held,
          returning: held.lenders === 0
        }])
        if (again) yield* restore(settle(lease))
      })
    )

  const leaseOf = (id: string) => Effect.map(Ref.get(leases), HashMap.get(id))

  const restored = (id: string) =>
    Effect.flatMap(leaseOf(id), (lease) => Option.isNone(lease) ? Effect.void : Latch.await(lease.value.home))

  const lend = (id: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.flatMap(
      leaseOf(id),
      (lease) =>
        Option.isNone(lease) ? effect : Effect.uninterruptibleMask((restore) =>
          Effect.gen(function*() {
            yield* giveAway(lease.value)
            const exit = yield* Effect.exit(restore(effect))
            yield* fetchBack(lease.value)
            // Asked for anew: the claim may have ended meanwhile, and then there is nothing to wait for.
            yield* restore(restored(id))
            return yield* exit
          })
        )
    )

  return Limits.of({
    withSlots,
    lend,
    restored,
    away: (id) =>
      Effect.flatMap(leaseOf(id), (lease) =>
        Option.isNone(lease) ? Effect.succeed(0) : Effect.gen(function*() {
          const held = yield* Ref.get(lease.value.held)
          const now = yield* Clock.currentTimeMillis
          return held.awayFor + Option.match(held.awaySince, { onNone: () => 0, onSome: (since) => now - since })
        })),
    place: (id) => Effect.map(Ref.get(admission), (state) => Admission.placeOf(state, id)),
    pools: Effect.map(
      Ref.get(admission),
      (state) => Array.from(HashMap.entries(state.pools), ([name, { size, used }]) => ({ name, used, size }))
    ),
    resize: (pool, limit) =>
      Effect.uninterruptible(Effect.gen(function*() {
        const size = Pools.sizeOf(limit)
        const semaphore = yield* semaphoreOf(pool)
        // A larger semaphore before the admission that counts on it, a smaller one as well: both drain.
        yield* Semaphore.resize(semaphore, size)
        yield* step((state) => Admission.resize(state, pool, size))
      })),
    pause: step((state) => Admission.setPaused(state, true)),
    resume: step((state) => Admission.setPaused(state, false))
  })
})
