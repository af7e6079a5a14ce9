/**
 * `background_output`: how a task stands, or what it answered.
 */
import { Task, Tasks, Traced } from "@errand/core"
import { Clock, Effect } from "effect"
import { stillAtIt } from "../text/polling.ts"
import { about, type Caller } from "./Caller.ts"
import { outputArguments } from "./OutputArguments.ts"
import { Polling } from "./Polling.ts"
import { readTask } from "./readTask.ts"
import { answered } from "./refusal.ts"

export const backgroundOutput = Effect.fnUntraced(
  function*(input: unknown, caller: Caller) {
    const { block, offset, task: id, timeout } = yield* Effect.fromResult(outputArguments(input))
    const tasks = yield* Tasks.Tasks
    const found = yield* tasks.find(id, caller.session)
    if (Task.isTerminal(found)) return yield* readTask(found, caller, { offset })
    if (!block) {
      const polling = yield* Polling
      return (yield* polling.look(caller.session, found.id))
        ? about(found, stillAtIt(found, yield* Clock.currentTimeMillis))
        : yield* readTask(found, caller, { offset })
    }
    const waiting = Effect.gen(function*() {
      const task = yield* tasks.await(found.id, caller.session, timeout)
      return yield* readTask(task, caller, Task.isTerminal(task) ? { offset } : { offset, waited: timeout })
    })
    return yield* tasks.reading(caller.session)(waiting)
  },
  answered("background_output"),
  Traced.named("background_output")
)
