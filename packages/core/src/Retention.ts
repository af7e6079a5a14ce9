/**
 * How long finished tasks are kept: the latest `retainedTasks` of them, and every one that somebody is still owed.
 */
import { Effect, Latch } from "effect"
import { Journal } from "./Journal.ts"
import { Notices } from "./Notices.ts"
import * as Settings from "./Settings.ts"
import * as Task from "./Task.ts"

/** `lookUnsafe`: to be called whenever something may have become superfluous. */
export const make = Effect.gen(function*() {
  const journal = yield* Journal
  const notices = yield* Notices
  const settings = yield* Settings.Current

  /** Forgets the oldest of those that are over and of which nobody is owed anything, down to `retainedTasks`. */
  const forgetOld = Effect.gen(function*() {
    const over = (yield* journal.tasks).filter(Task.isTerminal)
    let surplus = over.length - settings.retainedTasks
    if (surplus <= 0) return
    for (const task of over.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))) {
      if (surplus === 0) return
      if (notices.owesUnsafe(task)) continue
      yield* journal.forget(task.id)
      surplus--
    }
  })

  // At most once a second, and only after something ended or somebody is owed less.
  yield* Latch.await(notices.lessOwed).pipe(
    Effect.andThen(Latch.close(notices.lessOwed)),
    Effect.andThen(Effect.sleep("1 second")),
    Effect.andThen(forgetOld),
    Effect.forever,
    Effect.forkScoped
  )

  return { lookUnsafe: () => void Latch.openUnsafe(notices.lessOwed) }
})
