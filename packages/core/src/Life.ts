/**
 * The life of a task: slots, a session, a prompt, watching, the answer. One Effect, and everything that it holds is in
 * scopes inside it: however it ends, the slots are free and the session is stopped, unless it has answered.
 *
 * It starts from the task as the journal has it: a task that had a session before goes on in that, and one that was taken
 * over from a process that is gone goes on from where its session stands.
 */
import { Clock, Deferred, Effect, Option, Ref, type Scope } from "effect"
import * as Conversation from "./Conversation.ts"
import * as Ending from "./Ending.ts"
import type { Journal } from "./Journal.ts"
import type { Limits } from "./Limits.ts"
import type { Notices } from "./Notices.ts"
import * as Standing from "./Standing.ts"
import * as Task from "./Task.ts"
import type { Watch } from "./Watch.ts"

/** What a life needs besides. */
export interface Environment extends Conversation.Environment {
  readonly journal: Journal["Service"]
  readonly limits: Limits["Service"]
  readonly notices: Notices["Service"]
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
  const { host, limits, notices, settings } = environment
  return Effect.flatMap(
    Effect.catchTag(
      Standing.find({ host, settings, expecting: notices.expecting }, task),
      "SessionGone",
      () => Effect.fail(new Ending.Unanswered({ outcome: Ending.cancelled("deleted") }))
    ),
    (standing) => {
      if (standing._tag === "Finished") return Effect.succeed(standing.outcome)
      if (standing._tag === "CutOff" && (settings.onRestart === "report" || !host.capabilities.continues)) {
        return Effect.fail(new Ending.Unanswered({ outcome: Ending.cutOff }))
      }
      return run(environment, task, signs, standing).pipe(
        Effect.scoped,
        limits.withSlots({
          id: task.id,
          parent: task.request.parent,
          model: task.request.model,
          agent: task.request.agent
        })
      )
    }
  )
}

/** What is done while it has its slots. */
const run = Effect.fnUntraced(function*(
  environment: Environment,
  task: Task.Task,
  signs: Signs,
  standing: Exclude<Standing.Standing, { readonly _tag: "Finished" }>
): Effect.fn.Return<Task.Outcome, Ending.Failure, Scope.Scope> {
  const { journal, limits, settings, watch } = environment
  const stamp = { id: task.id, run: task.run }
  const started = yield* Clock.currentTimeMillis
  // Refused where it is somebody else's by now, who lives it.
  if (Option.isNone(yield* journal.append({ _tag: "Started", ...stamp, at: started }))) return yield* Effect.interrupt
  const conversation = yield* Conversation.open(environment, task, signs.aborted)
  const { after, session } = conversation
  yield* journal.append({
    _tag: "Opened",
    ...stamp,
    at: yield* Clock.currentTimeMillis,
    session,
    ...(Option.isSome(after) ? { after: after.value } : {})
  })
  yield* Deferred.succeed(signs.opened, undefined)
  // What was cut off is no end of what is said now.
  const watcher = yield* watch.session(task.id, session, standing._tag === "CutOff" ? standing.last : after)
  yield* Effect.addFinalizer(() => Effect.flatMap(watcher.progress, (progress) => Ref.set(signs.progress, progress)))
  switch (standing._tag) {
    case "Unprompted":
      yield* conversation.prompt(task.request.prompt)
      break
    case "CutOff":
      yield* conversation.prompt(goOn)
      break
    case "AtWork":
      break
  }
  const spent = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const waited = (yield* watcher.waitedForPerson) + (yield* limits.away(task.id))
    return Task.ranBefore(task) + now - started - waited
  })
  const outcome = yield* Effect.raceFirst(watcher.settled, timeUp(settings.taskTtlMs, spent))
  return outcome._tag === "Completed" ? outcome : yield* new Ending.Unanswered({ outcome })
})

/** What an agent is told whose session was cut off. */
const goOn =
  "The program that you run in was stopped and started again while you were at work. What you were doing in that moment was "
  + "cut off; everything above is as you left it. See what is done already, then go on with your task and finish it."

/** Ends when a task has spent its time. `spent` says how much it has (ms); it may stand still for a while. */
const timeUp = (limit: number, spent: Effect.Effect<number>): Effect.Effect<Task.Outcome> =>
  limit === 0 ? Effect.never : Effect.gen(function*() {
    for (let left = limit - (yield* spent); left > 0;) {
      yield* Effect.sleep(left)
      const rest = limit - (yield* spent)
      // While the clock of the task stands still there is nothing to gain from looking more often than this.
      left = rest > 0 ? Math.max(rest, 1_000) : 0
    }
    return Ending.timeLimit(limit)
  })
