/**
 * The manners of a real host: what OpenCode was seen to do after a prompt, one entry for each way that a turn can go.
 *
 * Each is a script for the simulated host, and what must be seen of it through the port, as data. `HostContract` holds
 * both hosts to it, the simulated one and the real one: so what a test claims about a host is what a host does.
 */
import type { Activity, Message } from "../AgentHost.ts"
import type { Reply, Step } from "./Script.ts"
import type { Sign } from "./Signs.ts"

/** What an agent can be asked to do, whatever the host. */
export type Behaviour =
  | "answer"
  | "cut"
  | "tool"
  | "empty"
  | "fail"
  | "filter"
  | "retry"
  | "retries"
  | "retry-hour"
  | "silent"
  | "overflow"
  | "fill"
  | "bad-agent"
  | "bad-model"
  | "ask"
  | "allowed"
  | "refused"
  | "corrected"
  | "abort"
  | "abort-writing"
  | "abort-tool"
  | "abort-retry"
  | "remove"

/** What must be seen through the port. */
export interface Shows {
  /** What is told, in order. */
  readonly signs: ReadonlyArray<Sign>
  /** The last message in the end; `none`: there is no message at all; `gone`: there is no session. */
  readonly last: "none" | "gone" | Pick<Message, "role" | "state"> & { readonly text?: string }
  /** The states of all that the agent said itself, in order, where that is more than the last message. */
  readonly states?: ReadonlyArray<Message["state"]>
  /** What the session is doing in the end. */
  readonly activity: Activity
}

export interface Manner {
  readonly name: Behaviour
  /** What the host does, as a promise. */
  readonly what: string
  /** The script of a simulated agent that is to answer this. */
  readonly steps: (answer: string) => ReadonlyArray<Step>
  /** What somebody does to the session, once an event of this kind was heard and the agent is at work. */
  readonly somebody?: {
    readonly when: "Busy" | "Wrote" | "Tool" | "Asked" | "Retrying"
    readonly does: "abort" | "remove" | Reply
  }
  /** What must be seen when it is over. */
  readonly shows: (answer: string) => Shows
  /** How long it takes (ms), where that is long. */
  readonly takes?: number
  /** Of those that take long: what can be seen at once. `retryIn`: how far ahead the next try is told to be (ms). */
  readonly beginning?: {
    readonly signs: ReadonlyArray<Sign>
    readonly activity: Activity
    readonly retryIn?: { readonly least: number; readonly most: number }
  }
}

/** What an agent says when the host makes it go on after a summary. */
export const afterSummary = "Said after the summary."

const providerFailed = "scripted error 429"
const timedOut = "Provider response headers timed out after 300000ms"
/** Before each further try, as measured; then OpenCode gives up. */
const backOff = [2_000, 4_000, 9_000, 17_000, 36_000]

const said = (text: string): Shows["last"] => ({ role: "assistant", state: "done", text })
const message = (state: Message["state"]): Shows["last"] => ({ role: "assistant", state })
const ask: Step = { do: "permission", name: "bash", what: "bash \"echo ask\"", ms: 50 }
const say = (text: string): Step => ({ do: "say", text })
const wait = (ms: number): Step => ({ do: "wait", ms })
const tries = (message: string, before: ReadonlyArray<Step>): ReadonlyArray<Step> =>
  backOff.flatMap((ms, n): ReadonlyArray<Step> => [...before, { do: "retry", ms, message, attempt: n + 1 }])
const idle = "idle"

