/**
 * Keeps a board of every family that has tasks, in the metadata of its root session, where every screen of that session
 * can see it, near or far.
 *
 * Nothing is written before somebody has said that they look, nor while nothing changes; and what changes is written a
 * moment later, together with what changed besides. The place of one in line changes when others come and go, so their
 * boards are made again then, and written where they are not the same.
 */
import { Journal, Limits, Pools, Settings, Task, Tasks } from "@errand/core"
import { BoardOf, CallText, Rows } from "@errand/view"
import { Clock, Effect, HashMap, Latch, Layer, Option, Random, Ref, Schedule, Stream } from "effect"
import { Client, Host } from "../host/Client.ts"
import * as Events from "../host/events.ts"
import { Feed } from "../host/Feed.ts"
import type { Event } from "../host/wire.ts"
import type { PluginSettings } from "../PluginSettings.ts"
import { reason } from "../text/ending.ts"
import { Audience } from "./Audience.ts"
import type * as Command from "./Command.ts"
import * as Doings from "./Doings.ts"
import * as Families from "./Families.ts"
import { boardIn, withBoard } from "./metadata.ts"
import type * as Pace from "./pace.ts"

/** What is shown where the configuration has problems. */
export const invalidConfig = "config invalid · opencode-errand doctor"

/** How many families that have nothing out are looked at, the latest first, for what an earlier process left on them. */
const maxLeftBehind = 50

/** Of so many sessions it is known what they do. When that is full it begins anew. */
const remembered = 1_024

/** How long a call for a board may take. */
const patience = "2 seconds"

const rootOf = ({ request }: Task.Task): Task.SessionId | undefined => request.ancestors.at(-1)

export const layer = (
  settings: Pick<PluginSettings, "board" | "permissions">,
  problems: ReadonlyArray<unknown>
): Layer.Layer<never, never, Audience | Client | Feed | Host | Journal.Journal | Limits.Limits | Tasks.Tasks> =>
  settings.board ? Layer.effectDiscard(keep(settings, problems.length === 0 ? undefined : invalidConfig)) : Layer.empty

