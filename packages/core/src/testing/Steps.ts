/**
 * How the agents of a simulated host take the steps of their scripts: what is written, and what is told, in the order of
 * a real host.
 */
import { Clock, Deferred, Effect, Option } from "effect"
import type { SessionId } from "../Task.ts"
import type { Feed } from "./Feed.ts"
import type { Reply, Step } from "./Script.ts"
import { type Sessions, userMessage } from "./Sessions.ts"

/** Takes a step in a session's open answer; gives the answer to go on in, or nothing when the turn is over. */
export const make = ({ amend, append, change, newAnswer, next, setActivity }: Sessions, { tell }: Feed) => {
  /** Ends a turn as if it had never begun. */
  const discard = (id: SessionId, answer: string) =>
    Effect.andThen(
      setActivity(id, "idle"),
      change(id, (session) => ({ ...session, messages: session.messages.filter((message) => message.id !== answer) }))
    )

  /** Waits for a person. */
  const ask = Effect.fnUntraced(function*(session: SessionId, what: string) {
    const id = yield* next("ask")
    const answered = yield* Deferred.make<Reply>()
    yield* change(session, (current) => ({ ...current, asking: Option.some(answered) }))
    yield* tell({ _tag: "Asked", session, ask: id, what })
    const reply = yield* Deferred.await(answered)
    yield* change(session, (current) => ({ ...current, asking: Option.none() }))
    yield* tell({ _tag: "Answered", session, ask: id })
    return reply
  })

  /** Uses a tool; gives what went wrong. */
  const use = (step: Extract<Step, { readonly do: "tool" | "call" | "permission" }>) =>
    step.do === "call"
      ? Effect.as(step.effect, undefined)
      : Effect.as(Effect.sleep(step.ms), step.do === "tool" ? step.error : undefined)

  /** The host makes room by a summary, and has the agent go on; gives the message that it goes on in. */
  const summarize = Effect.fnUntraced(function*(session: SessionId) {
    yield* append(session, userMessage(yield* next("msg"), "", { automatic: true }))
    yield* append(session, { ...userMessage(yield* next("msg"), "summary", { automatic: true }), role: "assistant" })
    yield* tell({ _tag: "MessageEnded", session })
    yield* Effect.sleep(50)
    yield* append(session, userMessage(yield* next("msg"), "go on", { automatic: true }))
    yield* tell({ _tag: "Busy", session })
    return yield* newAnswer(session)
  })

  /** One step in the answer that is being written; gives the answer to go on in, or nothing when the turn is over. */
  return Effect.fnUntraced(function*(session: SessionId, answer: string, step: Step) {
    const goOn = Option.some(answer)
    const over = Option.none<string>()
    switch (step.do) {
      case "wait":
        yield* Effect.sleep(step.ms)
        return goOn
      case "stream":
        for (let spent = 0; spent < step.ms; spent += step.every) {
          yield* Effect.sleep(Math.min(step.every, step.ms - spent))
          yield* amend(session, answer, (message) => ({ text: `${message.text}.` }))
          yield* tell({ _tag: "Wrote", session })
        }
        return goOn
      case "tool":
      case "call":
      case "permission": {
        const call = yield* next("call")
        const { name } = step
        yield* amend(session, answer, () => ({ tools: [{ name, state: "running" }] }))
        yield* tell({ _tag: "Tool", session, call, name, state: "running" })
        // What it is called with is still being written when it is first told.
        const input = step.do === "tool" ? step.input : undefined
        if (input !== undefined) yield* tell({ _tag: "Tool", session, call, name, state: "running", input })
        const reply = step.do === "permission" ? yield* ask(session, step.what) : "allow"
        const error = reply === "allow"
          ? yield* use(step)
          : `the user rejected it${reply === "refuse" ? "" : ` with the following feedback: ${reply.word}`}`
        const state = error === undefined ? "done" : "failed"
        yield* amend(session, answer, () => ({ tools: [{ name, state, error }], state: "more" }))
        yield* tell({ _tag: "Tool", session, call, name, state })
        yield* tell({ _tag: "MessageEnded", session })
        if (reply === "refuse") return over
        yield* tell({ _tag: "Busy", session })
        return Option.some(yield* newAnswer(session))
      }
      case "say":
        yield* amend(session, answer, () => ({ text: step.text, state: step.cut === true ? "cut" : "done" }))
        yield* tell({ _tag: "MessageEnded", session, last: true })
        yield* tell({ _tag: "Busy", session })
        return over
      case "fill":
        yield* amend(session, answer, () => ({ text: step.text, state: "done" }))
        yield* tell({ _tag: "MessageEnded", session, last: true })
        yield* tell({ _tag: "Busy", session })
        return Option.some(yield* summarize(session))
      case "retry": {
        const now = yield* Clock.currentTimeMillis
        yield* setActivity(session, "retry")
        yield* tell({
          _tag: "Retrying",
          session,
          attempt: step.attempt ?? 1,
          message: step.message,
          nextAt: now + step.ms
        })
        yield* Effect.sleep(step.ms)
        yield* setActivity(session, "busy")
        yield* tell({ _tag: "Busy", session })
        return goOn
      }
      case "fail":
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        yield* setActivity(session, "idle")
        yield* tell({ _tag: "Idle", session })
        yield* Effect.sleep(40)
        yield* amend(session, answer, () => ({ state: "failed", error: step.message }))
        yield* tell({ _tag: "MessageEnded", session, last: true })
        return over
      case "filter":
        yield* amend(session, answer, () => ({ text: step.text, state: "failed", error: step.message }))
        yield* tell({ _tag: "MessageEnded", session, last: true })
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        return over
      case "refuse":
        yield* discard(session, answer)
        yield* change(session, ({ messages, ...current }) => ({ ...current, messages: messages.slice(0, -1) }))
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        return yield* Effect.interrupt
      case "no-model":
        yield* discard(session, answer)
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        yield* tell({ _tag: "Idle", session })
        yield* tell({ _tag: "Erred", session, message: step.message, aborted: false })
        return yield* Effect.interrupt
      case "ignore":
        yield* discard(session, answer)
        return yield* Effect.interrupt
      case "overflow":
        yield* tell({ _tag: "Erred", session, message: "the context is full", aborted: false })
        yield* amend(session, answer, () => ({ state: "stopped" }))
        yield* tell({ _tag: "MessageEnded", session, last: true })
        return Option.some(yield* summarize(session))
      case "stop":
        yield* amend(
          session,
          answer,
          () => ({ state: "more", tools: [{ name: "bash", state: "failed", error: "rejected" }] })
        )
        yield* tell({ _tag: "MessageEnded", session })
        return over
      case "hang":
        return yield* Effect.never
      case "tell":
        yield* tell(step.event(session))
        return goOn
      case "ask":
        yield* ask(session, step.what)
        return goOn
      case "todos":
        yield* change(session, (current) => ({ ...current, openTodos: step.open }))
        return goOn
    }
  })
}
