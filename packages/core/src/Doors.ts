/**
 * Doors that somebody waits at. They are opened a round at a time, each round by a fiber that does nothing else: whoever
 * has one opened goes on first, and however many go through and open further ones in turn, it is never one call stack.
 */
import { Deferred, Effect, FiberSet, type Scope } from "effect"

export type Door = Deferred.Deferred<void>

/** Opens doors, soon and in order. */
export type OpenAll = (doors: ReadonlyArray<Door>) => void

/** None is opened any more once the scope is closed. */
export const make: Effect.Effect<OpenAll, never, Scope.Scope> = Effect.map(
  FiberSet.makeRuntime<never>(),
  (start) => {
    const due: Array<Door> = []

    const round = Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => {
        for (const door of due.splice(0)) Deferred.doneUnsafe(door, Effect.void)
      })
    )

    return (doors) => {
      const isFirst = due.length === 0
      due.push(...doors)
      if (isFirst && due.length > 0) start(round)
    }
  }
)
