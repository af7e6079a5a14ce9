/**
 * The status page: what `background_output` says of a task that has no answer (yet).
 *
 * The page of a task that is over says nothing that changes with the clock, so that reading it twice gives the same.
 */
import { Model, Task } from "@errand/core"
import { duration } from "./duration.ts"
import { advice, happened, reason, said } from "./ending.ts"
import { agent, description, readCall, sessionCode } from "./fields.ts"
import { block, cell, clip, count, message, name } from "./inline.ts"
import { lineLabel, type Place, poolLabel, waits } from "./place.ts"

/** What the page is made of. */
export interface StatusView {
  readonly task: Task.Task
  /** Epoch ms. */
  readonly now: number
  /** Where a pending task stands. */
  readonly place?: Place | undefined
  /** What the agent wrote last. */
  readonly lastMessage?: string | undefined
  /** How long the reader waited in vain for the task to end (ms). */
  readonly waited?: number | undefined
}

const excerptMax = 500

export const status = (view: StatusView): string =>
  [
    "## Task Status",
    "",
    "| Field | Value |",
    "|--- | ---|",
    ...rows(view).map(([field, value]) => `| ${field} | ${value} |`),
    "",
    ...notes(view).flatMap((note) => [`> ${note}`, ""]),
    "## Original Prompt",
    "",
    block(clip(view.task.request.prompt, excerptMax)),
    ...lastMessage(view)
  ].join("\n")

const lastMessage = (view: StatusView): ReadonlyArray<string> =>
  view.lastMessage === undefined || view.lastMessage.trim() === ""
    ? []
    : ["", "## Last Message", "", block(clip(view.lastMessage.trim(), excerptMax))]

type Row = readonly [field: string, value: string]

const rows = ({ task, now, place }: StatusView): ReadonlyArray<Row> => [
  ["Task ID", `\`${task.id}\``],
  ["Description", cell(description(task))],
  ["Agent", cell(agent(task))],
  ["Status", `**${task.status}**`],
  task.startedAt === undefined
    ? ["Queued for", duration(Task.queuedFor(task, now))]
    : ["Duration", duration(Task.duration(task, now))],
  ["Session ID", sessionCode(task)],
  ...row("Model", task.request.model === undefined ? undefined : name(Model.format(task.request.model))),
  ...row("Last tool", lastTool(task)),
  ...task.outcome === undefined ? liveRows(task, now, place) : endRows(task.outcome)
]

const row = (field: string, value: string | undefined): ReadonlyArray<Row> =>
  value === undefined || value === "" ? [] : [[field, cell(value)]]

const lastTool = ({ progress }: Task.Task): string | undefined =>
  progress.lastTool === undefined ? undefined : `${name(progress.lastTool)} (${count(progress.toolCalls, "tool call")})`

const liveRows = (task: Task.Task, now: number, place: Place | undefined): ReadonlyArray<Row> => {
  const { activeAt, retry, waitingFor } = task.progress
  return [
    ...row("Last activity", activeAt === undefined ? undefined : `${duration(now - activeAt)} ago`),
    ...row("Queue", task.status === "pending" && place !== undefined ? queue(place) : undefined),
    ...row("Waiting for", waitingFor === undefined ? undefined : `permission: ${message(waitingFor)}`),
    ...row("Retrying", retry === undefined ? undefined : retrying(retry, now))
  ]
}

const queue = (place: Place): string =>
  `${lineLabel(place)}; ${place.paused ? "the line is paused" : `waits for ${poolLabel(place)}`}`

const retrying = (retry: NonNullable<Task.Progress["retry"]>, now: number): string =>
  `attempt ${retry.attempt}, ${retry.nextAt > now ? `next in ${duration(retry.nextAt - now)}` : "now"}: ${
    message(retry.message)
  }`

const endRows = (outcome: Task.Outcome): ReadonlyArray<Row> => [
  ...row("Reason", reason(outcome)),
  ...row("Error", outcome._tag === "Failed" ? said(outcome) : undefined),
  ...row("Setting", outcome._tag === "Cancelled" ? outcome.setting : undefined)
]

const notes = (view: StatusView): ReadonlyArray<string> => [
  ...view.waited === undefined || Task.isTerminal(view.task)
    ? []
    : [`**Timed out waiting** after ${patience(view.waited)}: the task is still ${view.task.status}.`],
  note(view)
]

/** Of less than a second the milliseconds that were asked for: "0s" would be no wait at all. */
const patience = (ms: number): string => ms < 1_000 ? `${ms} ms` : duration(ms)

const note = ({ task, place }: StatusView): string => {
  const { outcome } = task
  if (outcome === undefined) {
    return task.status === "pending"
      ? `**Queued**: ${waits(place)} The system will notify you when this task completes.`
      : task.progress.waitingFor === undefined
      ? "**Note**: No need to wait explicitly - system will notify you when this task completes."
      : "**Note**: It waits for a person to allow this. System will notify you when this task completes."
  }
  switch (outcome._tag) {
    case "Completed":
      return `**Completed**: read its answer with ${readCall(task)}.`
    case "Failed":
      return `**Failed**: ${happened(outcome)} ${advice(task)}`.trim()
    case "Cancelled":
      return `**Cancelled**: ${happened(outcome)} ${advice(task)}`.trim()
  }
}
