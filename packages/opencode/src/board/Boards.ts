/**
 * Keeps a board of every family that has tasks, in the metadata of its root session, where every screen of that session
 * can see it, near or far.
 *
 * Nothing is written before somebody has said that they look, nor while nothing changes; and what changes is written a
 * moment later, together with what changed besides. The place of one in line changes when others come and go, so their
 * boards are made again then, and written where they are not the same.
 */
import { Journal, Limits, Task, Tasks } from "@errand/core"
import { Rows } from "@errand/view"
import { Clock, Effect, FiberSet, HashMap, Latch, Layer, Option, Ref, Schedule, Stream } from "effect"
import type { PluginSettings } from "../config/PluginSettings.ts"
import { Client } from "../host/Client.ts"
import { Feed } from "../host/Feed.ts"
import type { Event } from "../host/wire.ts"
import { Audience } from "./Audience.ts"
import type * as Command from "./Command.ts"
import * as Families from "./Families.ts"
import { boardIn, withBoard } from "./metadata.ts"
import type * as Pace from "./pace.ts"
import * as Sight from "./Sight.ts"

/** What is shown where the configuration has problems. */
export const invalidConfig = "config invalid · run Errand's doctor"

/** How many families that have nothing out are looked at, the latest first, for what an earlier process left on them. */
const maxLeftBehind = 50

/** A board that was written so lately (ms) says by itself that somebody keeps it. Less than that which is doubted. */
const freshMs = Rows.silenceMs / 2

/** How long a call for a board may take. */
const patience = "2 seconds"

type Switches = Pick<PluginSettings, "board" | "permissions">

export const layer = (
  settings: Switches,
  surroundings: Sight.Surroundings
): Layer.Layer<never, never, Audience | Client | Feed | Journal.Journal | Limits.Limits | Tasks.Tasks> =>
  settings.board ? Layer.effectDiscard(keep(settings, surroundings)) : Layer.empty

const rootOf = ({ request }: Task.Task): Task.SessionId | undefined => request.ancestors.at(-1)

/** How soon what an event tells of a session has to be seen. */
const weightOf = ({ type }: Event): Pace.Weight =>
  type === "permission.asked" || type === "permission.replied"
    ? "now"
    : type === "message.part.updated"
    ? "progress"
    : "change"

