/**
 * Keeps the cards of tasks true: hears of calls that launched something and of what becomes of it, and stores the calls
 * anew when they are to look otherwise.
 *
 * Cards are an extra: a card that cannot be stored is a plainer line and nothing else. What is to be looked at again stands
 * in one line, each task once, and one fiber looks: how a task looks is always what it is in that moment, so nothing depends
 * on the order of events, and many changes at once are one. Where a card is, is known from the event of its call; those of
 * processes that are gone are looked for in their parents' messages, where each says what it stands for.
 */
import { Journal, Task, Tasks } from "@errand/core"
import { Context, Effect, HashMap, HashSet, Layer, Option, Queue, Ref, Schedule, Stream } from "effect"
import type { PluginSettings } from "../config/PluginSettings.ts"
import { Client, type PartAddress } from "../host/Client.ts"
import { Feed } from "../host/Feed.ts"
import type { Event } from "../host/wire.ts"
import * as Memory from "../Memory.ts"
import { elsewhere, lost, told } from "../text/card.ts"
import { card, launchedBy, lineOf, type Look, lookOf, type Mark, nobody, refusalOf } from "./Card.ts"
import { CardSwitch } from "./CardSwitch.ts"
import { isFields, keptIn } from "./Kept.ts"

export class Cards extends Context.Service<Cards, {
  /** Somebody uses a session: cards in it that a process left behind which is gone are set right, once. Does not wait. */
  readonly used: (session: Task.SessionId) => Effect.Effect<void>
}>()("opencode-errand/cards/Cards") {
  static readonly layer = (
    settings: Settings
  ): Layer.Layer<Cards, never, Client | Feed | Journal.Journal | Tasks.Tasks> => Layer.effect(Cards, make(settings))
}

type Settings = Pick<PluginSettings, "journal">

/** Where the card of a run is. */
interface Spot {
  readonly address: PartAddress
  readonly run: number
  /** How many were before it in line when it was drawn. */
  readonly ahead?: number | undefined
}

/** How far back in a session cards are looked for (messages). */
const back = 100

/** For how long OpenCode is waited for. */
const patience = "5 seconds"

