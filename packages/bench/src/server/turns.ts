/**
 * What is said in a session, and what comes of it: turns, one after the other, until nothing is left that the session was
 * told; or their end by an abort.
 */
import type { Catalog } from "./catalog.ts"
import * as Ids from "./ids.ts"
import type { Log } from "./log.ts"
import * as Script from "./Script.ts"
import { type Answer, openAnswer, type Session, type Told } from "./session.ts"
import type { Sessions } from "./sessions.ts"
import type { Steps } from "./steps.ts"
import { type Play, run } from "./Turn.ts"
import { aborted, busy, idle, type ModelRef, type TextPart, unknownError } from "./wire.ts"
import type { Writing } from "./writing.ts"

export type Turns = ReturnType<typeof make>

/** What comes with a prompt. */
export interface Prompt {
  readonly agent: string | undefined
  readonly model: (ModelRef & { readonly variant?: string }) | undefined
  readonly noReply: boolean
  readonly parts: ReadonlyArray<Pick<TextPart, "text" | "synthetic" | "ignored" | "metadata">>
  /** The id that the message is to have. */
  readonly messageID: string | undefined
  readonly person: boolean
}

/** What became of a prompt: its message's id, or why there is none. */
export type Received = { readonly message: string } | { readonly refused: string }

interface Needs {
  readonly catalog: () => Catalog
  readonly sessions: Sessions
  readonly writing: Writing
  readonly steps: Steps
  readonly log: Log
}

const nothingMore: ReadonlyArray<Script.Step> = [{ do: "say", text: "Noted." }]

export const make = ({ catalog, log, sessions, steps, writing }: Needs) => {
  /** Scripts are for those who were sent: a notice that quotes one cannot bring it to its parent. */
  const scriptIn = (session: Session, told: Told): Script.Script | undefined =>
    session.parent === undefined && !told.person ? undefined : Script.find(told.text)

  /** What the session does now, and in answer to what. */
  const choose = (session: Session, inbox: ReadonlyArray<Told>, last: Told) => {
    for (const told of inbox.toReversed()) {
      const script = scriptIn(session, told)
      if (script === undefined) continue
      session.later = script.later ?? []
      return { told, script }
    }
    const [steps, ...later] = session.later
    session.later = later
    return { told: last, script: { steps: steps ?? [{ do: "wait", ms: session.turnMs }, ...nothingMore] } }
  }

  function* work(session: Session): Play {
    let silent = false
    for (;;) {
      const { inbox } = session
      const last = inbox.at(-1)
      if (last === undefined) break
      sessions.setStatus(session, busy)
      session.inbox = []
      session.turns++
      const { script, told } = choose(session, inbox, last)
      silent = script.silent === true
      log.add("busy", session.id, { model: `${told.model.providerID}/${told.model.modelID}`, agent: told.agent })
      sessions.busy(session)
      let answer: Answer | undefined = sessions.answer(session, told.message, told.agent, told.model)
      sessions.summarized(session)
      sessions.tellStatus(session, busy)
      for (const step of script.steps) {
        answer = yield* steps(session, told, answer, step)
        if (answer === undefined) break
      }
      // A script without an end is an empty answer.
      if (answer === undefined) continue
      writing.finish(session, answer, "stop")
      sessions.tellStatus(session, busy)
    }
    sessions.idle(session, !silent)
    sessions.summarized(session)
  }

  const rest = (session: Session) => {
    session.turn = undefined
    if (session.inbox.length > 0) return wake(session)
    const { waiting } = session
    session.waiting = []
    for (const go of waiting) go()
  }

  const wake = (session: Session) => {
    if (session.turn !== undefined) return
    // It is at work from the moment it was told, not from its first event on.
    sessions.setStatus(session, busy)
    session.turn = run(work(session), () => rest(session))
  }

  /** An aborted answer ends a little after its session. */
  function* close(session: Session, answer: Answer): Play {
    yield 30
    writing.breakOff(session, answer, aborted)
    sessions.idle(session)
  }

  return {
    receive: (session: Session, { agent = "build", messageID, model, noReply, parts, person }: Prompt): Received => {
      const { agents, hasAgent, hasModel, model: configured } = catalog()
      if (!hasAgent(agent)) {
        const refused = `Agent not found: "${agent}". Available agents: ${agents.join(", ")}`
        sessions.error(session, unknownError(refused))
        sessions.error(session, unknownError(`UnknownError: ${refused}`))
        return { refused }
      }
      const spoken = model ?? session.model ?? configured
      session.agent = agent
      session.model = spoken
      const text = parts.filter(({ ignored }) => ignored !== true).map((part) => part.text).join("\n")
      sessions.touch(session)
      const { info } = sessions.say(
        session,
        { agent, model: spoken },
        (ids) => parts.map((part) => ({ ...part, ...ids, id: Ids.part(), type: "text" })),
        messageID
      )
      sessions.touch(session)
      const message = info.id
      log.add("told", session.id, {
        text: parts.map((part) => part.text).join("\n"),
        message,
        person,
        noReply,
        agent,
        model: `${spoken.providerID}/${spoken.modelID}`,
        ...(session.parent === undefined ? {} : { parent: session.parent })
      })
      if (!hasModel(spoken)) {
        const refused = `Model not found: ${spoken.providerID}/${spoken.modelID}.`
        sessions.tellStatus(session, busy)
        sessions.error(session, unknownError(refused))
        sessions.idle(session)
        sessions.error(session, unknownError(`ProviderModelNotFoundError: ${refused}`))
        return { refused }
      }
      // What is only kept is seen by an agent that works anyway, and not by one that rests.
      if (!noReply || session.status.type !== "idle") {
        session.inbox = [...session.inbox, { message, text, person, agent, model: spoken }]
        wake(session)
      }
      return { message }
    },
    abort: (session: Session): void => {
      const { type } = session.status
      log.add("abort", session.id, { was: type })
      if (type === "idle") return sessions.idle(session)
      session.turn?.cancel()
      session.turn = undefined
      session.inbox = []
      const open = openAnswer(session)
      // In a retry wait there is nothing to break off: the message just ends.
      if (type === "retry") {
        if (open !== undefined) writing.breakOff(session, open, undefined)
        sessions.idle(session)
        return rest(session)
      }
      sessions.setStatus(session, idle)
      sessions.error(session, aborted)
      sessions.idle(session)
      if (open === undefined) return rest(session)
      session.turn = run(close(session, open), () => rest(session))
    }
  }
}
