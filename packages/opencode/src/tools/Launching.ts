/**
 * Launches that were asked for, and of which there is no task yet: what they need is still asked of OpenCode, which takes a
 * few round trips. Whoever calls off everything means these, too.
 */
import { Journal, Task } from "@errand/core"
import { Context, Deferred, Effect, Fiber, Layer, Option, Schema } from "effect"

/** The launch was called off before there was a task. */
export class CalledOff extends Schema.TaggedError<CalledOff>()("CalledOff", {}) {}

type Fate = "made" | "called off"

/** A launch that is under way. */
interface Launch {
  /** The session whose agent asks for it. */
  readonly session: Task.SessionId
  readonly description: string
  /** Finds out what is needed. */
  readonly preparing: Fiber.Fiber<unknown, unknown>
  /** What becomes of it, once and for all. */
  readonly fate: Deferred.Deferred<Fate>
  /** Done when it is over: if it was made, its task is there. */
  readonly over: Deferred.Deferred<void>
}

export class Launching extends Context.Service<Launching, {
  /** Around what finds out what a task needs, and gives what makes it: until then it can be called off. */
  readonly around: (
    session: Task.SessionId,
    description: string
  ) => <A, E, R, E2, R2>(
    prepare: Effect.Effect<Effect.Effect<A, E, R>, E2, R2>
  ) => Effect.Effect<A, E | E2 | CalledOff, R | R2>
  /**
   * Calls off what this session, or one below it, is launching; gives the descriptions. No task comes of these any more,
   * and of the others there are tasks when this returns.
   */
  readonly callOff: (session: Task.SessionId) => Effect.Effect<ReadonlyArray<string>>
}>()("opencode-errand/tools/Launching") {
  static readonly layer: Layer.Layer<Launching, never, Journal.Journal> = Layer.effect(
    Launching,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function*() {
  const journal = yield* Journal.Journal
  /** In the order in which they were asked for. Changed only by `around`. */
  const launches = new Set<Launch>()

  const isWithin = (session: Task.SessionId) => (launch: Launch) =>
    launch.session === session ? Effect.succeed(true) : Effect.map(
      journal.bySession(launch.session),
      Option.exists((task) => Task.isBelow(task, session))
    )

  return Launching.of({
    around: (session, description) => <A, E, R, E2, R2>(prepare: Effect.Effect<Effect.Effect<A, E, R>, E2, R2>) =>
      Effect.acquireUseRelease(
        Effect.map(Effect.forkChild(prepare, { startImmediately: true }), (preparing) => {
          const fate = Deferred.makeUnsafe<Fate>()
          const launch = { session, description, preparing, fate, over: Deferred.makeUnsafe<void>() }
          launches.add(launch)
          return launch
        }),
        // It takes a moment to make a task: it was called off before that, or it is found after it.
        ({ fate, preparing }) =>
          Effect.flatMap(
            Fiber.await(preparing),
            (prepared) =>
              Effect.flatMap(Deferred.succeed(fate, "made"), (mine): Effect.Effect<A, E | E2 | CalledOff, R> =>
                mine ? Effect.flatten(prepared) : Effect.fail(new CalledOff()))
          ),
        (launch) => {
          launches.delete(launch)
          return Deferred.succeed(launch.over, undefined)
        }
      ),
    callOff: Effect.fnUntraced(function*(session) {
      const meant = yield* Effect.filter(launches, isWithin(session))
      const off = yield* Effect.filter(meant, ({ fate }) => Deferred.succeed(fate, "called off"))
      // Not waited for: what asks OpenCode may have others who want to know, and then goes on.
      for (const { preparing } of off) preparing.interruptUnsafe()
      for (const { over } of meant.filter((launch) => !off.includes(launch))) yield* Deferred.await(over)
      return off.map(({ description }) => description)
    })
  })
})
