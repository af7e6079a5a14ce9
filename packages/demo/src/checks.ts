/**
 * Whether the story truly happened. Each check says what it expects and what it found; pure.
 */
import { seconds } from "@errand/view/format"
import type { Evidence, TaskSession, ToolUse } from "./Evidence.ts"
import { headingsOf } from "./Evidence.ts"
import * as Story from "./Story.ts"
import type { Saving } from "./timeline.ts"
import type { Told } from "./Told.ts"

export interface Check {
  /** What was promised, as a statement. */
  readonly promise: string
  readonly ok: boolean
  readonly expected: string
  readonly found: string
}

const check = (promise: string, ok: boolean, expected: string, found: string): Check => ({
  promise,
  ok,
  expected,
  found
})

const field = (output: string, name: string): string => new RegExp(`^${name}: (.+)$`, "m").exec(output)?.[1] ?? "(none)"

const launchesOf = ({ tools }: Evidence): ReadonlyArray<ToolUse> =>
  tools.filter(({ output, tool }) => tool === "delegate_task" && output.startsWith("Background task launched"))

const idOf = ({ output }: ToolUse): string => field(output, "Task ID")

const list = (items: ReadonlyArray<string>): string => items.length === 0 ? "nothing" : items.join(", ")

const sessionsOf = (evidence: Evidence, ids: ReadonlyArray<string>): ReadonlyArray<TaskSession> =>
  evidence.sessions.filter(({ task }) => ids.includes(task))

/** When the first of them had its first answer. */
const firstEndOf = (sessions: ReadonlyArray<TaskSession>): number =>
  Math.min(...sessions.map(({ firstEndAt }) => firstEndAt ?? Infinity))

