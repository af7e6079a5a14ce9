/**
 * Which step answers a request. Pure; tried in this order:
 *
 * 1. Requests for a title or a summary, which OpenCode makes by itself, get a fixed answer.
 * 2. The newest user message holds a script: the step whose index is the number of assistant messages after it.
 *    Past the end: "(script end)".
 * 3. The newest user message holds none, but a rule matches its text: the rule's steps, counted in the same way.
 *    Past the end: "(rule end)".
 * 4. An earlier user message holds a script (the newest such), and
 *    - the user messages after it came while its turn still went on (right after a tool result): the script goes on with
 *      its remaining steps, and after them with its `later`;
 *    - they came later: the `later` steps, counted by the assistant messages after the first of them.
 * 5. Otherwise: "ACK " and the first 160 characters of the newest user message.
 *
 * Only user messages are searched for scripts, and the model never says one (see `Answer.ts`), so a notice that quotes
 * an answer cannot bring a script along. A notice that quotes a whole prompt would.
 */
import { Option } from "effect"
import { type ChatMessage, type ChatRequest, textOf } from "./ChatRequest.ts"
import * as Script from "./Script.ts"

/** What to answer to user messages without a script: the first rule whose `when` matches the newest one's text. */
export interface Rule {
  readonly when: RegExp
  readonly steps: ReadonlyArray<Script.Step>
}

/** How an answer was chosen. "title" and "summary" are OpenCode's own requests, all others are turns of a session. */
export type Kind = "script" | "rule" | "ack" | "title" | "summary"

export interface Choice {
  readonly kind: Kind
  /** Which script or rule: see `Script.key`; a rule's key is its pattern. Empty for the other kinds. */
  readonly key: string
  /** The index of the step; those of `later` come after those of the script. */
  readonly idx: number
  readonly step: Script.Step
}

const answersAfter = (messages: ReadonlyArray<ChatMessage>, index: number): number =>
  messages.slice(index + 1).filter((message) => message.role === "assistant").length

const ownRequest = (request: ChatRequest): Choice | undefined => {
  if (request.tools !== undefined && request.tools.length > 0) return undefined
  const system = request.messages.filter((message) => message.role === "system").map(textOf).join("\n")
  const head = system.slice(0, 400)
  if (/title/i.test(head)) return { kind: "title", key: "", idx: 0, step: { say: "lab title" } }
  if (/summar|anchored context/i.test(head)) {
    return { kind: "summary", key: "", idx: 0, step: { say: "SUMMARY of the conversation." } }
  }
  return undefined
}

export const choose = (request: ChatRequest, rules: ReadonlyArray<Rule>): Choice => {
  const own = ownRequest(request)
  if (own !== undefined) return own
  const { messages } = request
  const newest = messages.findLastIndex((message) => message.role === "user")
  const text = textOf(messages[newest])

  const scripts = messages.map((message) => message.role === "user" ? Script.find(textOf(message)) : Option.none())
  const at = scripts.findLastIndex(Option.isSome)
  const script = Option.getOrUndefined(scripts[at] ?? Option.none())
  if (script !== undefined && at === newest) {
    const idx = answersAfter(messages, at)
    return { kind: "script", key: script.key, idx, step: script.steps[idx] ?? { say: "(script end)" } }
  }

  // `search` instead of `test`: a rule with the flag `g` or `y` must not remember where it stopped.
  const rule = rules.find(({ when }) => text.search(when) >= 0)
  if (rule !== undefined) {
    const idx = answersAfter(messages, newest)
    return { kind: "rule", key: String(rule.when), idx, step: rule.steps[idx] ?? { say: "(rule end)" } }
  }

  if (script !== undefined) {
    const next = messages.findIndex((message, index) => index > at && message.role === "user")
    const midTurn = messages[next - 1]?.role === "tool"
    const idx = midTurn ? answersAfter(messages, at) : script.steps.length + answersAfter(messages, next)
    const step = [...script.steps, ...(script.later ?? [])][idx]
    if (step !== undefined) return { kind: "script", key: script.key, idx, step }
  }
  return { kind: "ack", key: "", idx: 0, step: { say: `ACK ${text.slice(0, 160)}` } }
}
