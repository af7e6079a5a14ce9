/**
 * What a person is told, at the start of OpenCode, of the tasks that were out when it stopped.
 */
import { Task } from "@errand/core"
import { clip, count, title } from "./inline.ts"

/** How many of them are named. */
const most = 3

/** `owed`: whether parents are still to be told of some that have ended. The empty string where there is nothing to say. */
export const returned = (tasks: ReadonlyArray<Task.Task>, owed: boolean): string => {
  const open = tasks.filter((task) => task.adopted !== undefined && !Task.isTerminal(task))
  return [
    ...open.length === 0
      ? []
      : [`${count(open.length, "earlier task")} ${open.length === 1 ? "goes" : "go"} on: ${names(open)}.`],
    ...owed ? ["There is news of tasks that have ended: their agent is told when you write to it."] : []
  ].join(" ")
}

const names = (tasks: ReadonlyArray<Task.Task>): string => {
  const named = tasks.slice(0, most).map(({ request }) => clip(title(request.description), 40))
  const rest = tasks.length - named.length
  return [...named, ...rest === 0 ? [] : [`${rest} more`]].join(", ")
}
