/**
 * What agents do in the storm, by errand, and what may come of it. An errand is what a session is told; a session that is
 * told anything else (a notice, by a person) answers soon.
 */
import type { Effect } from "effect"
import type * as Task from "../src/Task.ts"
import type { Step, Told } from "../src/testing/SimulatedHost.ts"

/** What an agent does, and how a task with this errand ends where nobody and nothing interferes. */
interface Errand {
  readonly steps: (told: Told, answer: string, send: Send) => ReadonlyArray<Step>
  /** `completed`, or why it failed. */
  readonly end: "completed" | Task.FailureReason | Task.CancelReason
  /** Whether there is an answer in words. */
  readonly silent?: boolean
}

/** Launches a task from the session that was told, and waits for it unless it is in the background. */
export type Send = (errand: "quick" | "slow" | "works" | "hangs", background: boolean) => Effect.Effect<unknown>

const wait = (ms: number): Step => ({ do: "wait", ms })
const say = (text: string): Step => ({ do: "say", text })
const call = (effect: Effect.Effect<unknown>): Step => ({ do: "call", name: "delegate_task", effect })

const table = {
  quick: { steps: (_, answer) => [wait(100), say(answer)], end: "completed" },
  slow: { steps: (_, answer) => [wait(5_000), say(answer)], end: "completed" },
  works: {
    steps: (
      _,
      answer
    ) => [{ do: "stream", ms: 2_000, every: 300 }, { do: "tool", name: "bash", ms: 3_000 }, wait(100), say(answer)],
    end: "completed"
  },
  hangs: { steps: () => [wait(100), { do: "hang" }], end: "quiet-limit" },
  fails: { steps: () => [wait(100), { do: "fail", message: "500" }], end: "agent-error" },
  refused: { steps: () => [{ do: "refuse", message: "no such agent" }], end: "agent-error" },
  ignored: { steps: () => [{ do: "ignore" }], end: "never-started" },
  retries: {
    steps: (_, answer) => [{ do: "retry", ms: 4_000, message: "429" }, wait(100), say(answer)],
    end: "completed"
  },
  "retries for an hour": {
    steps: (_, answer) => [{ do: "retry", ms: 3_600_000, message: "429" }, say(answer)],
    end: "time-limit"
  },
  asks: { steps: (_, answer) => [wait(100), { do: "ask", what: "bash" }, say(answer)], end: "completed" },
  empty: { steps: () => [wait(100)], end: "completed", silent: true },
  stops: { steps: () => [wait(100), { do: "stop" }], end: "no-answer" },
  overflows: { steps: (_, answer) => [wait(100), { do: "overflow" }, wait(100), say(answer)], end: "completed" },
  todos: { steps: (_, answer) => [{ do: "todos", open: 1 }, wait(100), say(answer)], end: "completed" },
  "sends one": { steps: (_, answer, send) => [call(send("slow", true)), say(answer)], end: "completed" },
  "sends two": {
    steps: (
      _,
      answer,
      send
    ) => [call(send("quick", true)), wait(200), call(send("hangs", true)), wait(200), say(answer)],
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
  "hangs",
  "fails",
  "refused",
  "ignored",
  "retries",
  "retries for an hour",
  "asks",
  "empty",
  "stops",
  "overflows",
  "todos",
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

/** The answer that a turn ends with, where it does. */
export const answerIn = (told: Told): string =>
  isErrand(told.text) && all[told.text].silent === true ? "" : answerOf(told)

/** How a task ends that was left alone on a host that is well. */
export const endOf = (errand: string): string => isErrand(errand) ? all[errand].end : "completed"
