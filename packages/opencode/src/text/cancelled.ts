/**
 * What an agent reads when it calls tasks off. All of it speaks of a task as it was just before.
 */
import { Task } from "@errand/core"
import { continueCall, description, session, sessionCode } from "./fields.ts"
import { cell, title } from "./inline.ts"

/** A task that was called off. */
export interface Cancelled {
  /** The task as it was before: pending or running. */
  readonly before: Task.Task
  /** Whether the host confirmed that the session was stopped. True where there was none to stop. */
  readonly confirmed: boolean
}

/** One task was called off. */
export const cancelledOne = ({ before, confirmed }: Cancelled): string =>
  [
    before.status === "pending" ? "Pending task cancelled successfully" : "Task cancelled successfully",
    "",
    `Task ID: ${before.id}`,
    `Description: ${description(before)}`,
    ...before.status === "pending" ? [] : [`Session ID: ${session(before)}`],
    "Status: cancelled",
    ...confirmed ? [] : ["", unconfirmed([before])],
    ...toContinue(before)
  ].join("\n")

const toContinue = (task: Task.Task): ReadonlyArray<string> => {
  const call = continueCall(task)
  return call === undefined ? [] : ["", `To continue it: ${call}`]
}

/** A task that is over cannot be called off, nor can one that another process runs. */
export const notCancelled = (task: Task.Task): string =>
  Task.isTerminal(task)
    ? `[ERROR] Cannot cancel task: current status is "${task.status}".\nOnly running or pending tasks can be cancelled.`
    : `[ERROR] Cannot cancel task: it is ${task.status}, and not in this OpenCode but in another one on this directory, `
      + "which may have stopped.\n"
      + "It can be cancelled there, and its end can be waited for here: background_output with block=true."

/** Several were called off, perhaps none. `launches` are the descriptions of those of which there was no task yet. */
export const cancelledAll = (tasks: ReadonlyArray<Cancelled>, launches: ReadonlyArray<string> = []): string => {
  if (tasks.length === 0 && launches.length === 0) return "No running or pending background tasks to cancel."
  return [
    ...tasks.length === 0 ? [] : [cancelledTasks(tasks)],
    ...launches.length === 0 ? [] : [calledOffLaunches(launches)]
  ].join("\n\n")
}

const calledOffLaunches = (launches: ReadonlyArray<string>): string =>
  [
    `Called off ${launches.length} background task(s) that had not begun, so nothing of them was started:`,
    "",
    ...launches.map((description) => `- ${title(description)}`)
  ].join("\n")

const cancelledTasks = (tasks: ReadonlyArray<Cancelled>): string => {
  const lost = tasks.filter((task) => !task.confirmed).map((task) => task.before)
  return [
    `Cancelled ${tasks.length} background task(s):`,
    "",
    "| Task ID | Description | Status | Session ID |",
    "|--- | --- | --- | ---|",
    ...tasks.map(({ before }) =>
      `| \`${before.id}\` | ${cell(description(before))} | ${before.status} | ${sessionCode(before)} |`
    ),
    ...lost.length === 0 ? [] : ["", unconfirmed(lost)],
    ...continueInstructions(tasks.map((task) => task.before))
  ].join("\n")
}

const continueInstructions = (tasks: ReadonlyArray<Task.Task>): ReadonlyArray<string> => {
  const started = tasks.filter((task) => task.session !== undefined)
  return started.length === 0 ? [] : [
    "",
    "## Continue Instructions",
    "",
    "To continue a cancelled task, use:",
    "",
    "    delegate_task(session_id=\"<session_id>\", prompt=\"Continue: <your follow-up>\")",
    "",
    "Continuable sessions:",
    ...started.map((task) => `- ${sessionCode(task)} (${description(task)})`)
  ]
}

const unconfirmed = (tasks: ReadonlyArray<Task.Task>): string =>
  `Note: OpenCode did not confirm that ${
    tasks.map((task) => `\`${task.id}\``).join(", ")
  } stopped. Cancelled all the same, but the session may still be running for a while.`
