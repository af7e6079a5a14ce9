/**
 * What a parent is told: one text for the model, one line for the person.
 *
 * The model's text stands in a `<system-reminder>`, and much of what is in it was written by other models. Answers are
 * quoted line by line, everything else is kept on one line, and nothing in it can close the reminder or open another.
 */
import { type Notice, Task } from "@errand/core"
import { duration } from "./duration.ts"
import { advice, briefly, happened, reason } from "./ending.ts"
import { agent, description, readCall, sessionCode } from "./fields.ts"
import { clip, count, message, oneLine, quoted, title } from "./inline.ts"

export interface NoticeOptions {
  /** How much of each answer is shown (characters). With more than ten tasks each shows its share of ten. */
  readonly maxChars: number
}

/** The reminder that the parent's model reads. */
export const forModel = (notice: Notice.Notice, options: NoticeOptions = { maxChars: 2_000 }): string => {
  const max = Math.floor(options.maxChars * Math.min(1, 10 / Math.max(1, notice.tasks.length)))
  const inner = notice.kind === "final" ? finalLines(notice.tasks, max) : progressLines(notice, max)
  return ["<system-reminder>", ...inner, "</system-reminder>"].join("\n")
}

const progressLines = (notice: Notice.Notice, max: number): ReadonlyArray<string> => [
  ...notice.tasks.flatMap((task) => [
    `[BACKGROUND TASK ${verdict(task)}]`,
    `**ID:** \`${task.id}\``,
    `**Description:** ${description(task)}`,
    `**Duration:** ${ran(task)}`,
    `**Session:** ${sessionCode(task)}`,
    ...endLines(task),
    ...prefixed("**Answer:**", answerLines(task, max)),
    ""
  ]),
  ...notice.remaining > 0
    ? [
      `**${count(notice.remaining, "task")} still in progress.** You WILL be notified when ALL complete.`,
      "Do NOT poll - continue productive work."
    ]
    : ["No task is in progress any more."]
]

const finalLines = (tasks: ReadonlyArray<Task.Task>, max: number): ReadonlyArray<string> => [
  finalHeading(tasks),
  ...section("Completed", tasks.filter((task) => task.status === "completed"), max),
  ...section("Failed", tasks.filter((task) => task.status === "error"), max),
  ...section("Cancelled", tasks.filter((task) => task.status === "cancelled"), max),
  "",
  "Use `background_output(task_id=\"<id>\")` to read one of them again."
]

const finalHeading = (tasks: ReadonlyArray<Task.Task>): string => {
  const failed = tasks.filter((task) => task.status === "error").length
  const cancelled = tasks.filter((task) => task.status === "cancelled").length
  const bad = [...failed > 0 ? [`${failed} FAILED`] : [], ...cancelled > 0 ? [`${cancelled} CANCELLED`] : []]
  return bad.length === 0
    ? "[ALL BACKGROUND TASKS COMPLETE]"
    : `[ALL BACKGROUND TASKS FINISHED - ${bad.join(", ")}]`
}

const section = (heading: string, tasks: ReadonlyArray<Task.Task>, max: number): ReadonlyArray<string> =>
  tasks.length === 0 ? [] : ["", `**${heading}:**`, ...tasks.flatMap((task) => item(task, max))]

const item = (task: Task.Task, max: number): ReadonlyArray<string> => [
  `- \`${task.id}\`: ${description(task)} (${agent(task)}, ${ran(task)}, session ${sessionCode(task)})`,
  ...[...endLines(task), ...answerLines(task, max)].map((line) => `  ${line}`)
]

const verdict = (task: Task.Task): string =>
  task.status === "error" ? "FAILED" : task.status === "cancelled" ? "CANCELLED" : "COMPLETED"

const ran = (task: Task.Task): string =>
  Task.hasRun(task) ? duration(Task.duration(task, task.endedAt ?? task.queuedAt)) : "never started"

