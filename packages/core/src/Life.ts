/**
 * The life of a task: slots, a session, a prompt, watching, the answer. One Effect, and everything that it holds is in
 * scopes inside it: however it ends, the slots are free and the session is stopped, unless it has answered.
 *
 * It starts from the task as the journal has it: a task that had a session before goes on in that.
 */
import { Clock, Deferred, Effect, Ref } from "effect"
import * as Conversation from "./Conversation.ts"
import * as Ending from "./Ending.ts"
import type { Journal } from "./Journal.ts"
import type { Limits } from "./Limits.ts"
import type * as Task from "./Task.ts"
import type { Watch } from "./Watch.ts"

/** What a life needs besides. */
export interface Environment extends Conversation.Environment {
  readonly journal: Journal["Service"]
  readonly limits: Limits["Service"]
  readonly watch: Watch["Service"]
}

/** What others may see of a life while it lasts. */
export interface Signs {
  /** Done when it has its session. */
  readonly opened: Deferred.Deferred<void>
  /** Waits, once it is over, until the host has said whether it stopped the session. */
  readonly aborted: Ref.Ref<Effect.Effect<Conversation.Abort>>
  /** What was seen of the session at the end. */
  readonly progress: Ref.Ref<Task.Progress>
}

/** From slots to the answer. Fails where there is none, so that the scopes know whether to stop the session. */
export const live = (
  environment: Environment,
  task: Task.Task,
  signs: Signs
): Effect.Effect<Task.Outcome, Ending.Failure> => {
  const { journal, limits, settings, watch } = environment
  return Effect.gen(function*() {
    const stamp = { id: task.id, run: task.run }
    const started = yield* Clock.currentTimeMillis
    yield* journal.append({ _tag: "Started", ...stamp, at: started })
    const conversation = yield* Conversation.open(environment, task, signs.aborted)
    const { session } = conversation
    yield* journal.append({ _tag: "Opened", ...stamp, at: yield* Clock.currentTimeMillis, session })
    yield* Deferred.succeed(signs.opened, undefined)
    const watcher = yield* watch.session(task.id, session, conversation.after)
    yield* Effect.addFinalizer(() => Effect.flatMap(watcher.progress, (progress) => Ref.set(signs.progress, progress)))
    yield* conversation.prompt
    const spent = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      return now - started - (yield* watcher.waitedForPerson) - (yield* limits.away(task.id))
    })
    const outcome = yield* Effect.raceFirst(watcher.settled, timeUp(settings.taskTtlMs, spent))
    return outcome._tag === "Completed" ? outcome : yield* new Ending.Unanswered({ outcome })
  }).pipe(
    Effect.scoped,
    limits.withSlots({
      id: task.id,
      parent: task.request.parent,
      model: task.request.model,
      agent: task.request.agent
    })
  )
}

/** Ends when a task has spent its time. `spent` says how much it has (ms); it may stand still for a while. */
const timeUp = (limit: number, spent: Effect.Effect<number>): Effect.Effect<Task.Outcome> =>
  limit === 0 ? Effect.never : Effect.gen(function*() {
    let left = limit
    while (left > 0) {
      yield* Effect.sleep(left)
      const rest = limit - (yield* spent)
      // While the clock of the task stands still there is nothing to gain from looking more often than this.
      left = rest > 0 ? Math.max(rest, 1_000) : 0
    }
    return Ending.timeLimit(limit)
  })
