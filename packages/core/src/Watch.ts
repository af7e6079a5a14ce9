/**
 * Watches running sessions until each is settled.
 *
 * Three sources feed an `Observation`: the host's events, one poll for all sessions that were not heard of since the
 * last one or whose end is due, and looks at a transcript where the verdict needs it. After everything that may matter the session's bell
 * rings, and the session's own fiber asks `Settlement` for the verdict. Losing events costs at most a poll interval;
 * losing the poll costs nothing while events come.
 */
import { Clock, Context, Deferred, Effect, Latch, Layer, MutableRef, Option, PubSub, Schedule, Stream } from "effect"
import { AgentHost, type HostEvent } from "./AgentHost.ts"
import type { Door } from "./Doors.ts"
import { HostCalls } from "./HostCalls.ts"
import { Limits } from "./Limits.ts"
import * as Look from "./Look.ts"
import { Notices } from "./Notices.ts"
import * as Observation from "./Observation.ts"
import * as Settings from "./Settings.ts"
import * as Settlement from "./Settlement.ts"
import * as Sighting from "./Sighting.ts"
import * as Sleep from "./Sleep.ts"
import type { Outcome, Progress, SessionId, Task } from "./Task.ts"

/** A session under watch. */
export interface Watcher {
  /** Runs until the session is settled. */
  readonly settled: Effect.Effect<Outcome>
  /** How much of the time until now does not count (ms): a person was waited for, or the computer slept. */
  readonly uncountedUnsafe: () => number
  /** What has been seen of it so far. */
  readonly progressUnsafe: () => Progress
  /** Whether it was seen to do anything since then (epoch ms). */
  readonly hasBegunUnsafe: (since: number) => boolean
}

export class Watch extends Context.Service<Watch, {
  /** Watches the session of a run meanwhile. `after` is the last message of what was said before. */
  readonly during: (
    task: Pick<Task, "id" | "run">,
    session: SessionId,
    after: Option.Option<string>
  ) => <A, E, R>(use: (watcher: Watcher) => Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** What was seen of a session under watch. */
  readonly progress: (session: SessionId) => Effect.Effect<Option.Option<Progress>>
  /** Sessions that are deleted: the host says so, of whatever session, or knows one under watch no more. */
  readonly deletions: Stream.Stream<SessionId>
  /** What sessions under watch wait for, from now on. A listener that is 1,024 of them behind misses what comes then. */
  readonly sightings: Stream.Stream<Sighting.Sighting>
}>()("@errand/core/Watch") {
  static readonly layer: Layer.Layer<Watch, never, AgentHost | Limits | Notices> = Layer.effect(
    Watch,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(HostCalls.layer))
}

/** Every event of every session changes something here: plain references, as each change is one step anyway. */
interface Watched {
  readonly task: Pick<Task, "id" | "run">
  readonly session: SessionId
  readonly seen: MutableRef.MutableRef<Observation.Observation>
  /** Where its fiber waits until the verdict may have changed. */
  readonly door: MutableRef.MutableRef<Door>
  /** Whether the last ring was the poll's: a look then counts as one of the polls that must agree. */
  readonly polled: MutableRef.MutableRef<boolean>
}

/** How much of a transcript is looked at: its end, as a message may be long. */
const lastMessages = 2

/** How much later than the one before the next session is looked at that the poll has found (ms): about what a look takes. */
const between = 5

/** How often at most, at a poll: what was not heard of is late enough. */
const mostPauses = 100

/** Enough to hold the end of a turn with a summary before it, where the host has just written one. */
const withSummary = 8

const noTodos = { answer: Effect.succeed(0) }

const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const hostCalls = yield* HostCalls
  const limits = yield* Limits
  const notices = yield* Notices
  const settings = yield* Settings.Current
  const clock = yield* Clock.Clock
  /** Changed only by `during`. */
  const watched = new Map<SessionId, Watched>()
  const deleted = yield* Effect.acquireRelease(PubSub.unbounded<SessionId>(), PubSub.shutdown)
  const sightings = yield* Effect.acquireRelease(
    PubSub.dropping<Sighting.Sighting>({ capacity: 1024 }),
    PubSub.shutdown
  )
  const lastTick = MutableRef.make(0)
  /** When the clock was last looked at (epoch ms). */
  const lookedAt = MutableRef.make(0)
  /** What passes at most between two looks while a session is under watch: a poll, and the call before it. */
  const lookEvery = settings.pollIntervalMs + settings.callTimeoutMs

  /** The time (epoch ms). Where it shows that the computer slept, that counts for nobody. */
  const nowUnsafe = (): number => {
    const now = clock.currentTimeMillisUnsafe()
    const slept = Sleep.between(MutableRef.getAndSet(lookedAt, now), now, lookEvery)
    if (slept === 0) return now
    for (const { seen, task } of watched.values()) {
      // Who has lent its slots would not have run, and that is counted there.
      const ran = limits.heldUnsafe(task.id).length > 0
      MutableRef.update(seen, (seen) => Observation.slept(seen, slept, ran))
    }
    return now
  }

