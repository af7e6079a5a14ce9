/**
 * How a notice gets to its parent. A delivery that fails is tried again, for as long as the parent exists; one whose end is
 * unclear is looked up in the parent's transcript first, so that nothing is told twice. A notice that would wake a task's
 * session waits until that task has its slots again.
 */
import { Clock, Deferred, Effect, MutableRef, Option, Schedule } from "effect"
import { AgentHost, type HostError, type SessionGone } from "./AgentHost.ts"
import { HostCalls } from "./HostCalls.ts"
import { Journal } from "./Journal.ts"
import { Limits } from "./Limits.ts"
import type { Notice } from "./Notice.ts"
import * as Settings from "./Settings.ts"
import type { SessionId } from "./Task.ts"

/** Half a second, doubling, at most half a minute: a host that restarts is back within a few tries. */
const firstDelay = "500 millis"
const backoff = Schedule.min([Schedule.exponential(firstDelay), Schedule.spaced("30 seconds")])

/** How far back a notice is looked for (messages): it was the last that its parent was told before the process ended. */
const recent = 20

/** How long a host may take to keep what it has taken, and to tell of it. OpenCode 1.18 takes 10 to 35 ms. */
const keptWithin = "1 second"

/** For how long it is remembered that a session was asked to wake up (ms): no host takes that long to begin. */
const lately = 60_000

/** Tries until the host has taken it. */
const untilTaken = (attempt: Effect.Effect<void, HostError | SessionGone>): Effect.Effect<void, SessionGone> =>
  attempt.pipe(
    Effect.retry({ schedule: backoff, while: (error) => error._tag === "HostError" }),
    // The back-off has no end.
    Effect.catchTag("HostError", Effect.die)
  )

export const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const { within } = yield* HostCalls
  const journal = yield* Journal
  const limits = yield* Limits
  const settings = yield* Settings.Current
  const clock = yield* Clock.Clock

  /** When each session was asked to take a notice that wakes it, the latest last. Changed only by `note`. */
  const waking = new Map<SessionId, number>()
  const note = (parent: SessionId, at: number): void => {
    waking.delete(parent)
    waking.set(parent, at)
    for (const [session, before] of waking) {
      if (at - before <= lately) return
      waking.delete(session)
    }
  }

  /**
   * A parent that is a task and lent its slots gets them back before it is woken. One that ends instead is not woken any more:
   * whoever ends it drops what it is owed.
   */
  const restored = Effect.fnUntraced(function*(parent: SessionId) {
    const task = journal.atHandUnsafe(parent)
    if (Option.isNone(task)) return
    if (!(yield* limits.restored(task.value.id))) return yield* Effect.never
  })

  /**
   * Whether a notice stands in its parent's transcript. Of a host that has none, that it may have arrived counts as that it
   * has.
   */
  const isThere = (parent: SessionId, notice: Notice) =>
    host.capabilities.transcript
      ? Effect.map(
        within("transcript", settings.callTimeoutMs, host.transcript(parent, { last: recent })),
        (messages) => messages.some(({ notices }) => notices.includes(notice.id))
      )
      : Effect.succeed(true)

  /** How one notice is delivered: the first attempt, each further one, and one that may have arrived in an earlier life. */
  const waysOf = (parent: SessionId, notice: Notice, askedAt: MutableRef.MutableRef<number>) => {
    const attempt = Effect.suspend(() => {
      const at = clock.currentTimeMillisUnsafe()
      MutableRef.set(askedAt, at)
      if (notice.wakes) note(parent, at)
      return within("notify", settings.callTimeoutMs, host.notify(parent, notice))
    })
    const unless = (arrived: Effect.Effect<boolean, HostError | SessionGone>) =>
      Effect.flatMap(arrived, (arrived) => arrived ? Effect.void : attempt)
    if (host.capabilities.receipts) {
      // The first goes straight; each further one asks first whether the one before arrived after all.
      const further = unless(within("received", settings.callTimeoutMs, host.received(parent, notice.id)))
      return { first: attempt, further, again: further }
    }
    // Nobody could say whether it has arrived: told once too seldom is better than twice.
    const first = Effect.catchTag(
      attempt,
      "HostError",
      (error) => error.kind === "unreachable" ? Effect.void : Effect.fail(error)
    )
    return { first, further: first, again: unless(isThere(parent, notice)) }
  }

  /** The notices that are on their way: done where it is told that one stands in its parent's session. */
  const onTheirWay = new Map<string, Deferred.Deferred<void>>()

  /**
   * A host that has taken a notice may keep it a moment later. When it dies in between, whoever goes on has to look for it,
   * so it counts as taken only then. One that never tells has kept it for all that is known.
   */
  const untilKept = (notice: Notice, taken: Effect.Effect<void, SessionGone>) => {
    const kept = Deferred.makeUnsafe<void>()
    return Effect.onExit(
      Effect.suspend(() => {
        onTheirWay.set(notice.id, kept)
        return Effect.andThen(taken, Effect.timeoutOption(Deferred.await(kept), keptWithin))
      }),
      () => {
        onTheirWay.delete(notice.id)
        return Effect.void
      }
    )
  }

  return {
    /**
     * `again`: it went out before, and nobody knows whether it has arrived. Gives when the host was asked to take it, for the
     * last time (epoch ms): what its parent did from then on it may have done because of it.
     */
    deliver: Effect.fnUntraced(function*(parent: SessionId, notice: Notice, again: boolean) {
      if (notice.wakes) yield* restored(parent)
      const askedAt = MutableRef.make(clock.currentTimeMillisUnsafe())
      const ways = waysOf(parent, notice, askedAt)
      const taken = again ? untilTaken(ways.again) : Effect.catchTag(
        ways.first,
        "HostError",
        () => Effect.delay(untilTaken(ways.further), firstDelay)
      )
      yield* host.capabilities.receipts ? untilKept(notice, taken) : taken
      return MutableRef.get(askedAt)
    }),
    wakingUnsafe: (session: SessionId) => Option.fromUndefinedOr(waking.get(session)),
    received: (notice: string): Effect.Effect<void> =>
      Effect.sync(() => {
        const kept = onTheirWay.get(notice)
        if (kept !== undefined) Deferred.doneUnsafe(kept, Effect.void)
      })
  }
})
