/**
 * The process that a simulated host lives in: what it is about to do is lost when it dies, and it comes back later.
 */
import { Deferred, Effect, FiberSet, Ref } from "effect"

export type Process = Effect.Success<typeof make>

export const make = Effect.gen(function*() {
  const plans = yield* FiberSet.make()
  const death = yield* Ref.make(Deferred.makeUnsafe<void>())
  const up = yield* Ref.make(true)
  const scope = yield* Effect.scope
  return {
    isUp: Ref.get(up),
    /** Ends when the process dies. */
    death: Effect.flatMap(Ref.get(death), Deferred.await),
    /** Does something after a while (ms), if the process is still the same then. */
    later: (what: Effect.Effect<unknown>, ms: number): Effect.Effect<void> =>
      Effect.asVoid(FiberSet.run(plans, Effect.delay(what, ms))),
    /** Dies at once; is back after a while (ms). */
    restart: (downMs: number): Effect.Effect<void> =>
      Effect.gen(function*() {
        yield* Ref.set(up, false)
        yield* Deferred.succeed(yield* Ref.getAndSet(death, Deferred.makeUnsafe()), undefined)
        yield* FiberSet.clear(plans)
        yield* Effect.forkIn(Effect.delay(Ref.set(up, true), downMs), scope)
      })
  }
})