/** Why it failed or was cancelled, or what else to know of its end. */
const endLines = (task: Task.Task): ReadonlyArray<string> => {
  const { outcome } = task
  if (outcome === undefined) return []
  switch (outcome._tag) {
    case "Completed":
      return outcome.note === undefined ? [] : [`**Note:** ${message(outcome.note)}`]
    case "Failed":
      // Nobody is to blame for that, and what was done is still there.
      return [`**Error:** ${happened(outcome)} ${outcome.reason === "interrupted" ? advice(task) : ""}`.trimEnd()]
    case "Cancelled":
      return [`**Reason:** ${happened(outcome)} ${restraint[outcome.reason]}`.trim()]
  }
}

/** What keeps a parent from sending off again what was stopped for a reason. */
const restraint: Record<Task.CancelReason, string> = {
  "requested": "Do not start it again unless you are asked to.",
  "by-person": "Ask the person before you go on with it.",
  "from-above": "Go on without it.",
  "interrupted": "Ask the person before you go on with it.",
  "deleted": "It cannot be continued.",
  "parent-ended": "",
  "time-limit": "Do not launch the same again: make it smaller, or ask the person.",
  "quiet-limit": "Do not launch the same again: make it smaller, or ask the person.",
  "loop-limit": "Do not launch the same again: say it in other words, or ask the person.",
  "call-limit": "Do not launch the same again: make it smaller, or ask the person.",
  "shutdown": ""
}

const answerLines = (task: Task.Task, max: number): ReadonlyArray<string> => {
  if (task.outcome?._tag !== "Completed") return []
  const { answer, cutFrom } = task.outcome
  if (answer.trim() === "") return ["(Empty result: the agent ended without a final text.)"]
  const whole = answer.length <= max
  const pointer = `(${cutFrom ?? answer.length} characters in all. Read it whole: \`${readCall(task)}\`)`
  return [
    ...max <= 0 ? [] : quoted(clip(answer, max)).split("\n"),
    ...whole && cutFrom === undefined ? [] : [pointer]
  ]
}

const prefixed = (heading: string, rest: ReadonlyArray<string>): ReadonlyArray<string> =>
  rest.length === 0 ? [] : [heading, ...rest]

/**
 * The line that the person sees, and one more for each task of a list that did not complete. Where each task has a card,
 * that shows already what came back while others are out: the empty string where there is nothing else to say.
 */
export const forPerson = (notice: Notice.Notice, { cards = false }: { readonly cards?: boolean } = {}): string => {
  if (cards && notice.kind === "progress") {
    return notice.tasks.filter((task) => task.status !== "completed").map(personLine).join("\n")
  }
  if (notice.kind === "progress" || notice.tasks.length === 1) return notice.tasks.map(personLine).join("\n")
  return [summary(notice.tasks), ...notice.tasks.filter((task) => task.status !== "completed").map(personLine)].join(
    "\n"
  )
}

const marks: Record<Task.Status, string> = { pending: "·", running: "·", completed: "✓", error: "✗", cancelled: "⊘" }

const personLine = (task: Task.Task): string =>
  [`${marks[task.status]} ${clip(title(task.request.description), 80)}`, `@${agent(task)}`, ending(task)].join(" · ")

const ending = (task: Task.Task): string => {
  const { outcome } = task
  if (outcome === undefined || outcome._tag === "Completed") return ran(task)
  if (outcome._tag === "Failed") return clip(oneLine(briefly(outcome)), 120)
  return outcome.reason === "requested" ? "cancelled" : `cancelled: ${reason(outcome)}`
}

const summary = (tasks: ReadonlyArray<Task.Task>): string => {
  const bad = tasks.filter((task) => task.status !== "completed").length
  const times = tasks.flatMap((task) =>
    task.startedAt === undefined ? [] : [{ from: task.startedAt, to: task.endedAt ?? task.startedAt }]
  )
  const together = Math.max(0, ...times.map((time) => time.to)) - Math.min(...times.map((time) => time.from))
  const oneByOne = times.reduce((sum, time) => sum + time.to - time.from, 0)
  return [
    `${bad === 0 ? "✓" : bad === tasks.length ? "✗" : "✓"} ${count(tasks.length, "errand")} back`
    + (bad === 0 ? "" : `, ${bad} without an answer`),
    ...times.length === 0 ? [] : [`${duration(together)} together, ${duration(oneByOne)} one after another`]
  ].join(" · ")
}
