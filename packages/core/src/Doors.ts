/**
 * Doors that somebody waits at. They are opened by one fiber, a round at a time: whoever has one opened goes on first, and
 * however many go through and open further ones in turn, it is never one call stack.
 */
import { Deferred, Effect, Latch, type Scope } from "effect"

export type Door = Deferred.Deferred<void>

/** What opens doors, soon and in order. */
export const make: Effect.Effect<
  (doors: ReadonlyArray<Door>) => Effect.Effect<unknown>,
  never,
  Scope.Scope
> = Effect.gen(function*() {
  const due: Array<Door> = []
  /** Open while there are some. */
  const some = yield* Latch.make(false)

  const round = Effect.sync(() => {
    for (const door of due.splice(0)) Deferred.doneUnsafe(door, Effect.void)
    if (due.length === 0) Latch.closeUnsafe(some)
  })

  // Between two rounds everybody else has their turn: `forever` sees to that.
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Latch.await(some), round)), { startImmediately: true })

  return (doors) =>
    Effect.suspend(() => {
      due.push(...doors)
      return Latch.open(some)
    })
})
