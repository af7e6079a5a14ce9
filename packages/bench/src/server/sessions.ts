/**
 * The sessions of the fake OpenCode: those that there are, and what each is doing. Whatever changes here is told at once,
 * in OpenCode's words.
 */
import { stamp } from "./clock.ts"
import type { Counters } from "./counters.ts"
import type { Feed } from "./feed.ts"
import * as Ids from "./ids.ts"
import type { Log } from "./log.ts"
import type { Work } from "./Reports.ts"
import { type Answer, infoOf, type Message, type NewSession, type Session, type Told } from "./session.ts"
import * as Wire from "./wire.ts"

export type Sessions = ReturnType<typeof make>

const nobody: Wire.ModelRef = { providerID: "", modelID: "" }

export const make = (feed: Feed, log: Log, counters: Counters) => {
  const all = new Map<string, Session>()
  const children = new Map<string, Array<Session>>()
  const working = new Set<Session>()

  const changed = (session: Session) =>
    feed.tell(session.directory, "session.updated", { sessionID: session.id, info: infoOf(session) })

  const touch = (session: Session) => {
    session.updated = Date.now()
    changed(session)
  }

  const find = (id: string): Session | undefined => {
    const session = all.get(id)
    return session === undefined || session.deleted ? undefined : session
  }

  const below = (id: string): ReadonlyArray<Session> => (children.get(id) ?? []).filter(({ deleted }) => !deleted)

  const create = ({ directory, metadata, model, parent, permission, title, turnMs = 0 }: NewSession): Session => {
    const now = Date.now()
    const session: Session = {
      id: Ids.session(),
      parent,
      directory,
      created: now,
      turnMs,
      updated: now,
      title: title ?? `New session - ${new Date(now).toISOString()}`,
      permission,
      metadata,
      agent: undefined,
      model,
      deleted: false,
      status: Wire.idle,
      since: 0,
      worksWith: nobody,
      messages: [],
      todos: [],
      inbox: [],
      later: [],
      turns: 0,
      turn: undefined,
      waiting: []
    }
    all.set(session.id, session)
    if (parent !== undefined) {
      const siblings = children.get(parent)
      if (siblings === undefined) children.set(parent, [session])
      else siblings.push(session)
    }
    log.add("created", session.id, { ...(parent === undefined ? {} : { parent }), text: session.title })
    feed.tell(directory, "session.created", { sessionID: session.id, info: infoOf(session) })
    return session
  }

  /** Those below it go first. What runs in them goes on, as on the real host. */
  const remove = (session: Session): void => {
    for (const child of below(session.id)) remove(child)
    session.deleted = true
    log.add("deleted", session.id)
    feed.tell(session.directory, "session.deleted", { sessionID: session.id, info: infoOf(session) })
  }

  /** Sets what a session does, without telling anybody. */
  const setStatus = (session: Session, status: Wire.Status) => {
    const before = session.status.type !== "idle"
    const after = status.type !== "idle"
    session.status = status
    if (before === after) return
    if (after) {
      session.since = stamp()
      session.worksWith = session.inbox.at(-1)?.model ?? session.model ?? nobody
      working.add(session)
    } else working.delete(session)
    if (session.parent === undefined) return
    if (after) counters.enter(session.worksWith)
    else counters.leave(session.worksWith)
  }

  const tellStatus = (session: Session, status: Wire.Status) =>
    feed.tell(session.directory, "session.status", { sessionID: session.id, status })

  const tellMessage = (session: Session, message: Message) => {
    message.json = undefined
    feed.tell(session.directory, "message.updated", { sessionID: session.id, info: message.info })
  }

  const tellPart = (session: Session, message: Message, part: Wire.Part) => {
    message.json = undefined
    feed.tell(session.directory, "message.part.updated", { sessionID: session.id, part, time: Date.now() })
  }

  const isOrphan = ({ deleted, parent }: Session): boolean =>
    deleted || parent !== undefined && find(parent) === undefined

  return {
    /** A session that is there. */
    find,
    /** A session, deleted or not. */
    recall: (id: string) => all.get(id),
    below,
    create,
    remove,
    touch,
    /** It has changed, and so has what was done in it. */
    summarized: (session: Session) => {
      touch(session)
      feed.tell(session.directory, "session.diff", { sessionID: session.id, diff: [] })
    },
    reset: () => {
      for (const { turn } of all.values()) turn?.cancel()
      all.clear()
      children.clear()
      working.clear()
    },
    /** Those that are there, the newest first. */
    list: (): ReadonlyArray<Session> =>
      [...all.values()].filter(({ deleted }) => !deleted).sort((a, b) => b.updated - a.updated),
    /** Those at work, deleted ones too. */
    working: (): Iterable<Session> => working,
    /** The same as a report; roots are left out. */
    work: (): ReadonlyArray<Work> =>
      [...working].flatMap((session) => {
        const { id, parent, since, title, worksWith: { modelID, providerID } } = session
        if (parent === undefined) return []
        return [{ session: id, parent, title, model: `${providerID}/${modelID}`, since, orphan: isOrphan(session) }]
      }),
    setStatus,
    tellStatus,
    tellMessage,
    tellPart,
    tellDelta: (session: Session, message: Message, part: Wire.TextPart, delta: string) => {
      message.json = undefined
      feed.tell(session.directory, "message.part.delta", {
        sessionID: session.id,
        messageID: message.info.id,
        partID: part.id,
        field: "text",
        delta
      })
    },
    /** It is at work (again). */
    busy: (session: Session) => {
      setStatus(session, Wire.busy)
      tellStatus(session, Wire.busy)
    },
    /** It rests; `heard`: whether anybody is to be told. */
    idle: (session: Session, heard = true) => {
      setStatus(session, Wire.idle)
      const sent = heard && feed.together(
        session.directory,
        ["session.status", { sessionID: session.id, status: Wire.idle }],
        ["session.idle", { sessionID: session.id }]
      )
      log.add("idle", session.id, { heard: sent })
    },
    error: (session: Session, error: Wire.ErrorInfo) => {
      log.add("error", session.id, { text: String(error.data["message"] ?? error.name) })
      feed.tell(session.directory, "session.error", { sessionID: session.id, error })
    },
    /** Begins an answer to a message of a user. */
    answer: (session: Session, to: string, agent: string, model: Wire.ModelRef, summary = false): Answer => {
      const answer: Answer = {
        info: {
          id: Ids.message(),
          sessionID: session.id,
          role: "assistant",
          time: { created: Date.now() },
          parentID: to,
          modelID: model.modelID,
          providerID: model.providerID,
          mode: agent,
          agent,
          path: { cwd: session.directory, root: "/" },
          ...(summary ? { summary: true } : {}),
          cost: 0,
          tokens: Wire.noTokens
        },
        parts: [],
        json: undefined
      }
      session.messages.push(answer)
      tellMessage(session, answer)
      return answer
    },
    /** Puts a user's message into a session. */
    say: (
      session: Session,
      { agent, model }: Pick<Told, "agent" | "model">,
      parts: (ids: { readonly sessionID: string; readonly messageID: string }) => ReadonlyArray<Wire.Part>,
      id = Ids.message()
    ): Message => {
      const message: Message = {
        info: { id, sessionID: session.id, role: "user", time: { created: Date.now() }, agent, model },
        parts: [...parts({ sessionID: session.id, messageID: id })],
        json: undefined
      }
      session.messages.push(message)
      tellMessage(session, message)
      for (const part of message.parts) tellPart(session, message, part)
      return message
    }
  }
}
