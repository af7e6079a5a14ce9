/**
 * `background_cancel`: calls off one task, or everything below the caller.
 */
import { Tasks } from "@errand/core"
import { Effect } from "effect"
import { alreadyEnded, type Cancelled, cancelledAll, cancelledOne } from "../text/cancelled.ts"
import { about, type Caller, text } from "./Caller.ts"
import { cancelArguments } from "./CancelArguments.ts"
import { answered } from "./refusal.ts"

export const backgroundCancel = Effect.fn("background_cancel")(
  function*(input: unknown, caller: Caller) {
    const args = yield* Effect.fromResult(cancelArguments(input))
    const tasks = yield* Tasks.Tasks
    if (args._tag === "All") {
      const all = yield* tasks.cancelAll(caller.session)
      return text(`${all.length} cancelled`, cancelledAll(all.map(asBefore)))
    }
    const found = yield* tasks.find(args.task, caller.session)
    const done = yield* tasks.cancel(found.id)
    return about(done.task, done.cancelled ? cancelledOne(asBefore(done)) : alreadyEnded(done.task))
  },
  answered("background_cancel")
)

const asBefore = ({ abort, before, task }: Tasks.Cancellation): Cancelled => ({
  before: { ...task, status: before },
  confirmed: abort !== "unconfirmed"
})
