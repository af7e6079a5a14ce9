/**
 * Notices agents that look at the same running task again and again. They are told of its end anyway, so all that they
 * get by polling is a longer conversation: from the third look within half a minute on, the answer is one line.
 */
import type { Task } from "@errand/core"
import { Clock, Context, Effect, HashMap, Layer, Option, Ref } from "effect"

/** How many looks are answered in full, within how long (ms). */
const allowed = 2
const within = 30_000

/** The looks that count at this time, this one included. Pure. */
export const recent = (looks: ReadonlyArray<number>, now: number): ReadonlyArray<number> =>
  [...looks.filter((at) => now - at < within), now].slice(-allowed - 1)

export const isPolling = (looks: ReadonlyArray<number>): boolean => looks.length > allowed

/** More tasks than anybody polls at once. */
const remembered = 256

export class Polling extends Context.Service<Polling, {
  /** Somebody in a session looks at a task that is not over: whether they have done so too often. */
  readonly look: (session: Task.SessionId, task: Task.TaskId) => Effect.Effect<boolean>
}>()("opencode-errand/tools/Polling") {
  static readonly layer: Layer.Layer<Polling> = Layer.effect(Polling)(Effect.gen(function*() {
    const looks = yield* Ref.make(HashMap.empty<string, ReadonlyArray<number>>())
    return Polling.of({
      look: Effect.fnUntraced(function*(session, task) {
        const now = yield* Clock.currentTimeMillis
        const key = `${session} ${task}`
        return yield* Ref.modify(looks, (all) => {
          const mine = recent(Option.getOrElse(HashMap.get(all, key), () => []), now)
          return [isPolling(mine), HashMap.set(HashMap.size(all) < remembered ? all : HashMap.empty(), key, mine)]
        })
      })
    })
  }))
}
