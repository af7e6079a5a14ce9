/**
 * The sessions of a simulated host: what each has said and was told, and what it is doing.
 */
import { type Deferred, Effect, HashMap, Option, Ref } from "effect"
import { type Activity, type Message, SessionGone } from "../AgentHost.ts"
import type { Notice } from "../Notice.ts"
import type { SessionId } from "../Task.ts"
import type { Reply, Told } from "./Script.ts"

export interface Session {
  readonly id: SessionId
  readonly parent: SessionId | undefined
  readonly messages: ReadonlyArray<Message>
  readonly activity: Activity
  readonly openTodos: number
  /** What it was told and has not begun to answer. */
  readonly inbox: ReadonlyArray<Told>
  readonly told: number
  readonly notices: ReadonlyArray<Notice>
  readonly turns: ReadonlyArray<ReadonlyArray<Told>>
  readonly asking: Option.Option<Deferred.Deferred<Reply>>
  readonly deleted: boolean
}

/** A message of a user's, or another where `more` says so. */
export const userMessage = (id: string, text: string, more: Partial<Message> = {}): Message => ({
  id,
  role: "user",
  automatic: false,
  notices: [],
  text,
  tools: [],
  state: "done",
  fingerprint: "0",
  ...more
})

export type Sessions = Effect.Success<typeof make>

export const make = Effect.gen(function*() {
  const sessions = yield* Ref.make(HashMap.empty<SessionId, Session>())
  const counter = yield* Ref.make(0)
  const crowd = yield* Ref.make({ now: 0, peak: 0 })

  /** A new id. */
  const next = (prefix: string) => Effect.map(Ref.updateAndGet(counter, (n) => n + 1), (n) => `${prefix}_${n}`)

  const find = (id: SessionId) => Effect.map(Ref.get(sessions), HashMap.get(id))

  const existing = Effect.fnUntraced(function*(id: SessionId) {
    const session = yield* find(id)
    return Option.isSome(session) && !session.value.deleted ? session.value : yield* new SessionGone({ session: id })
  })

  const change = (id: SessionId, f: (session: Session) => Session) =>
    Ref.update(sessions, HashMap.modifyAt(id, Option.map(f)))

  const add = (id: SessionId, parent: SessionId | undefined) => {
    const session: Session = {
      id,
      parent,
      messages: [],
      activity: "idle",
      openTodos: 0,
      inbox: [],
      told: 0,
      notices: [],
      turns: [],
      asking: Option.none(),
      deleted: false
    }
    return Ref.update(sessions, HashMap.set(id, session))
  }

  const isWorking = (session: Session) => session.parent !== undefined && session.activity !== "idle"

  const working = Effect.map(Ref.get(sessions), (all) => HashMap.toValues(all).filter(isWorking).map(({ id }) => id))

  const setActivity = Effect.fnUntraced(function*(id: SessionId, activity: Activity) {
    const before = yield* find(id)
    yield* change(id, (session) => ({ ...session, activity }))
    const after = yield* find(id)
    const more = Number(Option.exists(after, isWorking)) - Number(Option.exists(before, isWorking))
    yield* Ref.update(crowd, ({ now, peak }) => ({ now: now + more, peak: Math.max(peak, now + more) }))
  })

  const family = (id: SessionId): Effect.Effect<ReadonlyArray<SessionId>> =>
    Effect.map(Ref.get(sessions), (all) => {
      const below = (parent: SessionId): ReadonlyArray<SessionId> =>
        HashMap.toValues(all).filter((session) => session.parent === parent).flatMap((child) => below(child.id))
          .concat(parent)
      return below(id)
    })

  const append = (id: SessionId, message: Message) =>
    change(id, (session) => ({ ...session, messages: [...session.messages, message] }))

  const amend = (id: SessionId, message: string, f: (message: Message) => Partial<Message>) =>
    change(id, (session) => ({
      ...session,
      messages: session.messages.map((old) =>
        old.id === message ? { ...old, ...f(old), fingerprint: `${old.fingerprint}+` } : old
      )
    }))

  const newAnswer = Effect.fnUntraced(function*(session: SessionId) {
    const id = yield* next("msg")
    yield* append(session, { ...userMessage(id, ""), role: "assistant", state: "open" })
    return id
  })

  return {
    next,
    /** A session, deleted or not. */
    find,
    /** A session that is there. */
    existing,
    change,
    add,
    setActivity,
    append,
    /** Begins an assistant's message, and gives its id. */
    newAnswer,
    /** Changes a message, and what shows that it has changed. */
    amend,
    /** The sessions below one, deepest first, and the session itself at last. */
    family,
    /** The sessions that work now, roots left out. */
    working,
    /** The most sessions that ever worked at once, roots left out. */
    peak: Effect.map(Ref.get(crowd), ({ peak }) => peak),
    /** Every session there ever was. */
    all: Effect.map(Ref.get(sessions), (all) => Array.from(HashMap.keys(all)))
  }
})
