/**
 * The page of a task, with what has to be looked up for it.
 */
import type { Task } from "@errand/core"
import { AgentHost, Tasks } from "@errand/core"
import { Clock, Effect, Option } from "effect"
import { page } from "../text/page.ts"
import { about, type Caller, type ToolResult } from "./Caller.ts"

export interface ReadOptions {
  /** Where in the answer to begin (characters). */
  readonly offset?: number | undefined
  /** How long the reader waited in vain (ms). */
  readonly waited?: number | undefined
}

/** How long the last message of a session is waited for: the page is worth reading without it. */
const patience = "2 seconds"

export const readTask = Effect.fnUntraced(function*(
  task: Task.Task,
  caller: Caller,
  { offset, waited }: ReadOptions = {}
): Effect.fn.Return<ToolResult, never, Tasks.Tasks | AgentHost.AgentHost> {
  const tasks = yield* Tasks.Tasks
  const place = task.status === "pending" ? Option.getOrUndefined(yield* tasks.place(task.id)) : undefined
  const output = page({
    task,
    now: yield* Clock.currentTimeMillis,
    place,
    lastMessage: yield* lastMessage(task),
    offset,
    waited
  })
  yield* tasks.read(task, caller.session)
  return about(task, output)
})

/** What the agent said last, of a task that has no answer. */
const lastMessage = Effect.fnUntraced(function*({ outcome, session }: Task.Task) {
  if (session === undefined || outcome?._tag === "Completed") return undefined
  const host = yield* AgentHost.AgentHost
  const messages = yield* host.transcript(session, { last: 4 }).pipe(
    Effect.timeoutOption(patience),
    Effect.catch(() => Effect.succeedNone)
  )
  return Option.getOrElse(messages, () => [])
    .findLast(({ role, text }) => role === "assistant" && text.trim() !== "")
    ?.text
})
