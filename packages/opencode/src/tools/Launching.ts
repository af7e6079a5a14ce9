/**
 * Launches that were asked for, and of which there is no task yet: what they need is still asked of OpenCode, which takes a
 * few round trips. Whoever calls off everything means these, too.
 */
import { Journal, Task } from "@errand/core"
import { Context, Deferred, Effect, HashMap, Layer, Option, Ref, Schema } from "effect"

/** The launch was called off before there was a task. */
export class CalledOff extends Schema.TaggedError<CalledOff>()("CalledOff", {}) {}

/** A launch that is under way. */
interface Launch {
  /** The session whose agent asks for it. */
  readonly session: Task.SessionId
  readonly description: string
  readonly off: Deferred.Deferred<never, CalledOff>
}

export class Launching extends Context.Service<Launching, {
  /** Around what makes a task: it can be called off until the task is there. */
  readonly around: (
    session: Task.SessionId,
    description: string
  ) => <A, E, R>(launch: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CalledOff, R>
  /** Calls off what this session, or one below it, is launching; gives the descriptions. No task comes of these any more. */
  readonly callOff: (session: Task.SessionId) => Effect.Effect<ReadonlyArray<string>>
}>()("opencode-errand/tools/Launching") {
  static readonly layer: Layer.Layer<Launching, never, Journal.Journal> = Layer.effect(
    Launching,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function*() {
  const journal = yield* Journal.Journal
  const launches = yield* Ref.make(HashMap.empty<number, Launch>())
  const count = yield* Ref.make(0)

  const isWithin = (session: Task.SessionId) => (launch: Launch) =>
    launch.session === session ? Effect.succeed(true) : Effect.map(
      journal.bySession(launch.session),
      Option.exists((task) => Task.isBelow(task, session))
    )

  return Launching.of({
    around: (session, description) => (launch) =>
      Effect.acquireUseRelease(
        Effect.gen(function*() {
          const number = yield* Ref.updateAndGet(count, (n) => n + 1)
          const off = yield* Deferred.make<never, CalledOff>()
          yield* Ref.update(launches, HashMap.set(number, { session, description, off }))
          return { number, off }
        }),
        // A task is made in one piece: either it was there before this was called off, and is found, or it never is.
        ({ off }) => Effect.raceFirst(launch, Deferred.await(off)),
        ({ number }) => Ref.update(launches, HashMap.remove(number))
      ),
    callOff: Effect.fnUntraced(function*(session) {
      const all = HashMap.toEntries(yield* Ref.get(launches)).sort(([a], [b]) => a - b).map(([, launch]) => launch)
      const meant = yield* Effect.filter(all, isWithin(session))
      const off = yield* Effect.filter(meant, ({ off }) => Deferred.fail(off, new CalledOff()))
      return off.map(({ description }) => description)
    })
  })
})