const keep = Effect.fnUntraced(function*({ permissions }: Switches, surroundings: Sight.Surroundings) {
  const audience = yield* Audience
  const client = yield* Client
  const feed = yield* Feed
  const journal = yield* Journal.Journal
  const limits = yield* Limits.Limits
  const tasks = yield* Tasks.Tasks
  const sight = yield* Sight.make(surroundings)
  const families = yield* Ref.make(Families.empty)
  const writing = yield* FiberSet.make()
  /** Whether somebody looks. What is heard before is kept by `sight` and not by `families`. */
  const isWatched = yield* Ref.make(false)
  /** Open once it is known what there was before. */
  const isReady = yield* Latch.make(false)
  /** Open when there may be something to write. */
  const bell = yield* Latch.make(false)

  const mark = Effect.fnUntraced(function*(root: Task.SessionId | undefined, weight: Pace.Weight, anew = false) {
    if (root === undefined || !(yield* Ref.get(isWatched))) return
    const since = yield* Clock.currentTimeMillis
    yield* Ref.update(families, (all) => Families.mark(all, root, { weight, since, anew }))
    yield* Latch.open(bell)
  })

  const markAll = (of: ReadonlyArray<Task.Task>, weight: Pace.Weight, anew = false) =>
    Effect.forEach(new Set(of.map(rootOf)), (root) => mark(root, weight, anew), { discard: true })

  const metadataOf = Effect.fnUntraced(function*(root: Task.SessionId) {
    const { metadata } = Families.get(yield* Ref.get(families), root)
    return Option.isSome(metadata) ? metadata.value : (yield* client.session(root)).metadata
  })

  /** Gives what was written; nothing where nothing has changed. */
  const write = Effect.fnUntraced(function*({ anew, root }: Families.Due) {
    const board = yield* sight.boardOf(root)
    const written = JSON.stringify({ ...board, at: 0 })
    if (!anew && Families.get(yield* Ref.get(families), root).written === written) return undefined
    const metadata = withBoard(yield* metadataOf(root), board)
    yield* client.setMetadata(root, metadata)
    return { written, writtenAt: board.at, metadata: Option.some(metadata), isLive: Rows.isLive(board) }
  })

  const forget = (root: Task.SessionId) => Ref.update(families, HashMap.remove(root))

  /** Whatever goes wrong with a board is its own business: it is old until the next change. */
  const tryToWrite = (due: Families.Due) =>
    write(due).pipe(
      Effect.timeout(patience),
      Effect.retry({
        schedule: Schedule.spaced("1 second"),
        times: 2,
        while: (error) => error._tag !== "SessionGone"
      }),
      Effect.catchTag("SessionGone", () => Effect.as(forget(due.root), undefined)),
      Effect.catchCause(() => Effect.succeed(undefined)),
      Effect.flatMap((written) => Ref.update(families, (all) => Families.over(all, due.root, written))),
      // What came meanwhile.
      Effect.andThen(Latch.open(bell))
    )

  const writeDue = Effect.gen(function*() {
    yield* Latch.close(bell)
    const now = yield* Clock.currentTimeMillis
    const due = yield* Ref.modify(families, (all) => Families.take(all, now))
    // Each by itself: one that hangs keeps no question of another family from the screen.
    for (const each of due) yield* FiberSet.run(writing, tryToWrite(each))
    const next = Families.nextDue(yield* Ref.get(families))
    // With nothing to write there is no timer either.
    yield* next === Number.POSITIVE_INFINITY
      ? Latch.await(bell)
      : Effect.timeoutOption(Latch.await(bell), Math.max(0, next - (yield* Clock.currentTimeMillis)))
  })

  /** All who have somebody in line: their places may have changed. */
  const markWaiting = Effect.flatMap(
    journal.tasks,
    (all) => markAll(all.filter(({ status }) => status === "pending"), "change")
  )

  /** What came at once: to look for those in line takes as long as there are tasks. */
  const hearEntries = Effect.fnUntraced(function*(entries: ReadonlyArray<Journal.Entry>) {
    for (const { event, task } of entries) {
      if (event._tag === "Ended") yield* sight.over(task, event.at)
      if (event._tag === "Lent" || event._tag === "Restored") yield* sight.lends(task, event._tag === "Lent", event.at)
    }
    yield* markAll(entries.map(({ task }) => task), "change")
    if (entries.some(({ event }) => event._tag !== "Opened")) yield* markWaiting
  })

  const hearEvent = (event: Event): Effect.Effect<unknown> | undefined => {
    const { properties, type } = event
    if (type === "session.updated") {
      // Only of families that have a board: sessions come and go.
      const root = Task.SessionId.make(properties.info.id)
      const metadata = Option.fromNullishOr(properties.info.metadata)
      return HashMap.has(Ref.getUnsafe(families), root)
        ? Ref.update(families, HashMap.modify(root, (family) => ({ ...family, metadata })))
        : undefined
    }
    if (type === "session.deleted") return forget(Task.SessionId.make(properties.info.id))
    // Where nobody is asked there is nothing to show.
    if (type === "permission.asked" && permissions === "reject") return undefined
    const task = Option.getOrUndefined(sight.concerns(event))
    if (task === undefined) return undefined
    const heard = sight.hear(event, task)
    return heard === undefined ? undefined : Effect.andThen(heard, mark(rootOf(task), weightOf(event)))
  }

  /**
   * Of all who have something out the board is written anew, so that who looks knows that somebody is there; unless that
   * was just written, as terminals say hello often.
   */
  const show = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const all = yield* Ref.get(families)
    const out = (yield* journal.tasks).filter((task) => !Task.isTerminal(task))
    const isFresh = (root: Task.SessionId | undefined) =>
      root !== undefined && now - Families.get(all, root).writtenAt < freshMs
    yield* markAll(out.filter((task) => !isFresh(rootOf(task))), "now", true)
  })

  const hearCommand = Effect.fnUntraced(function*(command: Command.Command) {
    if (command._tag !== "Hello") return
    yield* Latch.await(isReady)
    yield* show
    const root = command.session === undefined ? undefined : Task.SessionId.make(command.session)
    if (root !== undefined && (yield* sight.has(root))) yield* mark(root, "now")
  })

  /** What an earlier process left on the session of a family that has nothing out any more: there it seems to be out. */
  const replaceLeftBehind = Effect.fnUntraced(function*(root: Task.SessionId) {
    const { metadata } = yield* client.session(root)
    const isLeft = Option.exists(boardIn(metadata), (board) => board.owner !== sight.owner && Rows.isLive(board))
    if (isLeft) yield* mark(root, "now", true)
  })

  const serve = Effect.gen(function*() {
    yield* audience.present
    yield* Ref.set(isWatched, true)
    yield* Stream.runForEachArray(tasks.changes, hearEntries).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* Stream.runForEach(audience.commands, hearCommand).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* Stream.runForEach(limits.moves, () => markWaiting).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* show
    yield* Effect.forkScoped(Effect.forever(writeDue))
    const all = yield* tasks.list
    yield* sight.remember(all.filter(Task.isTerminal))
    yield* Latch.open(isReady)
    const roots = new Set(all.toReversed().flatMap((task) => rootOf(task) ?? []))
    yield* Effect.forEach(
      [...roots].slice(0, maxLeftBehind),
      (root) => Effect.ignoreCause(Effect.timeout(replaceLeftBehind(root), patience)),
      { discard: true }
    )
  })

  // What is asked is heard at once, whether somebody looks by then or only later.
  yield* feed.listen(hearEvent)
  yield* Effect.forkScoped(serve, { startImmediately: true })
})
