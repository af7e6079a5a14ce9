/**
 * What agents do in the storm, by errand, and what may come of it. An errand is what a session is told; a session that is
 * told anything else (a notice, by a person) answers soon.
 */
import type { Effect } from "effect"
import type * as Task from "../src/Task.ts"
import { afterSummary, type Behaviour, manners } from "../src/testing/Manners.ts"
import type { Step, Told } from "../src/testing/SimulatedHost.ts"

/** What an agent does, and how a task with this errand ends where nobody and nothing interferes. */
interface Errand {
  readonly steps: (told: Told, answer: string, send: Send) => ReadonlyArray<Step>
  /** `completed`, or why it failed. */
  readonly end: "completed" | Task.FailureReason | Task.CancelReason
  /** The answer, where it is not the one that the session was to give. */
  readonly says?: () => string
}

/** Launches a task from the session that was told, and waits for it unless it is in the background. */
export type Send = (errand: "quick" | "slow" | "works" | "hangs", background: boolean) => Effect.Effect<unknown>

const wait = (ms: number): Step => ({ do: "wait", ms })
const say = (text: string): Step => ({ do: "say", text })
const read: Step = { do: "tool", name: "read", ms: 100, input: { filePath: "README.md" } }
const call = (effect: Effect.Effect<unknown>): Step => ({ do: "call", name: "delegate_task", effect })

/** A manner of the real host. */
const manner = (name: Behaviour, end: Errand["end"], more: Pick<Errand, "says"> = {}): Errand => {
  const found = manners.find((one) => one.name === name)
  return { steps: (_, answer) => found?.steps(answer) ?? [], end, ...more }
}

const table = {
  quick: { steps: (_, answer) => [wait(100), say(answer)], end: "completed" },
  slow: { steps: (_, answer) => [wait(5_000), say(answer)], end: "completed" },
  works: {
    steps: (_, answer) => [
      { do: "stream", ms: 2_000, every: 300 },
      { do: "tool", name: "bash", ms: 3_000 },
      wait(100),
      say(answer)
    ],
    end: "completed"
  },
  hangs: { steps: () => [wait(100), { do: "hang" }], end: "quiet-limit" },
  // Where not all of its calls are told it hangs in the end.
  circles: {
    steps: () => [...Array.from({ length: 25 }, (): Step => read), { do: "hang" }],
    end: "loop-limit"
  },
  ignored: { steps: () => [{ do: "ignore" }], end: "never-started" },
  stops: { steps: () => [wait(100), { do: "stop" }], end: "no-answer" },
  todos: { steps: (_, answer) => [{ do: "todos", open: 1 }, wait(100), say(answer)], end: "completed" },
  cut: manner("cut", "completed"),
  empty: manner("empty", "completed", { says: () => "" }),
  fails: manner("fail", "agent-error"),
  filtered: manner("filter", "agent-error"),
  retries: manner("retry", "completed"),
  "retries in vain": manner("retries", "agent-error"),
  "retries for an hour": manner("retry-hour", "time-limit"),
  "has a silent provider": manner("silent", "quiet-limit"),
  overflows: manner("overflow", "completed", { says: () => afterSummary }),
  "fills the context": manner("fill", "completed"),
  "has no agent": manner("bad-agent", "agent-error"),
  "has no model": manner("bad-model", "agent-error"),
  asks: manner("allowed", "completed"),
  "sends one": { steps: (_, answer, send) => [call(send("slow", true)), say(answer)], end: "completed" },
  "sends two": {
    steps: (_, answer, send) => [
      call(send("quick", true)),
      wait(200),
      call(send("hangs", true)),
      wait(200),
      say(answer)
    ],
    end: "completed"
  },
  "waits for one": { steps: (_, answer, send) => [call(send("works", false)), say(answer)], end: "completed" }
} satisfies Record<string, Errand>

export type ErrandName = keyof typeof table

const all: Readonly<Record<ErrandName, Errand>> = table

const isErrand = (text: string): text is ErrandName => Object.hasOwn(table, text)

/** Most are well: what goes wrong is to meet what does not. */
export const errands = [
  "quick",
  "quick",
  "quick",
  "slow",
  "slow",
  "works",
  "works",
  "hangs",
  "circles",
  "ignored",
  "stops",
  "todos",
  "cut",
  "empty",
  "fails",
  "filtered",
  "retries",
  "retries in vain",
  "retries for an hour",
  "has a silent provider",
  "overflows",
  "fills the context",
  "has no agent",
  "has no model",
  "asks",
  "asks",
  "sends one",
  "sends two",
  "waits for one"
] as const satisfies ReadonlyArray<ErrandName>

/** What a person says that keeps a session busy. */
export const longTalk = "something that takes ten minutes"

/** What a session answers in the turn in which it was told this. */
export const answerOf = ({ nth, session }: Told): string => `answer ${nth} of ${session}`

export const stepsOf = (told: Told, send: Send): ReadonlyArray<Step> => {
  const answer = answerOf(told)
  if (isErrand(told.text)) return all[told.text].steps(told, answer, send)
  return told.text === longTalk ? [wait(600_000), say(answer)] : [wait(100), say(answer)]
}

/** Whether a turn in which a session was told this can ever end in an answer. */
export const mayAnswer = (text: string): boolean => !isErrand(text) || all[text].end === "completed"

const traceless: ReadonlySet<string> = new Set<ErrandName>(["ignored", "has no agent", "has no model"])

/** Whether a turn in which a session was told this leaves a message of the agent's. */
export const leavesAMessage = (text: string): boolean => !traceless.has(text)

/** The answer that a turn ends with, where it does. */
export const answerIn = (told: Told): string =>
  (isErrand(told.text) ? all[told.text].says?.() : undefined) ?? answerOf(told)

/** How a task ends that was left alone on a host that is well. */
export const endOf = (errand: string): string => isErrand(errand) ? all[errand].end : "completed"
