/**
 * A process with the whole service on a journal in a file. Its host lives in the process that started it, and outlives it.
 *
 *     node worker.ts '{"file":"…","seed":7,"dieAt":123}'
 */
import { Effect, Layer, Queue, Random, Schema, Stream } from "effect"
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { AgentHost, HostError, type HostEvent, type Message, SessionGone } from "../src/AgentHost.ts"
import { Limits } from "../src/Limits.ts"
import * as Settings from "../src/Settings.ts"
import { SqliteJournal } from "../src/sqlite/index.ts"
import * as Task from "../src/Task.ts"
import { Tasks } from "../src/Tasks.ts"
import { make as makePoints } from "./points.ts"
import { Order, parents, type Said, Told } from "./Wire.ts"

const order = Schema.decodeUnknownSync(Schema.fromJsonString(Order))(process.argv[2])
const { count, library, point } = makePoints(order.dieAt)

const say = (said: Said) => void writeSync(1, `${JSON.stringify(said)}\n`)

/** The calls that wait for an answer. */
const waiting = new Map<number, (effect: Effect.Effect<unknown, "gone">) => void>()
const events = Effect.runSync(Queue.unbounded<HostEvent>())
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Told))

createInterface({ input: process.stdin }).on("line", (line) => {
  point()
  const told = decode(line)
  if (told.tell === "event") return Queue.offerUnsafe(events, eventOf(told.event))
  waiting.get(told.n)?.(told.tell === "gone" ? Effect.fail("gone") : Effect.succeed(told.value))
  return waiting.delete(told.n)
})

const session = Schema.Struct({ _tag: Schema.String, session: Task.SessionId })
const isEvent = (value: unknown): value is HostEvent => Schema.is(session)(value)
const eventOf = (value: unknown): HostEvent => {
  if (isEvent(value)) return value
  throw new Error(`no event: ${JSON.stringify(value)}`)
}

let calls = 0
const call = (operation: string, args: unknown): Effect.Effect<unknown, "gone"> =>
  Effect.callback((resume) => {
    const n = calls++
    waiting.set(n, resume)
    point()
    say({ say: "call", n, operation, args })
    point()
  })

const sessionOf = Schema.decodeUnknownSync(Task.SessionId)
const isMessages = (value: unknown): value is ReadonlyArray<Message> => Array.isArray(value)
const messagesOf = (value: unknown): ReadonlyArray<Message> => isMessages(value) ? value : []

/** A call about a session, which may be gone. */
const about = (operation: string, session: Task.SessionId, args: unknown = {}) =>
  Effect.mapError(call(operation, { session, args }), () => new SessionGone({ session }))

const certain = (operation: string, args: unknown) =>
  Effect.mapError(call(operation, args), () => new HostError({ operation, kind: "refused", message: "no" }))

const host = AgentHost.of({
  capabilities: { activity: true, transcript: true, todos: false, continues: true, receipts: true, silent: false },
  open: ({ request, task }) => Effect.map(certain("open", { task, parent: request.parent }), sessionOf),
  attach: (session) => Effect.asVoid(about("attach", session)),
  prompt: (session, { text }) => Effect.asVoid(about("prompt", session, text)),
  abort: (session) => Effect.asVoid(certain("abort", { session })),
  activity: (sessions) =>
    Effect.map(
      certain("activity", { sessions }),
      (busy) => new Map(sessions.map((one) => [one, Array.isArray(busy) && busy.includes(one) ? "busy" : "idle"]))
    ),
  transcript: (session, { last }) => Effect.map(about("transcript", session), (all) => messagesOf(all).slice(-last)),
  todos: () => Effect.succeed(0),
  parentOf: () => Effect.succeed(undefined),
  notify: (parent, notice) => Effect.asVoid(about("notify", parent, notice)),
  received: (parent, notice) => Effect.map(certain("received", { parent, notice }), (found) => found === true),
  events: Stream.suspend(() => {
    say({ say: "ready" })
    return Stream.fromQueue(events)
  })
})

const settings: Settings.Settings = {
  ...Settings.defaults,
  defaultConcurrency: 2,
  pollIntervalMs: 60,
  minIdleTimeMs: 300,
  minStabilityTimeMs: 400,
  startTimeoutMs: 3_000,
  callTimeoutMs: 1_000,
  abortTimeoutMs: 500
}

const parentOf = (nth: number) => Task.SessionId.make(parents[nth % parents.length] ?? parents[0])

/** What is asked for: three to five tasks, of which one may be called off, and one continued when it is over. */
const ask = Effect.gen(function*() {
  const tasks = yield* Tasks
  const count = yield* Random.nextIntBetween(3, 5)
  const launched: Array<Task.Task> = []
  for (let nth = 0; nth < count; nth++) {
    const prompt = `errand ${nth}`
    const task = yield* tasks.launch({ description: prompt, prompt, agent: "explore", parent: parentOf(nth) })
    say({ say: "launched", id: task.id, run: 1 })
    launched.push(task)
    yield* Effect.sleep(yield* Random.nextIntBetween(0, 20))
  }
  const victim = launched[yield* Random.nextIntBetween(0, count * 2)]
  if (victim !== undefined) {
    say({ say: "cancelling", id: victim.id, run: 1 })
    const { cancelled } = yield* tasks.cancel(victim.id)
    if (cancelled) say({ say: "cancelled", id: victim.id, run: 1 })
  }
  const first = launched[0]
  if (first === undefined) return
  const over = yield* tasks.await(first.id)
  if (over.session === undefined) return
  const prompt = "and more"
  const more = yield* tasks.resume({ session: over.session, prompt, parent: over.request.parent })
  say({ say: "continued", id: more.id, run: more.run })
})

/** Until nothing is out and nobody is owed anything, for a while. */
const rest = Effect.gen(function*() {
  const tasks = yield* Tasks
  for (let calm = 0; calm < 6;) {
    yield* Effect.sleep(25)
    const all = yield* tasks.list
    const owed = yield* Effect.forEach(parents, (parent) => tasks.expecting(Task.SessionId.make(parent)))
    calm = all.every(Task.isTerminal) && !owed.includes(true) ? calm + 1 : 0
  }
})

const main = Effect.gen(function*() {
  if (order.seed !== undefined) yield* Random.withSeed(ask, order.seed)
  yield* rest
  const tasks = yield* (yield* Tasks).list
  const used = (yield* (yield* Limits).pools).reduce((sum, pool) => sum + pool.used, 0)
  say({
    say: "done",
    points: count(),
    used,
    tasks: tasks.map(({ id, run, status }) => ({ id, run, status }))
  })
})

// What was told is dropped from the file at the next start: that is a point to be killed at as well.
const journal = SqliteJournal.layer({ file: order.file, library, retentionMs: 0, onProblem: Effect.die })
const app = Tasks.layerOnJournal.pipe(
  Layer.provideMerge(journal),
  Layer.provide(Layer.succeed(AgentHost, host)),
  Layer.provide(Layer.succeed(Settings.Current, settings))
)

await Effect.runPromise(Effect.provide(Effect.orDie(main), app))
process.exit(0)