  /** Its fiber looks again, right here, until it waits for something. */
  const ring = ({ door }: Watched): void => void Deferred.doneUnsafe(MutableRef.get(door), Effect.void)
  /** Open while there is a session to poll for: with nothing out there is no timer either. */
  const work = yield* Latch.make(false)

  /** The observation changes, and what that tells of is told. */
  const observe = (
    { seen, task }: Watched,
    change: (before: Observation.Observation) => Observation.Observation,
    now: number
  ): void => {
    const before = MutableRef.get(seen)
    const after = change(before)
    MutableRef.set(seen, after)
    for (const sighting of Sighting.between(before, after, { id: task.id, run: task.run, at: now })) {
      PubSub.publishUnsafe(sightings, sighting)
    }
  }

  /** Everything that came at once: of a crowd that writes the host tells together. */
  const hear = Effect.fnUntraced(function*(events: ReadonlyArray<HostEvent>) {
    const now = nowUnsafe()
    const rung = new Set<Watched>()
    for (const event of events) {
      if (event._tag === "Deleted") yield* PubSub.publish(deleted, event.session)
      if (event._tag === "Busy") yield* notices.used(event.session)
      if (event._tag === "Received") yield* notices.received(event.notice)
      const watching = watched.get(event.session)
      if (watching === undefined) continue
      observe(watching, (seen) => Observation.hear(seen, event, now), now)
      const isDue = Observation.mayDecide(event) ||
        Option.isSome(Settlement.excess(MutableRef.get(watching.seen), settings))
      if (isDue) rung.add(watching)
    }
    // By then all of it is heard.
    for (const watching of rung) ring(watching)
  })

  // A feed that ends, fails or breaks is taken up again; what it lost meanwhile the poll finds.
  yield* Stream.runForEachArray(host.events, hear).pipe(
    Effect.ignore,
    Effect.catchDefect(() => Effect.void),
    Effect.repeat(Schedule.spaced(settings.pollIntervalMs)),
    Effect.forkScoped({ startImmediately: true })
  )

  const verdictOf = (
    { seen, session }: Watched,
    expecting: boolean = notices.expectingUnsafe(session)
  ): Settlement.Verdict =>
    Settlement.judge(MutableRef.get(seen), {
      settings,
      capabilities: host.capabilities,
      now: nowUnsafe(),
      expecting
    })

  /** One after the other: of whom the host tells just now does not wait behind a crowd of whom it never told. */
  const ringInTurn = Effect.fnUntraced(function*(due: ReadonlyArray<Watched>) {
    const atOnce = Math.ceil(due.length / mostPauses)
    for (const [nth, watching] of due.entries()) {
      if (nth > 0 && nth % atOnce === 0) yield* Effect.sleep(between)
      ring(watching)
    }
  })

  /** One call for all sessions that nothing was heard of since the last tick, or whose end should have been heard of. */
  const tick = Effect.gen(function*() {
    const now = nowUnsafe()
    const before = MutableRef.getAndSet(lastTick, now)
    const all = [...watched.values()]
    // What was heard of within this very moment cannot be told from what will be heard while the answer is on its way.
    const isOverdue = ({ endDue, heardAt }: Observation.Observation) =>
      host.capabilities.activity && endDue && heardAt < now
    const unclear = all.flatMap((watching) => {
      const seen = MutableRef.get(watching.seen)
      return seen.heardAt <= before || isOverdue(seen) ? [{ ...watching, heardAt: seen.heardAt }] : []
    })
    const answer = unclear.length === 0 || !host.capabilities.activity
      ? Option.none()
      : yield* Effect.option(
        hostCalls.within("activity", settings.callTimeoutMs, host.activity(unclear.map(({ session }) => session)))
      )
    const answered = nowUnsafe()
    // What was heard while the answer was on its way is newer than the answer.
    const unheard = unclear.filter(({ heardAt, seen }) => MutableRef.get(seen).heardAt === heardAt)
    for (const watching of unheard) {
      const { polled, session } = watching
      observe(watching, (seen) => {
        if (!host.capabilities.activity) return Observation.unasked(seen, answered)
        return Option.isNone(answer)
          ? Observation.unreachable(seen, answered)
          : Observation.polled(seen, answer.value.get(session) ?? "idle", answered)
      }, answered)
      MutableRef.set(polled, true)
    }
    // Time passes for the others too. Most of them only have to go on waiting: nobody is woken up for that.
    yield* Effect.forkChild(ringInTurn(all.filter((watching) => verdictOf(watching)._tag !== "Wait")))
    if (watched.size === 0) Latch.closeUnsafe(work)
  })

  yield* Latch.await(work).pipe(
    // Not at once: of a session that has just been prompted there is nothing to see yet.
    Effect.andThen(Effect.sleep(settings.pollIntervalMs)),
    Effect.andThen(tick),
    // Whatever broke this one: for all sessions the next one is due.
    Effect.catchDefect((defect) => Effect.logWarning("What sessions are doing could not be found out", defect)),
    Effect.forever,
    Effect.forkScoped
  )

