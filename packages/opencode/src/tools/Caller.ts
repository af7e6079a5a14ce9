/**
 * Who calls a tool, and what a tool gives back.
 */
import type { Task } from "@errand/core"
import { description } from "../text/fields.ts"

/** What OpenCode passes to a tool besides the arguments, as far as it is needed. */
export interface Caller {
  /** The session whose agent calls. */
  readonly session: Task.SessionId
}

/** What OpenCode shows and stores of a call. */
export interface ToolResult {
  readonly title: string
  /** What the agent reads. */
  readonly output: string
  readonly metadata: Readonly<Record<string, unknown>>
}

export const text = (title: string, output: string): ToolResult => ({ title, output, metadata: {} })

/** Nothing was done. By the metadata a call that launched nothing is known. */
export const refused = (output: string): ToolResult => ({ ...text("refused", output), metadata: { refused: true } })

/** A result about a task. `sessionId` is the name under which OpenCode's clients look for a session to jump to. */
export const about = (task: Task.Task, output: string): ToolResult => ({
  title: description(task),
  output,
  metadata: {
    taskId: task.id,
    run: task.run,
    status: task.status,
    ...(task.session === undefined ? {} : { sessionId: task.session })
  }
})
