/**
 * Whose a task is. One file serves several processes, and one that was taken for gone may still be there: what it goes on with
 * is another's by then. It finds out when the file refuses an event of its, or when it asks.
 */
import { Effect, Option } from "effect"
import * as Journal from "../Journal.ts"
import * as Outbox from "../Outbox.ts"
import * as Task from "../Task.ts"
import type * as Store from "./Store.ts"
import type { Attempt } from "./untilBroken.ts"

export const make = ({ fold, load, me, still, store }: {
  /** What this process goes on with. */
  readonly fold: Journal.Fold
  readonly load: (id: Task.TaskId) => Effect.Effect<Option.Option<Task.Task>, Store.StoreError>
  readonly me: string
  readonly still: Attempt<Store.StoreError>
  readonly store: Pick<Store.Store, "ownersOf">
}) => {
  /** Those of these tasks that are somebody else's by now. */
  const othersOf = (ids: ReadonlyArray<Task.TaskId>) =>
    Effect.map(
      still(store.ownersOf(ids)),
      (found) => {
        const owners = Option.getOrElse(found, () => new Map<Task.TaskId, string>())
        return ids.filter((id) => (owners.get(id) ?? me) !== me)
      }
    )

  /** Those of these runs that another process goes on with; not those of a task that was only continued there since. */
  const takenOf = Effect.fnUntraced(function*(runs: ReadonlyArray<Pick<Task.Task, "id" | "run">>) {
    const others = new Set(yield* othersOf(runs.map(({ id }) => id)))
    const taken: Array<Task.TaskId> = []
    for (const { id, run } of runs) {
      if (!others.has(id)) continue
      const now = Option.flatten(yield* still(load(id)))
      if (Option.exists(now, (task) => task.run === run)) taken.push(id)
    }
    return taken
  })

  /** What was let go of, and was not asked for since. Changed with `fold`, in the same steps. */
  const lost = new Set<Task.TaskId>()
  const drop = (id: Task.TaskId): void => {
    Journal.letGo(fold, id)
    lost.add(id)
  }

  /** Lets go of all that is another's by now: it is looked at there, and told of there. */
  const letGo = Effect.suspend(() =>
    Effect.map(takenOf([...fold.tasks.values()]), (ids) => {
      for (const id of ids) drop(id)
    })
  )

  const owns = (id: Task.TaskId) => Effect.map(othersOf([id]), (others) => others.length === 0)

  /** What was at hand, and another goes on with now. */
  const continued = new Set<Task.TaskId>()

  /** What is over and told of, and was continued by another since, is looked at there: it is not kept at hand any more. */
  const leaveContinued = Effect.suspend(() => {
    const over = [...fold.tasks.values()].filter((task) =>
      Task.isTerminal(task) && !Outbox.has(Journal.boxOf(fold, task.request.parent), task)
    )
    return Effect.map(othersOf(over.map(({ id }) => id)), (ids) => {
      const others = new Set(ids)
      for (const task of over) {
        // It may have been continued here meanwhile.
        if (!others.has(task.id) || fold.tasks.get(task.id) !== task) continue
        Journal.remove(fold, task.id)
        continued.add(task.id)
      }
    })
  })

  /** What another goes on with that was at hand here, as it is there. */
  const continuedElsewhere = Effect.andThen(
    leaveContinued,
    Effect.suspend(() =>
      Effect.forEach([...continued], (id) =>
        Effect.map(still(load(id)), (found) => {
          // Once it is over it is among those that ended last, and continued here it is at hand again.
          const task = Option.filter(Option.flatten(found), (task) => !Task.isTerminal(task) && !fold.tasks.has(id))
          if (Option.isNone(task)) continued.delete(id)
          return Option.toArray(task)
        }))
    )
  ).pipe(Effect.map((all) => all.flat()))

  return {
    owns,
    takenOf,
    continuedElsewhere,
    letGo,
    /** The same, and gives all that was let go of since it was last asked for, and is not ours again. */
    lost: Effect.map(letGo, () => {
      const all = [...lost].filter((id) => !fold.tasks.has(id))
      lost.clear()
      return all
    }),
    /** An event of this task was refused: it may be the first sign that more is another's. */
    refused: (id: Task.TaskId): Effect.Effect<void> =>
      Effect.flatMap(owns(id), (isOwn) => {
        if (isOwn) return Effect.void
        // What is over here was only continued there: its end is told here.
        if (!Option.exists(Journal.find(fold, id), Task.isTerminal)) drop(id)
        return letGo
      })
  }
}