export const manners: ReadonlyArray<Manner> = [
  {
    name: "answer",
    what: "an answer: its message ends, then the session is idle",
    steps: (answer) => [wait(200), say(answer)],
    shows: (answer) => ({ signs: ["works", "ends", "Idle"], last: said(answer), activity: idle })
  },
  {
    name: "cut",
    what: "an answer that is cut off at the output limit says so",
    steps: (answer) => [wait(200), { do: "say", text: answer, cut: true }],
    shows: (text) => ({
      signs: ["works", "ends", "Idle"],
      last: { role: "assistant", state: "cut", text },
      activity: idle
    })
  },
  {
    name: "tool",
    what: "a tool, then an answer: idle once, at the end of both",
    steps: (answer) => [wait(200), { do: "tool", name: "read", ms: 50 }, wait(200), say(answer)],
    shows: (answer) => ({
      signs: ["works", "ends", "Idle"],
      last: said(answer),
      states: ["more", "done"],
      activity: idle
    })
  },
  {
    name: "empty",
    what: "an empty answer is an ended message without text",
    steps: () => [wait(200), say("")],
    shows: () => ({ signs: ["works", "ends", "Idle"], last: said(""), activity: idle })
  },
  {
    name: "fail",
    what: "an error of the provider is told first, idle next, and the message ends after that; then idle again",
    steps: () => [wait(200), { do: "fail", message: "scripted error 401" }],
    shows: () => ({ signs: ["works", "Erred", "Idle", "ends", "Idle"], last: message("failed"), activity: idle })
  },
  {
    name: "filter",
    what: "an answer that is taken back ends first, then the error is told; idle once",
    steps: (answer) => [wait(200), { do: "filter", text: answer, message: "blocked by the content filter" }],
    shows: () => ({ signs: ["works", "ends", "Erred", "Idle"], last: message("failed"), activity: idle })
  },
  {
    name: "retry",
    what: "a provider that wants a second is waited for, and the answer comes",
    steps: (answer) => [wait(50), { do: "retry", ms: 1_000, message: providerFailed }, wait(200), say(answer)],
    shows: (answer) => ({ signs: ["works", "Retrying", "ends", "Idle"], last: said(answer), activity: idle })
  },
  {
    name: "retries",
    what: "a provider that keeps failing is tried again five times in about 70 s, then it is an error",
    steps: () => [...tries(providerFailed, [wait(50)]), { do: "fail", message: providerFailed }],
    shows: () => ({
      signs: ["works", ...backOff.map(() => "Retrying" as const), "Erred", "Idle", "ends", "Idle"],
      last: message("failed"),
      activity: idle
    }),
    takes: 69_000,
    beginning: { signs: ["works", "Retrying"], activity: "retry", retryIn: { least: 0, most: 5_000 } }
  },
  {
    name: "retry-hour",
    what: "a provider that wants an hour is waited for that long",
    steps: (answer) => [wait(50), { do: "retry", ms: 3_600_000, message: providerFailed }, wait(200), say(answer)],
    shows: (answer) => ({ signs: ["works", "Retrying", "ends", "Idle"], last: said(answer), activity: idle }),
    takes: 3_600_000,
    beginning: { signs: ["works", "Retrying"], activity: "retry", retryIn: { least: 3_500_000, most: 3_600_000 } }
  },
  {
    name: "silent",
    what: "a provider that never answers is waited for 300 s at each of six tries",
    steps: () => [...tries(timedOut, [wait(300_000)]), wait(300_000), { do: "fail", message: timedOut }],
    shows: () => ({
      signs: ["works", ...backOff.map(() => "Retrying" as const), "Erred", "Idle", "ends", "Idle"],
      last: message("failed"),
      activity: idle
    }),
    takes: 6 * 300_000 + 68_000,
    beginning: { signs: ["works"], activity: "busy" }
  },
  {
    name: "overflow",
    what: "a full context is told as an error, and is none: the host goes on after a summary; idle once",
    steps: () => [wait(200), { do: "overflow" }, wait(200), say(afterSummary)],
    shows: () => ({
      signs: ["works", "Erred", "ends", "Idle"],
      last: said(afterSummary),
      states: ["stopped", "done"],
      activity: idle
    })
  },
  {
    name: "fill",
    what: "an answer that fills the context is not the last word: the host goes on after a summary",
    steps: (answer) => [wait(200), { do: "fill", text: answer }, wait(200), say(afterSummary)],
    shows: () => ({
      signs: ["works", "ends", "Idle"],
      last: said(afterSummary),
      states: ["done", "done"],
      activity: idle
    })
  },
  {
    name: "bad-agent",
    what: "an agent that is not there is told by two errors, and by nothing else: no message, not even idle",
    steps: () => [{ do: "refuse", message: "Agent not found" }],
    shows: () => ({ signs: ["Erred", "Erred"], last: "none", activity: idle })
  },
  {
    name: "bad-model",
    what: "a model that is not there is an error before idle and after it, and no answer",
    steps: () => [{ do: "no-model", message: "Model not found" }],
    shows: () => ({
      signs: ["works", "Erred", "Idle", "Erred"],
      last: { role: "user", state: "done" },
      activity: idle
    })
  },
  {
    name: "ask",
    what: "a session that wants a permission is busy, and stays so until it is answered",
    steps: (answer) => [wait(200), ask, wait(200), say(answer)],
    shows: () => ({ signs: ["works", "Asked"], last: message("open"), activity: "busy" })
  },
  {
    name: "allowed",
    what: "a permission that is given: the turn goes on",
    steps: (answer) => [wait(200), ask, wait(200), say(answer)],
    somebody: { when: "Asked", does: "allow" },
    shows: (answer) => ({
      signs: ["works", "Asked", "Answered", "ends", "Idle"],
      last: said(answer),
      states: ["more", "done"],
      activity: idle
    })
  },
  {
    name: "refused",
    what: "a permission that is refused without a word: the turn ends after the tool, without an answer",
    steps: (answer) => [wait(200), ask, wait(200), say(answer)],
    somebody: { when: "Asked", does: "refuse" },
    shows: () => ({
      signs: ["works", "Asked", "Answered", "ends", "Idle"],
      last: { role: "assistant", state: "more", text: "" },
      activity: idle
    })
  },
  {
    name: "corrected",
    what: "a permission that is refused with a word: the agent is told, and the turn goes on",
    steps: (answer) => [wait(200), ask, wait(200), say(answer)],
    somebody: { when: "Asked", does: { word: "not now" } },
    shows: (answer) => ({
      signs: ["works", "Asked", "Answered", "ends", "Idle"],
      last: said(answer),
      states: ["more", "done"],
      activity: idle
    })
  },
  {
    name: "abort",
    what: "an abort is told, then idle, and the message ends after that; then idle again",
    steps: () => [{ do: "hang" }],
    somebody: { when: "Busy", does: "abort" },
    shows: () => ({ signs: ["works", "Aborted", "Idle", "ends", "Idle"], last: message("aborted"), activity: idle })
  },
  {
    name: "abort-writing",
    what: "an abort while the agent writes: the same, and what was written stays",
    steps: () => [{ do: "stream", ms: 60_000, every: 100 }],
    somebody: { when: "Wrote", does: "abort" },
    shows: () => ({ signs: ["works", "Aborted", "Idle", "ends", "Idle"], last: message("aborted"), activity: idle })
  },
  {
    name: "abort-tool",
    what: "an abort in a tool: the same",
    steps: (answer) => [wait(200), { do: "tool", name: "bash", ms: 20_000 }, say(answer)],
    somebody: { when: "Tool", does: "abort" },
    shows: () => ({ signs: ["works", "Aborted", "Idle", "ends", "Idle"], last: message("aborted"), activity: idle })
  },
  {
    name: "abort-retry",
    what: "an abort while the host waits for a further try is no error: the message ends without a reason, idle once",
    steps: (answer) => [wait(50), { do: "retry", ms: 3_600_000, message: providerFailed }, say(answer)],
    somebody: { when: "Retrying", does: "abort" },
    shows: () => ({ signs: ["works", "Retrying", "ends", "Idle"], last: message("stopped"), activity: idle })
  },
  {
    name: "remove",
    what: "a session that is deleted at work is told as deleted, and works on",
    steps: () => [{ do: "hang" }],
    somebody: { when: "Busy", does: "remove" },
    shows: () => ({ signs: ["works", "Deleted"], last: "gone", activity: "busy" })
  }
]
