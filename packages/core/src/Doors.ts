/**
 * Doors that somebody waits at. They are opened a round at a time, each round by a fiber that does nothing else: whoever
 * has one opened goes on first, and however many go through and open further ones in turn, it is never one call stack.
 */
import { Deferred, Effect } from "effect"

export type Door = Deferred.Deferred<void>

/** What opens doors, soon and in order. */
export const make = (): (doors: ReadonlyArray<Door>) => Effect.Effect<unknown> => {
  const due: Array<Door> = []

  const round = Effect.sync(() => {
    for (const door of due.splice(0)) Deferred.doneUnsafe(door, Effect.void)
  })

  return (doors) =>
    Effect.suspend(() => {
      const isFirst = due.length === 0
      due.push(...doors)
      return isFirst && due.length > 0 ? Effect.forkDetach(round) : Effect.void
    })
}
