/**
 * Cards as they are kept: on a host that is simulated, with an OpenCode that keeps one call and may be in trouble.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentHost, Settings, Task, Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { Effect, Layer, Option, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Cards } from "../src/cards/Cards.ts"
import { CardSwitch } from "../src/cards/CardSwitch.ts"
import { isFields, restore } from "../src/cards/Kept.ts"
import { Client } from "../src/host/Client.ts"
import * as Feed from "../src/host/Feed.ts"

const callOf = (task: string) => ({
  id: "prt_1",
  messageID: "msg_1",
  sessionID: "ses_root",
  type: "tool",
  callID: "call_1",
  tool: "delegate_task",
  state: {
    status: "completed",
    input: { description: "Find it", agent: "explore", prompt: "Look everywhere. ".repeat(100) },
    output: `Task ID: ${task}`,
    title: "Find it",
    metadata: { taskId: task, run: 1, status: "running" },
    time: { start: 1, end: 2 }
  }
})

/** What is stored of a call: its tool, and whether its card spins. */
const seen = (part: unknown) => {
  const state = isFields(part) && isFields(part["state"]) ? part["state"] : {}
  const input = isFields(state["input"]) ? state["input"] : {}
  const metadata = isFields(state["metadata"]) ? state["metadata"] : {}
  return {
    tool: isFields(part) ? part["tool"] : undefined,
    status: state["status"],
    long: "prompt" in input,
    spins: metadata["background"] === true
  }
}

/** Launches a task that works for a minute, and tells of its call; `rewrite` is what OpenCode does with a new part. */
const story = Effect.fnUntraced(function*(rewrite: Effect.Effect<void, AgentHost.HostError>, on = true) {
  const feed = Feed.make()
  const stored = yield* Ref.make<unknown>(undefined)
  const client = Layer.mock(Client)({
    storedPart: () => Effect.map(Ref.get(stored), Option.fromUndefinedOr),
    storedParts: () => Effect.succeed([]),
    rewritePart: (_, part) => Effect.andThen(rewrite, Ref.set(stored, JSON.parse(JSON.stringify(part))))
  })
  const world = Cards.layer({ journal: "memory" }).pipe(
    Layer.provideMerge(Tasks.Tasks.layer),
    Layer.provideMerge(
      SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "wait", ms: 60_000 }, { do: "say", text: "HERE" }] })
    ),
    Layer.provide(client),
    Layer.provide(Layer.succeed(CardSwitch, { on: Effect.succeed(on) })),
    Layer.provide(feed.layer),
    Layer.provide(Layer.succeed(Settings.Current, Settings.defaults))
  )
  return yield* Effect.gen(function*() {
    const tasks = yield* Tasks.Tasks
    const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
    const { id } = yield* tasks.launch({ description: "Find it", prompt: "p", agent: "explore", parent })
    yield* TestClock.adjust("1 second")
    const call = callOf(id)
    yield* Ref.set(stored, call)
    feed.pour({ type: "message.part.updated", properties: { part: call } })
    yield* TestClock.adjust("11 seconds")
    const first = yield* Ref.get(stored)
    const { session } = yield* tasks.get(id)
    feed.pour({ type: "session.status", properties: { sessionID: session, status: { type: "busy" } } })
    yield* TestClock.adjust("10 seconds")
    const second = yield* Ref.get(stored)
    yield* TestClock.adjust("2 minutes")
    const third = yield* Ref.get(stored)
    const { status } = yield* tasks.get(id)
    return { looks: [first, second, third].map(seen), status, call, last: third }
  }).pipe(Effect.provide(world))
})

const wall = { tool: "delegate_task", status: "completed", long: true, spins: false }

describe("the card of a task", () => {
  it.effect("is a short line at once, spins when its session is seen at work, and is done when its task is", () =>
    Effect.gen(function*() {
      const { call, last, looks, status } = yield* story(Effect.void)
      assert.strictEqual(status, "completed")
      assert.deepStrictEqual(looks, [
        { ...wall, long: false },
        { tool: "task", status: "completed", long: false, spins: true },
        { tool: "task", status: "completed", long: false, spins: false }
      ])
      assert.deepStrictEqual(restore(last), call)
    }))

  const troubles: Readonly<Record<string, Effect.Effect<void, AgentHost.HostError>>> = {
    "refuses to store it": Effect.fail(
      new AgentHost.HostError({ operation: "part", kind: "refused", message: "no" })
    ),
    "hangs": Effect.never,
    "breaks": Effect.die("no database")
  }
  for (const [how, trouble] of Object.entries(troubles)) {
    it.effect(`G3 is a plainer line where OpenCode ${how}, and nothing else; when that is over it is true again`, () =>
      Effect.gen(function*() {
        const tries = yield* Ref.make(0)
        const { looks, status } = yield* story(
          Effect.flatMap(Ref.updateAndGet(tries, (n) => n + 1), (n): typeof trouble => n <= 2 ? trouble : Effect.void)
        )
        assert.strictEqual(status, "completed")
        assert.deepStrictEqual(looks[0], wall)
        assert.deepStrictEqual(looks[2], { tool: "task", status: "completed", long: false, spins: false })
      }))
  }

  it.effect("is not made where cards are off", () =>
    Effect.gen(function*() {
      const { looks, status } = yield* story(Effect.void, false)
      assert.strictEqual(status, "completed")
      assert.deepStrictEqual(looks, [wall, wall, wall])
    }))

  /** How often messages are fetched of a session that is used, from which nothing was launched. */
  const fetched = Effect.fnUntraced(function*(journal: "sqlite" | "memory", whose: "a person's" | "a task's") {
    const calls = yield* Ref.make(0)
    const client = Layer.mock(Client)({
      storedParts: () => Effect.as(Ref.update(calls, (n) => n + 1), [])
    })
    const world = Cards.layer({ journal }).pipe(
      Layer.provideMerge(Tasks.Tasks.layer),
      Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] })),
      Layer.provide(client),
      Layer.provide(Layer.succeed(CardSwitch, { on: Effect.succeed(true) })),
      Layer.provide(Feed.make().layer),
      Layer.provide(Layer.succeed(Settings.Current, Settings.defaults))
    )
    yield* Effect.gen(function*() {
      const cards = yield* Cards
      const tasks = yield* Tasks.Tasks
      const parent = yield* (yield* SimulatedHost.SimulatedHost).root("ses_root")
      const { id } = yield* tasks.launch({ description: "Find it", prompt: "p", agent: "explore", parent })
      yield* TestClock.adjust("1 second")
      const { session = Task.SessionId.make("") } = yield* tasks.get(id)
      yield* cards.used(whose === "a task's" ? session : Task.SessionId.make("ses_any"))
      yield* TestClock.adjust("1 second")
    }).pipe(Effect.provide(world))
    return yield* Ref.get(calls)
  })

  it.effect("costs no look at the messages of a session from which nothing was launched, as the journal tells that", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* fetched("sqlite", "a person's"), 0)
      assert.strictEqual(yield* fetched("memory", "a person's"), 1)
    }))

  it.effect("costs no look at anything where the session is one that a task has just been given", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* fetched("memory", "a task's"), 0)
    }))
})
