/**
 * Keeps sightings in the journal, beside the work: who sees something leaves word and goes on, and this listens and
 * writes. What comes too late, after the end of the run, the journal refuses.
 */
import { Clock, Effect, Option, Schema, type Scope, Stream } from "effect"
import type { Journal } from "./Journal.ts"
import type { Limits, Loan } from "./Limits.ts"
import type { Sighting } from "./Sighting.ts"
import { type Task, TaskId } from "./Task.ts"
import type { Watch } from "./Watch.ts"

export interface Environment {
  readonly journal: Journal["Service"]
  readonly limits: Limits["Service"]
  readonly watch: Watch["Service"]
}

/** Until the scope ends. */
export const keep = ({ journal, limits, watch }: Environment): Effect.Effect<void, never, Scope.Scope> => {
  /** One that cannot be kept is no reason to keep none after it. */
  const append = (sighting: Sighting) =>
    Effect.catchDefect(
      journal.append(sighting),
      (defect) => Effect.as(Effect.logWarning("What a task waits for could not be kept", defect), Option.none<Task>())
    )

  /** Kept when they are given away, and when they are back. */
  const lent = Effect.fnUntraced(function*({ at, id }: Loan) {
    if (!isTaskId(id)) return
    const task = Option.getOrUndefined(yield* journal.get(id))
    // It may have ended since, and have been continued.
    if (task?.startedAt === undefined || task.startedAt > at) return
    const stamp = { id: task.id, run: task.run }
    const kept = yield* append({ _tag: "Lent", ...stamp, at })
    if (Option.isNone(kept)) return
    const restored = Effect.gen(function*() {
      if (!(yield* limits.restored(id))) return
      yield* append({ _tag: "Restored", ...stamp, at: yield* Clock.currentTimeMillis })
    })
    yield* Effect.forkChild(restored, { startImmediately: true })
  })
  // It listens when this returns: nothing that is seen after that is missed.
  return Effect.asVoid(Effect.andThen(
    Effect.forkScoped(Stream.runForEach(watch.sightings, append), { startImmediately: true }),
    Effect.forkScoped(Stream.runForEach(limits.loans, lent), { startImmediately: true })
  ))
}

const isTaskId = Schema.is(TaskId)
