/**
 * Keeps sightings in the journal, beside the work: who sees something leaves word and goes on, and this listens and
 * writes. What comes too late, after the end of the run, the journal refuses.
 */
import { Clock, Effect, Option, Schema, Stream } from "effect"
import type { Journal } from "./Journal.ts"
import type { Limits, Loan } from "./Limits.ts"
import { TaskId } from "./Task.ts"
import type { Watch } from "./Watch.ts"

export interface Environment {
  readonly journal: Journal["Service"]
  readonly limits: Limits["Service"]
  readonly watch: Watch["Service"]
}

/** Never returns. */
export const keep = ({ journal, limits, watch }: Environment): Effect.Effect<void> => {
  /** Kept when they are given away, and when they are back. */
  const lent = Effect.fnUntraced(function*({ at, id }: Loan) {
    if (!isTaskId(id)) return
    const task = Option.getOrUndefined(yield* journal.get(id))
    // It may have ended since, and have been continued.
    if (task?.startedAt === undefined || task.startedAt > at) return
    const stamp = { id: task.id, run: task.run }
    const kept = yield* journal.append({ _tag: "Lent", ...stamp, at })
    if (Option.isNone(kept)) return
    const restored = Effect.gen(function*() {
      yield* limits.restored(id)
      // It may have ended instead.
      if (limits.heldUnsafe(id).length === 0) return
      yield* journal.append({ _tag: "Restored", ...stamp, at: yield* Clock.currentTimeMillis })
    })
    yield* Effect.forkChild(restored, { startImmediately: true })
  })
  return Effect.all([
    Stream.runForEach(watch.sightings, journal.append),
    Stream.runForEach(limits.loans, lent)
  ], { concurrency: "unbounded", discard: true })
}

const isTaskId = Schema.is(TaskId)
