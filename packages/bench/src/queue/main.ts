/**
 * One measure of a queue, in a process of its own: so many wait for five places, everybody's work ends at once, and the
 * line drains; or everybody who waits is called off. Prints one line of JSON.
 *
 *     bun --expose-gc main.ts <p-queue | limiter | tasks> <how many> <drain | cancel>
 */
import { AgentHost, Limits, Settings, Task, Tasks } from "@errand/core"
import { Clock, Console, Effect, Fiber, Layer, Queue, Ref, Schema, Stream } from "effect"
import PQueue from "p-queue"
import type { Sample } from "./Sample.ts"

/** How many run at once. */
const places = 5

const heap = Effect.sync(() => {
  // There with --expose-gc.
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
})

/** Times it: everybody is put in line behind a closed door, then the door is opened or everybody is called off. */
const measure = Effect.fnUntraced(function*<R>(
  count: number,
  enqueue: Effect.Effect<unknown, never, R>,
  finish: Effect.Effect<unknown, never, R>
) {
  const empty = yield* heap
  const began = yield* Clock.currentTimeNanos
  yield* enqueue
  const queued = yield* Clock.currentTimeNanos
  const full = yield* heap
  const opened = yield* Clock.currentTimeNanos
  yield* finish
  const done = yield* Clock.currentTimeNanos
  const sample: Sample = {
    enqueue: Number(queued - began) / 1e6,
    done: Number(done - opened) / 1e6,
    bytesEach: (full - empty) / count
  }
  return sample
})

const pQueue = (count: number, how: "drain" | "cancel") =>
  Effect.suspend(() => {
    const queue = new PQueue({ concurrency: places, autoStart: false })
    return measure(
      count,
      Effect.sync(() => {
        for (let i = 0; i < count; i++) void queue.add(async () => {})
      }),
      how === "cancel"
        ? Effect.sync(() => queue.clear())
        : Effect.promise(() => {
          queue.start()
          return queue.onIdle()
        })
    )
  })

const settings = Layer.succeed(Settings.Current, {
  ...Settings.defaults,
  defaultConcurrency: places,
  staleTimeoutMs: 0
})

const limiter = Effect.fnUntraced(
  function*(count: number, how: "drain" | "cancel") {
    const limits = yield* Limits.Limits
    const fibers: Array<Fiber.Fiber<void>> = []
    yield* limits.pause
    return yield* measure(
      count,
      Effect.gen(function*() {
        for (let i = 0; i < count; i++) {
          fibers.push(
            yield* Effect.forkChild(
              limits.withSlots({ id: `bg_${i}`, parent: "ses_root", agent: "explore" })(Effect.void),
              { startImmediately: true }
            )
          )
        }
      }),
      how === "cancel"
        ? Fiber.interruptAll(fibers)
        : Effect.andThen(limits.resume, Effect.forEach(fibers, Fiber.join, { discard: true }))
    )
  },
  Effect.provide(Layer.provide(Limits.Limits.layer, settings))
)

/** A host whose sessions answer at once: what is left is Errand's own work. */
const instantHost = Layer.effect(AgentHost.AgentHost)(Effect.gen(function*() {
  const events = yield* Queue.unbounded<AgentHost.HostEvent>()
  const sessions = yield* Ref.make(0)
  return AgentHost.make({
    open: () => Effect.map(Ref.updateAndGet(sessions, (n) => n + 1), (n) => Task.SessionId.make(`ses_${n}`)),
    prompt: (session) =>
      Effect.asVoid(Queue.offer(events, { _tag: "Ended", session, result: { _tag: "Done", answer: "done" } })),
    abort: () => Effect.void,
    notify: () => Effect.void,
    events: Stream.fromQueue(events)
  })
}))

const tasks = Effect.fnUntraced(
  function*(count: number, how: "drain" | "cancel") {
    const limits = yield* Limits.Limits
    const service = yield* Tasks.Tasks
    const parent = Task.SessionId.make("ses_root")
    yield* limits.pause
    return yield* measure(
      count,
      Effect.gen(function*() {
        for (let i = 0; i < count; i++) {
          yield* service.launch({ description: `task ${i}`, prompt: "look around", agent: "explore", parent })
        }
      }).pipe(Effect.orDie),
      how === "cancel"
        ? service.cancelAll(parent)
        : Effect.andThen(limits.resume, service.settled(parent))
    )
  },
  Effect.provide(Layer.provide(Tasks.Tasks.layer, Layer.merge(instantHost, settings)))
)

const kinds = { "p-queue": pQueue, limiter, tasks }

const Arguments = Schema.Tuple([
  Schema.Literals(["p-queue", "limiter", "tasks"]),
  Schema.FiniteFromString,
  Schema.Literals(["drain", "cancel"])
])

const main = Effect.gen(function*() {
  const [kind, count, how] = yield* Schema.decodeUnknownEffect(Arguments)(process.argv.slice(2))
  yield* Console.log(JSON.stringify(yield* kinds[kind](count, how)))
})

await Effect.runPromise(main)