const keep = Effect.fnUntraced(function*(
  { permissions }: Pick<PluginSettings, "permissions">,
  problem: string | undefined
) {
  const audience = yield* Audience
  const client = yield* Client
  const feed = yield* Feed
  const journal = yield* Journal.Journal
  const limits = yield* Limits.Limits
  const tasks = yield* Tasks.Tasks
  const core = yield* Settings.Current
  const { directory } = yield* Host
  const owner = (yield* Random.nextIntBetween(0, 0xffff_ffff)).toString(16).padStart(8, "0")
  const families = yield* Ref.make(Families.empty)
  const doings = yield* Ref.make(HashMap.empty<string, Doings.Doing>())
  /** Those that ended in earlier processes: they change no more. */
  const older = yield* Ref.make<ReadonlyArray<Task.Task>>([])
  /** Open when there may be something to write. */
  const bell = yield* Latch.make(false)
  const short = CallText.below(directory)
  const callText = (tool: string, input: unknown) => CallText.callText(tool, input, short)
  const poolsOf = ({ request: { agent, model } }: Task.Task) =>
    Pools.poolsOf(core, { agent, model }).map(({ name }) => name)

  const mark = Effect.fnUntraced(function*(root: Task.SessionId | undefined, weight: Pace.Weight, anew = false) {
    if (root === undefined) return
    const since = yield* Clock.currentTimeMillis
    yield* Ref.update(families, (all) => Families.mark(all, root, { weight, since, anew }))
    yield* Latch.open(bell)
  })

  // --- making

  const make = Effect.fnUntraced(function*(root: Task.SessionId) {
    const kept = new Map((yield* Ref.get(older)).map((task) => [task.id, task]))
    for (const task of yield* journal.tasks) kept.set(task.id, task)
    const own = [...kept.values()].filter(BoardOf.isOf(root))
    const shown = BoardOf.chosen(own)
    // Only what is seen of them is newer than what the journal has.
    const seen = yield* Effect.forEach(
      own,
      (task) => task.status === "running" ? Effect.orElseSucceed(tasks.get(task.id), () => task) : Effect.succeed(task)
    )
    const places = new Map<string, Limits.Place>()
    for (const { id, status } of shown) {
      const place = status === "pending" ? yield* limits.place(id) : Option.none()
      if (Option.isSome(place)) places.set(id, place.value)
    }
    return BoardOf.boardOf({
      session: root,
      owner,
      at: yield* Clock.currentTimeMillis,
      tasks: seen,
      pools: yield* limits.pools,
      poolsOf,
      places,
      lent: yield* limits.lent,
      doing: new Map(yield* Ref.get(doings)),
      why: ({ outcome }) => outcome === undefined ? "" : reason(outcome),
      problem
    })
  })

  const metadataOf = Effect.fnUntraced(function*(root: Task.SessionId) {
    const { metadata } = Families.get(yield* Ref.get(families), root)
    return Option.isSome(metadata) ? metadata.value : (yield* client.session(root)).metadata
  })

  const write = Effect.fnUntraced(function*({ anew, root }: Families.Due) {
    const board = yield* make(root)
    const written = JSON.stringify({ ...board, at: 0 })
    if (!anew && Families.get(yield* Ref.get(families), root).written === written) return
    const metadata = withBoard(yield* metadataOf(root), board)
    yield* client.setMetadata(root, metadata)
    yield* Ref.update(families, (all) =>
      Families.change(all, root, (family) => ({
        ...family,
        written,
        writtenAt: board.at,
        metadata: Option.some(metadata)
      })))
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
      Effect.catchTag("SessionGone", () => forget(due.root)),
      Effect.ignoreCause
    )

  const writeDue = Effect.gen(function*() {
    yield* Latch.close(bell)
    const now = yield* Clock.currentTimeMillis
    const due = yield* Ref.modify(families, (all) => Families.take(all, now))
    yield* Effect.forEach(due, tryToWrite, { concurrency: 8, discard: true })
    const next = Families.nextDue(yield* Ref.get(families))
    // With nothing to write there is no timer either.
    yield* next === Number.POSITIVE_INFINITY
      ? Latch.await(bell)
      : Effect.timeoutOption(Latch.await(bell), Math.max(0, next - (yield* Clock.currentTimeMillis)))
  })

  // --- hearing

  /** All that have somebody in line: their places may have changed. */
  const markWaiting = Effect.gen(function*() {
    const waiting = (yield* journal.tasks).filter(({ status }) => status === "pending")
    yield* Effect.forEach(new Set(waiting.map(rootOf)), (root) => mark(root, "change"), { discard: true })
  })

  const hearEntry = Effect.fnUntraced(function*({ event, task }: Journal.Entry) {
    if (event._tag === "Ended" && task.session !== undefined) {
      yield* Ref.update(
        doings,
        HashMap.modify<string, Doings.Doing>(task.session, (doing) => Doings.over(doing, event.at))
      )
    }
    yield* mark(rootOf(task), "change")
    if (event._tag !== "Opened") yield* markWaiting
  })

  /** How soon what an event tells of a session has to be seen. */
  const weightOf = ({ type }: Event): Pace.Weight =>
    type === "permission.asked" || type === "permission.replied"
      ? "now"
      : type === "message.part.updated"
      ? "progress"
      : "change"

  const hearEvent = Effect.fnUntraced(function*(event: Event) {
    const { properties, type } = event
    if (type === "session.updated") {
      // Only of families that have a board: sessions come and go.
      const root = Task.SessionId.make(properties.info.id)
      return yield* Ref.update(families, (all) =>
        HashMap.has(all, root)
          ? Families.change(all, root, (family) => ({
            ...family,
            metadata: Option.fromNullishOr(properties.info.metadata)
          }))
          : all)
    }
    if (type === "session.deleted") return yield* forget(Task.SessionId.make(properties.info.id))
    // Where nobody is asked there is nothing to show.
    if (type === "permission.asked" && permissions === "reject") return
    const session = Events.sessionOf(event)
    const task = session === undefined ? Option.none() : yield* journal.bySession(Task.SessionId.make(session))
    if (session === undefined || Option.isNone(task) || Task.isTerminal(task.value)) return
    const now = yield* Clock.currentTimeMillis
    const changed = yield* Ref.modify(doings, (all) => {
      const before = Option.getOrElse(HashMap.get(all, session), () => Doings.nothing)
      const after = Doings.hear(before, event, now, callText)
      if (after === before) return [false, all]
      return [true, HashMap.set(HashMap.size(all) < remembered ? all : HashMap.empty(), session, after)]
    })
    // One whose turn is over may wait for tasks of its own.
    const rests = type === "session.idle"
    if (!changed && !rests) return
    yield* mark(rootOf(task.value), rests ? "change" : weightOf(event))
  })

  /** Whoever has something out; all of them are written anew, so that who looks knows that somebody is there. */
  const markOut = Effect.gen(function*() {
    const out = (yield* journal.tasks).filter((task) => !Task.isTerminal(task))
    yield* Effect.forEach(new Set(out.map(rootOf)), (root) => mark(root, "now", true), { discard: true })
  })

  const hearCommand = Effect.fnUntraced(function*(command: Command.Command) {
    if (command._tag !== "Hello") return
    yield* markOut
    if (command.session === undefined) return
    const root = Task.SessionId.make(command.session)
    const known = [...yield* Ref.get(older), ...yield* journal.tasks]
    if (known.some(BoardOf.isOf(root))) yield* mark(root, "now")
  })

  /** What an earlier process left on the session of a family that has nothing out any more: there it seems to be out. */
  const replaceLeftBehind = Effect.fnUntraced(function*(root: Task.SessionId) {
    const { metadata } = yield* client.session(root)
    const board = boardIn(metadata)
    if (Option.exists(board, (board) => board.owner !== owner && Rows.isLive(board))) yield* mark(root, "now", true)
  })

  // Who asks is asked at once, whether somebody looks by then or only later.
  yield* Stream.runForEach(feed.events, hearEvent).pipe(Effect.forkScoped({ startImmediately: true }))

  const serve = Effect.gen(function*() {
    yield* audience.present
    yield* Stream.runForEach(tasks.changes, hearEntry).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* Stream.runForEach(audience.commands, hearCommand).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* markOut
    yield* Effect.forkScoped(Effect.forever(writeDue))
    const all = yield* tasks.list
    yield* Ref.set(older, all.filter(Task.isTerminal))
    const roots = new Set(all.toReversed().flatMap((task) => rootOf(task) ?? []))
    yield* Effect.forEach(
      [...roots].slice(0, maxLeftBehind),
      (root) => Effect.ignoreCause(Effect.timeout(replaceLeftBehind(root), patience)),
      { discard: true }
    )
  })
  yield* Effect.forkScoped(serve, { startImmediately: true })
})
