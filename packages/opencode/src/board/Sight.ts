/**
 * What is known of the tasks of a family at the moment, as their board: from the journal, from the limits, and from what
 * their sessions were heard to do.
 */
import { Journal, Limits, Pools, Settings, Task, Tasks } from "@errand/core"
import { type Board, BoardOf, CallText } from "@errand/view"
import { Clock, Effect, HashMap, Option, Random, Ref } from "effect"
import * as Events from "../host/events.ts"
import type { Event } from "../host/wire.ts"
import { briefly } from "../text/ending.ts"
import * as Doings from "./Doings.ts"

export interface Surroundings {
  /** The project's, which says nothing in the path of a file. */
  readonly directory: string
  /** What is wrong with the configuration, in one line; absent where nothing is. */
  readonly problem: string | undefined
}

export interface Sight {
  /** The process that keeps these boards. */
  readonly owner: string
  /** The task, not over, of whose session an event tells. */
  readonly concerns: (event: Event) => Option.Option<Task.Task>
  /** Takes what an event tells of the session of a task; undefined where that is nothing new. */
  readonly hear: (event: Event, task: Task.Task) => Effect.Effect<void> | undefined
  /** A task has ended: nothing more will be heard of it. */
  readonly over: (task: Task.Task, at: number) => Effect.Effect<void>
  /** A task has lent its slots, or has them back: since that moment, or those they were lent to would seem to be too many. */
  readonly lends: (task: Task.Task, isLent: boolean, at: number) => Effect.Effect<void>
  /** Tasks of earlier processes, which change no more. */
  readonly remember: (older: ReadonlyArray<Task.Task>) => Effect.Effect<void>
  readonly has: (root: Task.SessionId) => Effect.Effect<boolean>
  readonly boardOf: (root: Task.SessionId) => Effect.Effect<Board.Board>
}

type HashDoings = HashMap.HashMap<string, Doings.Doing>

/** Of so many sessions it is known what they do. When that is full it begins anew. */
const remembered = 1_024

const doingIn = (all: HashDoings, session: string): Doings.Doing =>
  Option.getOrElse(HashMap.get(all, session), () => Doings.nothing)

const put = (all: HashDoings, session: string, doing: Doings.Doing): HashDoings =>
  HashMap.set(HashMap.size(all) < remembered ? all : HashMap.empty(), session, doing)

export const make = Effect.fnUntraced(function*({ directory, problem }: Surroundings) {
  const clock = yield* Clock.Clock
  const journal = yield* Journal.Journal
  const limits = yield* Limits.Limits
  const settings = yield* Settings.Current
  const tasks = yield* Tasks.Tasks
  const owner = (yield* Random.nextIntBetween(0, 0xffff_ffff)).toString(16).padStart(8, "0")
  const doings = yield* Ref.make<HashDoings>(HashMap.empty())
  const older = yield* Ref.make<ReadonlyArray<Task.Task>>([])
  const short = CallText.below(directory)
  const callText = (tool: string, input: unknown) => CallText.callText(tool, input, short)

  const poolsOf = ({ request: { agent, model } }: Task.Task) =>
    Pools.poolsOf(settings, { agent, model }).map(({ name }) => name)

  const familyOf = Effect.fnUntraced(function*(root: Task.SessionId) {
    const isOwn = BoardOf.isOf(root)
    const known = new Map<Task.TaskId, Task.Task>()
    for (const task of yield* Ref.get(older)) if (isOwn(task)) known.set(task.id, task)
    for (const task of yield* journal.tasks) if (isOwn(task)) known.set(task.id, task)
    return [...known.values()]
  })

  /** What is seen of their sessions is newer than what the journal has. */
  const withProgress = Effect.fnUntraced(function*(shown: ReadonlyArray<Task.Task>) {
    const running = shown.filter(({ status }) => status === "running")
    const seen = yield* Effect.forEach(running, ({ id }) => Effect.option(tasks.get(id)))
    return new Map(seen.flatMap(Option.toArray).map((task) => [task.id, task]))
  })

  const placesOf = Effect.fnUntraced(function*(shown: ReadonlyArray<Task.Task>) {
    const waiting = shown.filter(({ status }) => status === "pending")
    const places = yield* Effect.forEach(
      waiting,
      ({ id }) => Effect.map(limits.place(id), Option.map((place) => [id, place] as const))
    )
    return new Map<string, Limits.Place>(places.flatMap(Option.toArray))
  })

  const sight: Sight = {
    owner,
    concerns: (event) => {
      const session = Events.sessionOf(event)
      return session === undefined
        ? Option.none()
        : Option.filter(journal.atHandUnsafe(Task.SessionId.make(session)), (task) => !Task.isTerminal(task))
    },
    hear: (event, { session }) => {
      if (session === undefined) return undefined
      const now = clock.currentTimeMillisUnsafe()
      const after = (before: Doings.Doing) => Doings.hear(before, event, now, callText)
      const known = doingIn(Ref.getUnsafe(doings), session)
      if (after(known) !== known) return Ref.update(doings, (all) => put(all, session, after(doingIn(all, session))))
      // One whose turn is over may wait for tasks of its own.
      return event.type === "session.status" && event.properties.status.type === "idle" ? Effect.void : undefined
    },
    over: ({ session }, at) =>
      session === undefined
        ? Effect.void
        : Ref.update(doings, HashMap.modify<string, Doings.Doing>(session, (doing) => Doings.over(doing, at))),
    lends: ({ session }, isLent, at) =>
      session === undefined
        ? Effect.void
        : Ref.update(doings, (all) => put(all, session, Doings.lent(doingIn(all, session), isLent, at))),
    remember: (tasks) => Ref.set(older, tasks),
    has: (root) => Effect.map(familyOf(root), (own) => own.length > 0),
    boardOf: Effect.fnUntraced(function*(root) {
      const own = yield* familyOf(root)
      const shown = BoardOf.chosen(own, BoardOf.asksIn(new Map(yield* Ref.get(doings))))
      const seen = yield* withProgress(shown)
      const places = yield* placesOf(shown)
      const lent = yield* limits.lent
      const at = yield* Clock.currentTimeMillis
      return BoardOf.boardOf({
        session: root,
        owner,
        at,
        tasks: own.map((task) => seen.get(task.id) ?? task),
        pools: yield* limits.pools,
        poolsOf,
        places,
        lent,
        doing: new Map(yield* Ref.get(doings)),
        why: ({ outcome }) => outcome === undefined ? "" : briefly(outcome),
        problem
      })
    })
  }
  return sight
})
