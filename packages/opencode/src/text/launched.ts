/**
 * What an agent reads when it has launched a task, or continued one.
 */
import type { Task } from "@errand/core"
import { advice, happened } from "./ending.ts"
import { agent, description, readCall, session } from "./fields.ts"
import { name } from "./inline.ts"
import { type Place, waits } from "./place.ts"

/** A task that was launched, with its place in line where it waits. */
export const launched = (task: Task.Task, place?: Place): string =>
  page("Background task launched successfully.", task, place)

/** A finished task whose session goes on. `asked`: the agent that was named for that. */
export const continued = (task: Task.Task, place?: Place, asked?: string): string =>
  page("Background task continued successfully.", task, place, keeps(task, asked).map((said) => ` (${said})`).join(""))

/** A session goes on with the agent that it began with: said where another was asked for. */
export const keeps = (task: Task.Task, asked: string | undefined): ReadonlyArray<string> =>
  asked === undefined || asked.toLowerCase() === task.request.agent.toLowerCase()
    ? []
    : [`a continued task keeps its agent: to send ${name(asked)}, launch a new one`]

const page = (heading: string, task: Task.Task, place: Place | undefined, aside = ""): string =>
  [
    heading,
    "",
    `Task ID: ${task.id}`,
    `Session ID: ${session(task)}`,
    `Description: ${description(task)}`,
    `Agent: ${agent(task)}${aside}`,
    `Status: ${task.status}`,
    "",
    ...whatNext(task, place)
  ].join("\n")

/** A task can end in the moment between its launch and this text, and then nobody needs to wait for it. */
const whatNext = (task: Task.Task, place: Place | undefined): ReadonlyArray<string> => {
  if (task.outcome?._tag === "Completed") return [`It has already ended: read its answer with ${readCall(task)}.`]
  if (task.outcome !== undefined) return [`It has already ended. ${happened(task.outcome)} ${advice(task)}`.trim()]
  return [
    "The system will notify you when it ends: go on with other work and do not poll; "
    + `use ${readCall(task)} only if you need to look at it before.`,
    ...task.status === "pending" ? [waits(place)] : []
  ]
}
