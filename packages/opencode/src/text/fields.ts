/**
 * The lines that name a task, the same on every page.
 */
import type { Task } from "@errand/core"
import { name, title } from "./inline.ts"

/** What stands where a task has no session yet. */
export const notStarted = "(not started)"

export const session = (task: Task.Task): string => task.session === undefined ? notStarted : name(task.session)

/** A session as Markdown code, `(not started)` plain. */
export const sessionCode = (task: Task.Task): string => task.session === undefined ? notStarted : `\`${session(task)}\``

export const agent = (task: Task.Task): string => name(task.request.agent) || "(unknown agent)"

export const description = (task: Task.Task): string => title(task.request.description)

/** The call that reads a task. */
export const readCall = (task: Task.Task): string => `background_output(task_id="${task.id}")`

/** The call that goes on in a task's session; undefined when it never had one. */
export const continueCall = (task: Task.Task): string | undefined =>
  task.session === undefined
    ? undefined
    : `delegate_task(session_id="${session(task)}", prompt="Continue: <your follow-up>")`
