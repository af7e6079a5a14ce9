/**
 * How agents take the steps of their scripts: what is written, and what is told, in the order of OpenCode 1.18.33.
 */
import type { Asks, Reply } from "./asks.ts"
import type { Feed } from "./feed.ts"
import type { Gates } from "./gates.ts"
import { fill } from "./history.ts"
import * as Ids from "./ids.ts"
import type { Step } from "./Script.ts"
import type { Answer, Session, Told } from "./session.ts"
import type { Sessions } from "./sessions.ts"
import { forEver, type Play } from "./Turn.ts"
import { apiError, busy, filler, type ToolPart } from "./wire.ts"
import type { Writing } from "./writing.ts"

export type Steps = ReturnType<typeof make>

interface Needs {
  readonly sessions: Sessions
  readonly writing: Writing
  readonly feed: Feed
  readonly gates: Gates
  readonly asks: Asks
}

const rejected = "The user rejected permission to use this specific tool call"
const tooLong = "This model's maximum context length is 200000 tokens."
const goOn = "Continue if you have next steps, or stop and ask for clarification if you are unsure how to proceed."

export const make = ({ asks, feed, gates, sessions, writing }: Needs) => {
  const { breakOff, finish, stream, tell, text, tool } = writing

  /** The next answer of the same turn. */
  const next = (session: Session, { info }: Answer, to = info.parentID): Answer => {
    const model = { providerID: info.providerID, modelID: info.modelID }
    sessions.tellStatus(session, busy)
    const answer = sessions.answer(session, to, info.agent, model)
    sessions.summarized(session)
    sessions.tellStatus(session, busy)
    return answer
  }

  const running = (session: Session, answer: Answer, part: ToolPart, input: object): { readonly start: number } => {
    const time = { start: Date.now() }
    tell(session, answer, part, { status: "running", input, time })
    return time
  }

  const ended = (
    session: Session,
    answer: Answer,
    part: ToolPart,
    { start }: { readonly start: number },
    result: { readonly output: string } | { readonly error: string }
  ) => {
    const { input } = part.state
    const time = { start, end: Date.now() }
    if ("error" in result) tell(session, answer, part, { status: "error", input, error: result.error, time })
    else {
      const { output } = result
      const metadata = { truncated: false }
      tell(session, answer, part, { status: "completed", input, output, title: part.tool, metadata, time })
    }
    finish(session, answer, "tool-calls")
  }

  /** A summary by the host, after which it makes the agent go on. */
  function* summarize(session: Session, before: Answer, overflow: boolean): Play<Answer> {
    const { agent, modelID, providerID } = before.info
    const speaker = { agent, model: { modelID, providerID } }
    const asked = sessions.say(session, speaker, (ids) => [
      { ...ids, id: Ids.part(), type: "compaction", auto: true, overflow }
    ])
    sessions.busy(session)
    const summary = sessions.answer(session, asked.info.id, "compaction", speaker.model, true)
    sessions.tellStatus(session, busy)
    text(session, summary, "SUMMARY of the conversation.")
    finish(session, summary, "stop")
    const metadata = { compaction_continue: true }
    const time = { start: Date.now(), end: Date.now() }
    const more = sessions.say(session, speaker, (ids) => [
      { ...ids, id: Ids.part(), type: "text", text: goOn, synthetic: true, metadata, time }
    ])
    feed.tell(session.directory, "session.compacted", { sessionID: session.id })
    yield 50
    return next(session, before, more.info.id)
  }

  /** Takes a step in the open answer; gives the answer to go on in, or nothing when the turn is over. */
  return function* take(session: Session, told: Told, answer: Answer, step: Step): Play<Answer | undefined> {
    switch (step.do) {
      case "wait":
        yield step.ms
        return answer
      case "stream":
        for (let spent = 0; spent < step.ms; spent += step.every) {
          yield Math.min(step.every, step.ms - spent)
          stream(session, answer, ".")
        }
        return answer
      case "tool": {
        const part = tool(session, answer, step.name)
        const time = running(session, answer, part, {})
        yield step.ms
        const { error } = step
        ended(session, answer, part, time, error === undefined ? { output: filler(step.bytes ?? 2) } : { error })
        return next(session, answer)
      }
      case "permission": {
        const part = tool(session, answer, step.name)
        const time = running(session, answer, part, { command: step.what })
        const reply: Reply = yield* asks.ask(session, "permission", part, {
          permission: step.name,
          patterns: [step.what],
          metadata: { command: step.what },
          always: [`${step.name} *`]
        })
        if (reply === "allow") yield step.ms
        const error = reply === "refuse" ? `${rejected}.` : reply === "allow" ? undefined : reply.word
        ended(
          session,
          answer,
          part,
          time,
          error === undefined
            ? { output: "ok" }
            : { error: reply === "refuse" ? error : `${rejected} with the following feedback: ${error}` }
        )
        return reply === "refuse" ? undefined : next(session, answer)
      }
      case "ask": {
        const questions = [{ question: step.what, header: "bench", options: [{ label: "yes", description: "yes" }] }]
        const part = tool(session, answer, "question")
        const time = running(session, answer, part, { questions })
        const reply: Reply = yield* asks.ask(session, "question", part, { questions })
        const dismissed = reply !== "allow"
        ended(
          session,
          answer,
          part,
          time,
          dismissed ? { error: "The user dismissed this question" } : { output: "yes" }
        )
        return dismissed ? undefined : next(session, answer)
      }
      case "todos": {
        const todo = (status: "pending" | "completed") => (_: unknown, n: number) => ({
          content: `${status} ${n + 1}`,
          status,
          priority: "medium"
        })
        session.todos = [
          ...Array.from({ length: step.open }, todo("pending")),
          ...Array.from({ length: step.done ?? 0 }, todo("completed"))
        ]
        const part = tool(session, answer, "todowrite")
        feed.tell(session.directory, "todo.updated", { sessionID: session.id, todos: session.todos })
        const time = running(session, answer, part, { todos: session.todos })
        ended(session, answer, part, time, { output: JSON.stringify(session.todos) })
        return next(session, answer)
      }
      case "say":
        text(session, answer, step.text + filler((step.bytes ?? 0) - step.text.length))
        finish(session, answer, step.cut === true ? "length" : "stop")
        sessions.tellStatus(session, busy)
        return undefined
      case "fill":
        text(session, answer, step.text)
        finish(session, answer, "stop")
        return yield* summarize(session, answer, false)
      case "retry": {
        const next = Date.now() + step.ms
        sessions.setStatus(session, { type: "retry", attempt: step.attempt ?? 1, message: step.message, next })
        sessions.tellStatus(session, session.status)
        yield step.ms
        sessions.busy(session)
        return answer
      }
      case "fail": {
        const error = apiError(step.message)
        sessions.error(session, error)
        sessions.idle(session)
        yield 40
        breakOff(session, answer, error)
        return undefined
      }
      case "filter": {
        const error = { name: "ContentFilterError", data: { message: step.message } }
        text(session, answer, step.text)
        answer.info.error = error
        finish(session, answer, "content-filter")
        sessions.tellMessage(session, answer)
        sessions.error(session, error)
        return undefined
      }
      case "overflow":
        sessions.error(session, { name: "ContextOverflowError", data: { message: tooLong, responseBody: "" } })
        breakOff(session, answer, undefined)
        return yield* summarize(session, answer, true)
      case "hang":
        yield forEver
        return answer
      case "history":
        fill(session, step, told.message)
        return answer
      case "gate":
        if (!gates.isOpen(step.name)) yield gates.at(step.name)
        return answer
    }
  }
}