  const look = Effect.fnUntraced(function*({ polled, seen, session }: Watched) {
    MutableRef.update(seen, Observation.looking)
    const byPoll = MutableRef.getAndSet(polled, false)
    // The host knows no such session: that it was deleted was not heard. What it is told quietly says nothing of how it stands.
    const quiet = () => notices.quietUnsafe(session)
    const last = (count: number) =>
      host.transcript(session, { last: count + quiet().size }).pipe(
        Effect.tapErrorTag("SessionGone", () => PubSub.publish(deleted, session)),
        Effect.map((messages) => Look.withoutQuiet(messages, quiet(), MutableRef.get(seen).after))
      )
    const transcript = Effect.flatMap(
      last(lastMessages),
      (messages) => messages.some(({ automatic }) => automatic) ? last(withSummary) : Effect.succeed(messages)
    )
    const { begin } = hostCalls
    const { callTimeoutMs } = settings
    const asked = yield* begin("transcript", callTimeoutMs, transcript)
    const todos = host.capabilities.todos ? yield* begin("todos", callTimeoutMs, host.todos(session)) : noTodos
    const messages = yield* Effect.option(asked.answer)
    const openTodos = yield* Effect.option(todos.answer)
    const now = nowUnsafe()
    if (Option.isNone(messages) || Option.isNone(openTodos)) {
      MutableRef.update(seen, (seen) => Observation.unseen(seen, now))
      return false
    }
    MutableRef.update(
      seen,
      (seen) => Observation.looked(seen, { messages: messages.value, openTodos: openTodos.value, at: now }, byPoll)
    )
    return true
  })

  const awaitChildren = Effect.fnUntraced(function*({ seen, session, task }: Watched) {
    // The slots are back before the news is: a session that is woken works.
    const woke = yield* notices.told(session, limits.lend(task.id))
    const now = nowUnsafe()
    if (Option.isSome(woke)) {
      MutableRef.update(seen, (seen) => Observation.woken(seen, woke.value.notice, woke.value.at, now))
    }
  })

  /** Waits until the verdict may have changed. */
  const rung = ({ door }: Watched) =>
    Effect.andThen(
      Effect.suspend(() => Deferred.await(MutableRef.get(door))),
      Effect.sync(() => MutableRef.set(door, Deferred.makeUnsafe()))
    )

  /**
   * Until it is over though it waits for its own: a host that is gone for good brings no news of them. That they are out is
   * taken for granted: in the moment in which they are not, what it said before is no answer to what it is about to be told.
   */
  const untilGivenUp = Effect.fnUntraced(function*(watching: Watched): Effect.fn.Return<Outcome> {
    for (;;) {
      yield* rung(watching)
      const verdict = verdictOf(watching, true)
      if (verdict._tag === "Settled") return verdict.outcome
    }
  })

  /** Judges whenever its door is opened, for as long as there is something to do about it. */
  const untilSettled = Effect.fnUntraced(function*(watching: Watched): Effect.fn.Return<Outcome> {
    for (let waits = true;;) {
      if (waits) yield* rung(watching)
      const verdict = verdictOf(watching)
      switch (verdict._tag) {
        case "Settled":
          return verdict.outcome
        case "Wait":
          waits = true
          break
        case "Look":
          waits = !(yield* look(watching))
          break
        case "AwaitChildren": {
          MutableRef.update(watching.seen, Observation.resting)
          const givenUp = yield* Effect.raceFirst(
            Effect.as(awaitChildren(watching), Option.none<Outcome>()),
            Effect.asSome(untilGivenUp(watching))
          )
          if (Option.isSome(givenUp)) return givenUp.value
          waits = false
        }
      }
    }
  })

  const watchedOf = (
    task: Pick<Task, "id" | "run">,
    session: SessionId,
    after: Option.Option<string>
  ): Watched => ({
    task,
    session,
    seen: MutableRef.make(Observation.make(nowUnsafe(), after)),
    door: MutableRef.make<Door>(Deferred.makeUnsafe()),
    polled: MutableRef.make(false)
  })

  const watcherOf = (watching: Watched): Watcher => ({
    settled: untilSettled(watching),
    uncountedUnsafe: () => {
      const now = nowUnsafe()
      return Observation.uncounted(MutableRef.get(watching.seen), now)
    },
    progressUnsafe: () => Observation.progress(MutableRef.get(watching.seen)),
    hasBegunUnsafe: (since) => Observation.hasBegun(MutableRef.get(watching.seen), since)
  })

  return Watch.of({
    during: (task, session, after) => (use) =>
      Effect.onExit(
        Effect.suspend(() => {
          const watching = watchedOf(task, session, after)
          watched.set(session, watching)
          Latch.openUnsafe(work)
          return use(watcherOf(watching))
        }),
        () => {
          watched.delete(session)
          return Effect.void
        }
      ),
    progress: (session) =>
      Effect.sync(() =>
        Option.map(
          Option.fromUndefinedOr(watched.get(session)),
          ({ seen }) => Observation.progress(MutableRef.get(seen))
        )
      ),
    deletions: Stream.fromPubSub(deleted),
    sightings: Stream.fromPubSub(sightings)
  })
})