const make = Effect.fnUntraced(function*(settings: Settings) {
  const client = yield* Client
  const feed = yield* Feed
  const journal = yield* Journal.Journal
  const tasks = yield* Tasks.Tasks
  const cards = yield* CardSwitch
  const scope = yield* Effect.scope

  /** Of the tasks that are not over. */
  const spots = yield* Ref.make(HashMap.empty<string, Spot>())
  /** The runs of tasks of others whose cards were looked for. */
  const sought = Memory.make<string, true>(1024)
  /** The sessions that are at work. */
  const busy = yield* Ref.make(HashSet.empty<string>())
  const swept = Memory.make<Task.SessionId, true>(1024)
  /** The tasks that are to be looked at, and the same in their order. */
  const due = yield* Ref.make(HashSet.empty<string>())
  const line = yield* Queue.unbounded<string>()

  const look = (task: string) =>
    Effect.flatMap(
      Ref.modify(due, (all) => [!HashSet.has(all, task), HashSet.add(all, task)]),
      (isNew) => isNew ? Queue.offer(line, task) : Effect.void
    )

  /** Those of them that have a card, or may have one that is to be looked for. */
  const lookAtCards = (of: ReadonlyArray<Task.Task>) =>
    Effect.suspend(() => {
      const all = Ref.getUnsafe(spots)
      const shown = of.filter(({ adopted, id }) => adopted !== undefined || HashMap.has(all, id))
      return shown.length === 0 ? Effect.void : Effect.forEach(shown, ({ id }) => look(id), { discard: true })
    })

  const place = (task: string, spot: Spot) => Effect.andThen(Ref.update(spots, HashMap.set(task, spot)), look(task))

  /** The calls of a session, from the latest on. */
  const callsOf = (session: Task.SessionId) =>
    Effect.map(
      Effect.timeout(client.storedParts(session, back), patience),
      (parts) =>
        parts.flatMap((part) => {
          const launch = launchedBy(part)
          const address = addressOf(part)
          return launch === undefined || address === undefined ? [] : [{ address, launch, kept: keptIn(part) }]
        }).toReversed()
    )

  /** Where the card of a task is that was taken over. It is looked for once. */
  const seek = Effect.fnUntraced(function*(task: Task.Task) {
    const key = `${task.id} ${task.run}`
    if (task.adopted === undefined || sought.has(key)) return Option.none<Spot>()
    sought.set(key, true)
    const calls = yield* callsOf(task.request.parent)
    const own = calls.find(({ launch }) => launch.task === task.id && launch.run === task.run)
    if (own === undefined) return Option.none<Spot>()
    const spot: Spot = { address: own.address, run: task.run }
    yield* Ref.update(spots, HashMap.set<string, Spot>(task.id, spot))
    return Option.some(spot)
  })

  const spotOf = (task: Task.Task) =>
    Effect.flatMap(Ref.get(spots), (all) => {
      const known = HashMap.get(all, task.id)
      return Option.isSome(known) ? Effect.succeed(known) : seek(task)
    })

  /** Stores a call as it is to look, if it looks otherwise. */
  const redraw = Effect.fnUntraced(
    function*(address: PartAddress, mark: Omit<Mark, "pid">, lookOf: (stored: unknown) => Look | undefined) {
      const stored = Option.getOrUndefined(yield* Effect.timeout(client.storedPart(address), patience))
      const look = lookOf(stored)
      const part = look === undefined ? undefined : card(stored, look, { ...mark, pid: process.pid })
      if (part === undefined || JSON.stringify(part) === JSON.stringify(stored)) return
      yield* Effect.timeout(client.rewritePart(address, part), patience)
    },
    // Others may be waiting behind it, but a `✓` on what failed is worth a second try.
    Effect.retry(Schedule.upTo(Schedule.spaced("500 millis"), { times: 1 }))
  )

  const lookAt = Effect.fnUntraced(function*(id: string) {
    const found = yield* Effect.option(tasks.get(id))
    if (Option.isNone(found)) return yield* Ref.update(spots, HashMap.remove(id))
    const task = found.value
    const spot = yield* spotOf(task)
    if (Option.isNone(spot)) return
    const { address, run } = spot.value
    // It goes on by another call: what this one launched is over.
    if (run !== task.run) return yield* Ref.update(spots, HashMap.remove(id))
    const place = Option.getOrUndefined(yield* tasks.place(task.id))
    const { session } = task
    const seen = {
      place,
      busy: session !== undefined && HashSet.has(yield* Ref.get(busy), session),
      expecting: session !== undefined && (yield* tasks.expecting(session))
    }
    const over = Task.isTerminal(task)
    const now: Spot = { address, run, ahead: place?.ahead }
    yield* Ref.update(spots, over ? HashMap.remove(id) : HashMap.set(id, now))
    const look = lookOf(task, seen)
    if (!(yield* cards.on)) return
    // Until anything is seen of its session a line is enough: the wall of text goes at once.
    yield* redraw(address, { task: id, run }, (part) => look ?? (keptIn(part) === undefined ? lineOf(task) : undefined))
  })

  const next = Effect.gen(function*() {
    const task = yield* Queue.take(line)
    yield* Ref.update(due, HashSet.remove(task))
    yield* Effect.ignoreCause(lookAt(task))
  })

  /** Somebody has left the line, and those behind are nearer: as far as that is told. */
  const lineMoves = Effect.flatMap(Ref.get(spots), (all) =>
    Effect.forEach(
      HashMap.toEntries(all).filter(([, { ahead }]) => ahead !== undefined && ahead <= told),
      ([task]) => look(task),
      { discard: true }
    ))

  const works = (session: string, working: boolean): Effect.Effect<unknown> | undefined => {
    if (HashSet.has(Ref.getUnsafe(busy), session) === working) return undefined
    const task = journal.atHandUnsafe(Task.SessionId.make(session))
    return Effect.andThen(
      Ref.update(busy, (all) => working ? HashSet.add(all, session) : HashSet.remove(all, session)),
      Option.isSome(task) && !Task.isTerminal(task.value) ? lookAtCards([task.value]) : Effect.void
    )
  }

  /** A card has been stored. In a session that is a copy of its task's parent, it says nothing of what goes on there. */
  const copied = Effect.fnUntraced(function*(launch: Omit<Mark, "pid">, address: PartAddress) {
    const task = Option.getOrUndefined(yield* Effect.option(tasks.get(launch.task)))
    if (task === undefined || task.request.parent === address.session || !(yield* cards.on)) return
    yield* redraw(address, launch, () => forkedLook(task))
  })

  /** A call that has launched nothing is red, and says why. */
  const refused = Effect.fnUntraced(function*(address: PartAddress) {
    if (yield* cards.on) yield* redraw(address, nobody, refusalOf)
  })

  const hear = ({ properties, type }: Event): Effect.Effect<unknown> | undefined => {
    switch (type) {
      case "session.status": {
        const { sessionID, status } = properties
        return works(sessionID, status.type === "busy" || status.type === "retry")
      }
      case "session.deleted":
        return works(properties.info.id, false)
      case "message.part.updated": {
        const { part } = properties
        const kept = keptIn(part)
        const launch = launchedBy(part)
        const address = addressOf(part)
        const refusal = refusalOf(part)
        if (refusal !== undefined && address !== undefined) {
          return Effect.forkIn(Effect.ignoreCause(refused(address)), scope)
        }
        if (launch === undefined || address === undefined) return undefined
        if (kept === undefined) return place(launch.task, { address, run: launch.run })
        return kept.over ? undefined : Effect.forkIn(Effect.ignoreCause(copied(launch, address)), scope)
      }
      default:
        return undefined
    }
  }

  /** A card of which nobody knows anything any more. */
  const isLost = (pid: number) => pid === process.pid || !isAlive(pid)

  /**
   * Whether a process that is gone may have left cards in a session: what it had launched is in the journal, if there is
   * one that is kept. To look at the messages of every session that is used would cost more than all the rest.
   */
  const mayHaveCards = Effect.fnUntraced(function*(session: Task.SessionId) {
    return settings.journal === "memory" || (yield* journal.older).some(({ request }) => request.parent === session)
  })

  const sweep = Effect.fnUntraced(function*(session: Task.SessionId) {
    if (!(yield* mayHaveCards(session)) || !(yield* cards.on)) return
    for (const { address, kept, launch } of yield* callsOf(session)) {
      if (kept === undefined || kept.over) continue
      const task = Option.getOrUndefined(yield* Effect.option(tasks.get(launch.task)))
      if (task === undefined) {
        if (isLost(kept.pid)) yield* Effect.ignoreCause(redraw(address, launch, lostLook))
      } else if (session !== task.request.parent) {
        yield* Effect.ignoreCause(redraw(address, launch, () => forkedLook(task)))
      } else if (task.run === launch.run && (Task.isTerminal(task) || (yield* journal.owns(task.id)))) {
        yield* place(task.id, { address, run: launch.run })
      }
    }
  })

  /** What came at once: to look for those in line takes as long as there are cards. */
  const hearChanges = Effect.fnUntraced(function*(entries: ReadonlyArray<Journal.Entry>) {
    yield* lookAtCards(entries.map(({ task }) => task))
    if (entries.some(({ event }) => event._tag === "Started" || event._tag === "Ended")) yield* lineMoves
  })

  yield* feed.listen(hear)
  yield* Effect.forkScoped(Stream.runForEachArray(tasks.changes, hearChanges), { startImmediately: true })
  yield* Effect.forkScoped(Effect.forever(next))
  // Those that were taken over before this listened.
  yield* Effect.forEach(
    (yield* journal.tasks).filter(({ adopted }) => adopted !== undefined),
    ({ id }) => look(id),
    { discard: true }
  )

  return Cards.of({
    used: (session) =>
      Effect.suspend(() => {
        // To look into the journal for every session that a task has just been given would cost more than all the rest.
        if (swept.has(session) || Option.exists(journal.atHandUnsafe(session), isNew)) return Effect.void
        swept.set(session, true)
        return Effect.forkIn(Effect.ignoreCause(sweep(session)), scope)
      })
  })
})

