/**
 * What is put into the summary when a session is compacted, so that its tasks are not forgotten: ids, one line each.
 */
import { Task } from "@errand/core"
import { duration } from "./duration.ts"
import { agent, description, sessionCode } from "./fields.ts"
import { count } from "./inline.ts"

/** How many tasks are named at most: those that are out first, then those whose end the session does not know. */
const most = 20

/** Undefined where there is nothing to keep. `unread`: the ends that the session was not told of yet. */
export const tasksToKeep = (
  tasks: ReadonlyArray<Task.Task>,
  unread: ReadonlySet<Task.TaskId>,
  now: number
): string | undefined => {
  if (tasks.length === 0) return undefined
  const out = tasks.filter((task) => !Task.isTerminal(task))
  const over = tasks.filter(Task.isTerminal).sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
  const known = (task: Task.Task) => !unread.has(task.id)
  const named = [...out, ...over.filter((task) => !known(task)), ...over.filter(known)].slice(0, most)
  const rest = tasks.length - named.length
  return [
    "Background tasks of this session. Keep the ids: they can be read with background_output(task_id=\"...\").",
    ...named.map((task) => line(task, !Task.isTerminal(task) || known(task), now)),
    ...rest > 0 ? [`- and ${count(rest, "older task")}`] : []
  ].join("\n")
}

const line = (task: Task.Task, known: boolean, now: number): string => {
  const time = !Task.hasRun(task) ? "" : `, ${duration(Task.duration(task, now))}`
  const word = known ? "" : ", not read yet"
  return `- \`${task.id}\`: ${description(task)} (${agent(task)}, ${task.status}${time}, session ${
    sessionCode(task)
  }${word})`
}
