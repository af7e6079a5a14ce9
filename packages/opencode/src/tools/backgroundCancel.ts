/**
 * `background_cancel`: calls off one task, or everything below the caller.
 */
import { Task, TaskError, Tasks, Traced } from "@errand/core"
import { Effect } from "effect"
import { type Cancelled, cancelledAll, cancelledOne, notCancelled } from "../text/cancelled.ts"
import { about, type Caller, text } from "./Caller.ts"
import { cancelArguments } from "./CancelArguments.ts"
import { Launching } from "./Launching.ts"
import { answered } from "./refusal.ts"

export const backgroundCancel = Effect.fnUntraced(
  function*(input: unknown, caller: Caller) {
    const args = yield* Effect.fromResult(cancelArguments(input))
    const tasks = yield* Tasks.Tasks
    if (args._tag === "All") {
      // First what is no task yet: of what became one meanwhile the tasks know.
      const launches = yield* Effect.flatMap(Launching, ({ callOff }) => callOff(caller.session))
      const all = yield* tasks.cancelAll(caller.session)
      return text(`${all.length + launches.length} cancelled`, cancelledAll(all.map(asBefore), launches))
    }
    const found = yield* tasks.find(args.task, caller.session)
    // A task may look at what its siblings do, but calls off only what it sent out itself.
    if (!Task.isBelow(found, caller.session)) return yield* new TaskError.TaskForeign({ id: found.id })
    const done = yield* tasks.cancel(found.id, found.request.parent === caller.session ? "requested" : "from-above")
    return about(done.task, done.cancelled ? cancelledOne(asBefore(done)) : notCancelled(done.task))
  },
  answered("background_cancel"),
  Traced.named("background_cancel")
)

const asBefore = ({ abort, before, task }: Tasks.Cancellation): Cancelled => ({
  before: { ...task, status: before },
  confirmed: abort !== "unconfirmed"
})
