/**
 * What an agent reads when a tool could not do what it was asked: one place for every error of every tool.
 */
import { type AgentHost, Task, type TaskError, Tasks } from "@errand/core"
import { Data, Effect } from "effect"
import type { NotAvailable } from "../host/Agents.ts"
import {
  badArguments,
  calledOff,
  foreignTask,
  lineageUnknown,
  nothingToContinue,
  sessionUnknown,
  stillRunning,
  taskNotFound,
  tooDeep
} from "../text/errors.ts"
import { message, sentence } from "../text/inline.ts"
import type { BadArguments } from "./BadArguments.ts"
import { refused, type ToolResult } from "./Caller.ts"
import type { CalledOff } from "./Launching.ts"

/** A task that was to be continued has no session: it has not begun, or has ended before it had one. */
export class NoSession extends Data.TaggedError("NoSession")<{ readonly task: Task.Task }> {}

export type Refusal =
  | NoSession
  | BadArguments
  | CalledOff
  | NotAvailable
  | AgentHost.HostError
  | TaskError.LineageUnknown
  | TaskError.SessionDeleted
  | TaskError.TooDeep
  | TaskError.SessionUnknown
  | TaskError.TaskNotFound
  | TaskError.TaskForeign
  | TaskError.TaskRunning
  | TaskError.TaskAbove
  | TaskError.TaskWaiting
  | TaskError.CannotContinue

/** Makes an error of a tool the tool's answer. */
export const answered =
  (tool: string) =>
  <E extends Refusal, R>(effect: Effect.Effect<ToolResult, E, R>): Effect.Effect<ToolResult, never, R | Tasks.Tasks> =>
    Effect.catch(effect, (error) => Effect.map(answerTo(tool, error), refused))

const answerTo = (tool: string, error: Refusal): Effect.Effect<string, never, Tasks.Tasks> => {
  switch (error._tag) {
    case "BadArguments":
      return Effect.succeed(badArguments(tool, error.message))
    case "CalledOff":
      return Effect.succeed(calledOff)
    case "NotAvailable":
      return Effect.succeed(error.message)
    case "HostError":
      return Effect.succeed(`OpenCode did not answer (${message(error.message)}). Nothing was done: try again.`)
    case "LineageUnknown":
      return Effect.succeed(lineageUnknown(error.session, error.why))
    case "SessionDeleted":
    case "TaskAbove":
    case "TaskWaiting":
      return Effect.succeed(sentence(message(error.message)))
    case "TooDeep":
      return Effect.succeed(tooDeep(error.depth, error.maxDepth))
    case "SessionUnknown":
    case "CannotContinue":
      return Effect.succeed(sessionUnknown(error.session))
    case "NoSession":
      return Effect.succeed(Task.isTerminal(error.task) ? nothingToContinue(error.task) : stillRunning(error.task))
    case "TaskNotFound":
      return Effect.succeed(taskNotFound(error.id))
    case "TaskForeign":
      return Effect.succeed(foreignTask(error.id))
    case "TaskRunning":
      return Effect.gen(function*() {
        const tasks = yield* Tasks.Tasks
        return yield* Effect.match(tasks.get(error.id), {
          onFailure: () => sentence(message(error.message)),
          onSuccess: stillRunning
        })
      })
  }
}
