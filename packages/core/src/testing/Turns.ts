/**
 * The turns of a simulated host: a session that is told something works through scripts until nothing is left that it was
 * told.
 */
import { Effect, FiberMap, Option, Ref } from "effect"
import type { Notice } from "../Notice.ts"
import type { SessionId } from "../Task.ts"
import type { Feed } from "./Feed.ts"
import type { Process } from "./Process.ts"
import type { Step, Told } from "./Script.ts"
import { type Sessions, userMessage } from "./Sessions.ts"
import { make as makeSteps } from "./Steps.ts"

/** What an agent does when it is told something. */
export type Behave = (told: Told) => ReadonlyArray<Step>

/** A prompt that comes to nothing never makes its session busy. */
const comesToNothing = (script: ReadonlyArray<Step>) => script[0]?.do === "refuse" || script[0]?.do === "ignore"

export const make = Effect.fnUntraced(function*(sessions: Sessions, feed: Feed, process: Process, chosen: Behave) {
  const { amend, append, change, existing, find, newAnswer, next, setActivity } = sessions
  const { tell } = feed
  const behave = yield* Ref.make(chosen)
  const turns = yield* FiberMap.make<SessionId>()
  const step = makeSteps(sessions, feed)

  /** Works until there is nothing left that the session was told. */
  const work = (id: SessionId): Effect.Effect<void> =>
    Effect.gen(function*() {
      yield* setActivity(id, "busy")
      for (let first = true;; first = false) {
        const session = Option.getOrUndefined(yield* find(id))
        const told = session?.inbox.at(-1)
        if (session === undefined || told === undefined) break
        yield* change(id, (current) => ({ ...current, inbox: [], turns: [...current.turns, session.inbox] }))
        const script = (yield* Ref.get(behave))(told)
        if (first && !comesToNothing(script)) yield* tell({ _tag: "Busy", session: id })
        let answer = Option.some(yield* newAnswer(id))
        for (const one of script) {
          if (Option.isNone(answer)) break
          answer = yield* step(id, answer.value, one)
        }
        // A script without an end is an empty answer.
        if (Option.isSome(answer)) yield* amend(id, answer.value, () => ({ state: "done" }))
      }
      yield* Effect.uninterruptible(
        Effect.andThen(setActivity(id, "idle"), tell({ _tag: "Idle", session: id }))
      )
    })

  const wake = (id: SessionId) =>
    Effect.flatMap(find(id), (session) =>
      Option.isSome(session) && session.value.activity === "idle"
        ? Effect.asVoid(FiberMap.run(turns, id, work(id)))
        : Effect.void)

  const receive = Effect.fnUntraced(function*(
    id: SessionId,
    text: string,
    notice: Notice | undefined,
    wakes: boolean
  ) {
    const message = yield* next("msg")
    const { activity } = yield* existing(id)
    yield* append(id, userMessage(message, text, { notices: notice === undefined ? [] : [notice.id] }))
    if (notice !== undefined) yield* tell({ _tag: "Received", session: id, notice: notice.id })
    yield* change(id, (session) => {
      const told: Told = { session: id, text, notice, nth: session.told }
      return {
        ...session,
        told: session.told + 1,
        notices: notice === undefined ? session.notices : [...session.notices, notice],
        // What is only kept is seen by an agent that works anyway, and not by one that rests.
        inbox: wakes || activity !== "idle" ? [...session.inbox, told] : session.inbox
      }
    })
    if (wakes) yield* wake(id)
  })

  /** Ends an open message: what was running in it is over. */
  const close = (
    id: SessionId,
    message: string,
    how: { readonly state: "stopped" | "aborted"; readonly error?: string }
  ) =>
    amend(id, message, ({ tools }) => ({
      ...how,
      tools: tools.map((tool) =>
        tool.state === "running" ? { ...tool, state: "failed", error: "Tool execution aborted" } : tool
      )
    }))

  /** Forgets what a session was about to do. */
  const rest = (id: SessionId) =>
    Effect.andThen(
      change(id, (current) => ({ ...current, inbox: [], asking: Option.none() })),
      setActivity(id, "idle")
    )

  const stop = Effect.fnUntraced(function*(id: SessionId) {
    const session = yield* find(id)
    if (Option.isNone(session) || session.value.activity === "idle") return
    const open = session.value.messages.findLast((message) => message.state === "open")
    const idle = tell({ _tag: "Idle", session: id })
    yield* FiberMap.remove(turns, id)
    yield* rest(id)
    // In a retry wait there is nothing to break off: the message just ends.
    if (session.value.activity === "retry") {
      if (open !== undefined) {
        yield* close(id, open.id, { state: "stopped" })
        yield* tell({ _tag: "MessageEnded", session: id, last: true })
      }
      return yield* idle
    }
    yield* tell({ _tag: "Erred", session: id, message: "Aborted", aborted: true })
    yield* idle
    if (open === undefined) return
    const ended = Effect.andThen(
      close(id, open.id, { state: "aborted", error: "Aborted" }),
      tell({ _tag: "MessageEnded", session: id, last: true })
    )
    yield* process.later(Effect.andThen(ended, idle), 30)
  })

  /** Every turn ends where it is, and nobody says so. */
  const die = Effect.gen(function*() {
    yield* FiberMap.clear(turns)
    yield* Effect.forEach(yield* sessions.all, rest, { discard: true })
  })

  return { behave: (f: Behave) => Ref.set(behave, f), receive, stop, die }
})
