/**
 * The lines that name a task, the same on every page.
 */
import type { Task } from "@errand/core"
import { clip, neutral, oneLine, title } from "./inline.ts"

/** What stands where a task has no session yet. */
export const notStarted = "(not started)"

export const session = (task: Task.Task): string => task.session ?? notStarted

/** A session as Markdown code, `(not started)` plain. */
export const sessionCode = (task: Task.Task): string => task.session === undefined ? notStarted : `\`${task.session}\``

export const agent = (task: Task.Task): string => clip(neutral(oneLine(task.request.agent)), 100) || "(unknown agent)"

export const description = (task: Task.Task): string => title(task.request.description)

/** The call that reads a task. */
export const readCall = (task: Task.Task): string => `background_output(task_id="${task.id}")`

/** The call that goes on in a task's session; undefined when it never had one. */
export const continueCall = (task: Task.Task): string | undefined =>
  task.session === undefined
    ? undefined
    : `delegate_task(session_id="${task.session}", prompt="Continue: <your follow-up>")`