/** Whether the session of a task was opened by the process that the task runs in: nobody was in it before. */
const isNew = (task: Task.Task): boolean => task.run === 1 && task.adopted === undefined && !Task.isTerminal(task)

const addressOf = (part: unknown): PartAddress | undefined => {
  if (!isFields(part)) return undefined
  const { id, messageID, sessionID } = part
  return typeof id === "string" && typeof messageID === "string" && typeof sessionID === "string"
    ? { session: Task.SessionId.make(sessionID), message: messageID, part: id }
    : undefined
}

/** How a task looks in a session that is a copy of its parent: it goes on there, and here nobody is told. */
const forkedLook = (task: Task.Task): Look | undefined =>
  Task.isTerminal(task)
    ? lookOf(task, { place: undefined, busy: false, expecting: false })
    : lineOf(task, elsewhere)

/** How a task looks of which nothing is known but what its card says. */
const lostLook = (part: unknown): Look | undefined => {
  const state = isFields(part) ? part["state"] : undefined
  if (!isFields(state) || !isFields(state["input"])) return undefined
  const { agent, description } = state["input"]
  const session = isFields(state["metadata"]) ? state["metadata"]["sessionId"] : undefined
  return typeof agent === "string" && typeof description === "string"
    ? {
      _tag: "Failed",
      agent,
      description,
      session: typeof session === "string" ? session : undefined,
      how: "lost",
      why: lost
    }
    : undefined
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return isFields(error) && error["code"] === "EPERM"
  }
}