/** How often each of the tasks is named by the notices such that ... */
const namedIn = (evidence: Evidence, ids: ReadonlyArray<string>, final: boolean): ReadonlyArray<number> => {
  const notices = evidence.notices.filter(({ text }) => /^\[ALL /m.test(text) === final)
  return ids.map((id) =>
    notices.flatMap(({ text }) => Story.verdicts(text)).filter((verdict) => verdict.id === id).length
  )
}

/** What must be so with any model. */
export const common = (evidence: Evidence, limit: number, told: Told): ReadonlyArray<Check> => {
  const { story } = told
  const now = told.endedAt
  const ids = launchesOf(evidence).slice(0, 3).map(idOf)
  const most = Story.mostAtOnce(story.errands, now)
  const ends = story.errands.map((errand) => `${errand.agent} ${Story.statusOf(errand)}`)
  const sessions = new Set(sessionsOf(evidence, ids).map(({ id }) => id))
  const noticeIds = evidence.notices.map(({ id }) => id)
  return [
    check(
      "the story came to its end",
      told.isOver,
      "the main agent's last words, and nothing out",
      `${seconds(now - story.beganAt)} after the prompt: ${list(ends)}`
    ),
    check(
      "three tasks were launched, each in a session of its own",
      ids.length === 3 && new Set(ids).size === 3 && sessions.size === 3,
      "3 task ids and 3 child sessions",
      `${ids.length} task ids (${list(ids)}) and ${sessions.size} child sessions`
    ),
    check(
      `never more than ${limit} ran at once`,
      most <= limit,
      `at most ${limit} sessions between their start and their end`,
      `${most}`
    ),
    check(
      "every task came to an end, and nothing is left at work",
      Story.out(story).length === 0 && evidence.stillBusy.length === 0,
      "no task in line or running, no busy session",
      `${list(ends)}; busy sessions: ${list(evidence.stillBusy)}`
    ),
    check(
      "each notice was delivered once",
      new Set(noticeIds).size === noticeIds.length && namedIn(evidence, ids, false).every((times) => times <= 1)
        && namedIn(evidence, ids, true).every((times) => times === 1),
      "no notice twice; each task at most once while others were out, and once in the last word",
      `${noticeIds.length} notices (${new Set(noticeIds).size} different); times per task: `
        + `${list(namedIn(evidence, ids, false).map(String))} and ${list(namedIn(evidence, ids, true).map(String))}`
    )
  ]
}

export interface Expected {
  readonly limit: number
  /** Agent -> the words of its answer that must stand in the main agent's. */
  readonly pieces: Readonly<Record<string, RegExp>>
}

const inOneTurn = (evidence: Evidence): Check => {
  const three = launchesOf(evidence).slice(0, 3)
  const messages = new Set(three.map(({ message }) => message))
  const lastReturn = Math.max(...three.map(({ to }) => to))
  const firstEnd = firstEndOf(sessionsOf(evidence, three.map(idOf)))
  return check(
    "all three were launched in one turn, and no call waited for an answer",
    three.length === 3 && messages.size === 1 && lastReturn < firstEnd,
    "3 calls of delegate_task in one message, all back before the first agent had ended",
    `${three.length} calls in ${messages.size} message(s), the last back ${seconds(firstEnd - lastReturn)} before that`
  )
}

const oneQueued = (evidence: Evidence, limit: number): Check => {
  const three = launchesOf(evidence).slice(0, 3)
  const statuses = three.map(({ output }) => field(output, "Status"))
  const waiting = three.find(({ output }) => field(output, "Status") === "pending")
  const session = evidence.sessions.find(({ task }) => waiting !== undefined && task === idOf(waiting))
  const others = sessionsOf(evidence, three.filter((each) => each !== waiting).map(idOf))
  const firstEnd = firstEndOf(others)
  const why = waiting?.output.split("\n").find((line) => line.startsWith("It waits for ")) ?? "no reason"
  return check(
    "the third one waited in line, knew why, and started when a slot was free",
    statuses.filter((status) => status === "pending").length === 1 && why.includes(`${limit} of ${limit} in use`)
      && session !== undefined && session.createdAt >= firstEnd,
    `2 running and 1 pending that names the limit; its session opened after another had ended`,
    `${list(statuses)}; "${why}"; opened ${
      session === undefined ? "never" : `${seconds(session.createdAt - firstEnd)} after the first end`
    }`
  )
}

const meanwhile = (evidence: Evidence): Check => {
  const three = launchesOf(evidence).slice(0, 3)
  const firstEnd = firstEndOf(sessionsOf(evidence, three.map(idOf)))
  const own = evidence.tools.find(({ from, tool }) =>
    tool === "read" && from >= Math.max(...three.map(({ to }) => to)) && from < firstEnd
  )
  return check(
    "the main agent went on working meanwhile",
    own !== undefined && !own.output.startsWith("Error"),
    "a call of its own after the launches and before the first answer",
    own === undefined ? `its calls: ${list(evidence.tools.map(({ tool }) => tool))}` : own.tool
  )
}

const answered = (evidence: Evidence, story: Story.Story, pieces: Expected["pieces"]): Check => {
  const wanted = Object.entries(pieces).map(([agent, pattern]) => {
    const task = story.errands.find((errand) => errand.agent === agent)?.id
    const answer = evidence.sessions.find((session) => session.task === task)?.answer ?? ""
    return { agent, piece: pattern.exec(answer)?.[1] ?? "" }
  })
  const text = evidence.texts.find((text) => wanted.every(({ piece }) => piece !== "" && text.includes(piece)))
  return check(
    "the main agent's answer is made from the three results",
    text !== undefined && wanted.length === 3,
    list(wanted.map(({ agent, piece }) => `${agent}'s "${piece}"`)),
    text ?? list(evidence.texts)
  )
}

const atTheModel = (evidence: Evidence, limit: number): ReadonlyArray<Check> => {
  const { model } = evidence
  if (model === undefined) return []
  const stored = evidence.notices.flatMap(({ text }) => headingsOf(text)).toSorted()
  return [
    check(
      `the model's server saw ${limit} at once, and never more`,
      model.mostAtOnce === limit && model.open === 0,
      `${limit} open requests at most, 0 now`,
      `${model.mostAtOnce} at most, ${model.open} now`
    ),
    check(
      "the main agent's model read each notice once",
      stored.length > 0 && stored.join() === model.headings.toSorted().join(),
      list(stored),
      list(model.headings)
    )
  ]
}

const calledOff = (evidence: Evidence): ReadonlyArray<Check> => {
  const cancel = evidence.tools.find(({ tool }) => tool === "background_cancel")
  const launch = launchesOf(evidence)[3]
  const id = launch === undefined ? "(no fourth task)" : idOf(launch)
  const session = evidence.sessions.find(({ task }) => task === id)
  const aborted = evidence.model?.aborted ?? []
  const goesOn = evidence.tools.find(({ output, tool }) =>
    tool === "delegate_task" && output.startsWith("Background task continued")
  )
  const final = evidence.notices.flatMap(({ text }) => Story.verdicts(text)).findLast((verdict) => verdict.id === id)
  return [
    check(
      "the fourth was cancelled, and the model's request was cut off at once",
      cancel?.output.includes(id) === true && cancel.output.startsWith("Cancelled 1 background task(s):")
        && aborted.length === 1 && aborted[0] === session?.id,
      `"Cancelled 1 background task(s)" with ${id}, and 1 request of ${session?.id ?? "its session"} aborted`,
      `"${cancel?.output.split("\n")[0] ?? "no call of background_cancel"}", aborted: ${list(aborted)}`
    ),
    check(
      "it was continued: same task, same session, and it completed",
      goesOn !== undefined && idOf(goesOn) === id && field(goesOn.output, "Session ID") === session?.id
        && session.prompts === 2 && session.answer !== "" && final?.end === "completed",
      `${id} in ${session?.id ?? "its session"}, prompted twice, told as completed`,
      goesOn === undefined
        ? "no continuation"
        : `${idOf(goesOn)} in ${field(goesOn.output, "Session ID")}, prompted ${session?.prompts ?? 0} times, `
          + `told as ${final?.end ?? "nothing"}`
    )
  ]
}

/** What must be so of the scripted story, all of it. */
export const scripted = (
  evidence: Evidence,
  told: Told,
  { oneByOne, together }: Saving,
  { limit, pieces }: Expected
): ReadonlyArray<Check> => [
  inOneTurn(evidence),
  ...common(evidence, limit, told),
  oneQueued(evidence, limit),
  ...atTheModel(evidence, limit),
  meanwhile(evidence),
  answered(evidence, told.story, pieces),
  ...calledOff(evidence),
  check(
    "together took less time than one after another",
    together > 0 && together < oneByOne,
    `less than ${seconds(oneByOne)}`,
    seconds(together)
  )
]

/** What must be so with a real model, whose words and order are its own. */
export const real = (evidence: Evidence, told: Told, limit: number): ReadonlyArray<Check> => [
  ...common(evidence, limit, told),
  check(
    "the main agent answered",
    evidence.texts.some((text) => text.trim() !== ""),
    "a text of the main agent's",
    list(evidence.texts)
  )
]
