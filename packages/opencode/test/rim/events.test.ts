/**
 * The rim, hooks: whatever OpenCode tells and passes, in whatever order, nothing is thrown at it, and a task whose events
 * come as they should still ends as it should.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect, Option, Schema } from "effect"
import * as Feed from "../../src/host/Feed.ts"
import { anyJson, below, objectOf, oneOf, trickyText } from "./support/arbitraries.ts"
import { root } from "./support/openCode.ts"
import { make, Plugin, until } from "./support/plugin.ts"

const session = "ses_other"
const info = {
  id: "msg_1",
  sessionID: session,
  role: "assistant",
  mode: "build",
  agent: "build",
  cost: 0,
  time: { created: 1 }
}
const part = { id: "prt_1", sessionID: session, messageID: "msg_1" }

/** OpenCode's events in the forms that were seen. */
const seen: ReadonlyArray<{ readonly type: string; readonly properties: object }> = [
  { type: "session.created", properties: { sessionID: session, info: { id: session, parentID: "ses_x", title: "t" } } },
  {
    type: "session.updated",
    properties: { info: { id: session, permission: [], metadata: { errand: { task: "bg_1" } } } }
  },
  { type: "session.deleted", properties: { sessionID: session, info: { id: session } } },
  { type: "session.status", properties: { sessionID: session, status: { type: "busy" } } },
  { type: "session.status", properties: { sessionID: session, status: { type: "idle" } } },
  {
    type: "session.status",
    properties: { sessionID: session, status: { type: "retry", attempt: 1, message: "500", next: 1_790_000_000_000 } }
  },
  { type: "session.idle", properties: { sessionID: session } },
  {
    type: "session.error",
    properties: {
      sessionID: session,
      error: { name: "APIError", data: { message: "401", statusCode: 401, isRetryable: false } }
    }
  },
  { type: "session.error", properties: { error: { name: "UnknownError", data: { message: "no session" } } } },
  { type: "session.compacted", properties: { sessionID: session } },
  { type: "message.updated", properties: { sessionID: session, info } },
  {
    type: "message.updated",
    properties: { sessionID: session, info: { ...info, finish: "stop", time: { completed: 2 } } }
  },
  {
    type: "message.part.updated",
    properties: { sessionID: session, part: { ...part, type: "text", text: "a" }, time: 1 }
  },
  {
    type: "message.part.updated",
    properties: {
      part: { ...part, type: "tool", tool: "bash", callID: "call_1", state: { status: "running", input: {} } }
    }
  },
  { type: "message.part.delta", properties: { sessionID: session, messageID: "msg_1", partID: "prt_1", delta: "a" } },
  { type: "todo.updated", properties: { sessionID: session, todos: [{ content: "x", status: "pending" }] } },
  {
    type: "permission.asked",
    properties: { id: "per_1", sessionID: session, permission: "bash", patterns: ["ls"], metadata: {}, always: [] }
  },
  { type: "permission.replied", properties: { sessionID: session, requestID: "per_1", reply: "once" } },
  {
    type: "question.asked",
    properties: { id: "que_1", sessionID: session, questions: [{ question: "?", options: [] }] }
  },
  { type: "question.replied", properties: { sessionID: session, requestID: "que_1", answers: [] } }
]

/** These mean something for the task that they are about: it is over, has failed, or waits for a person. */
const decisive = new Set(["session.deleted", "session.error", "permission.asked", "question.asked"])

/** Replaces one value, somewhere in another, by what `change` makes of it; undefined leaves it out. */
const changed = (value: unknown, where: number, change: (old: unknown) => unknown): unknown => {
  const places: Array<ReadonlyArray<string>> = []
  const walk = (at: unknown, path: ReadonlyArray<string>): void => {
    places.push(path)
    if (isRecord(at)) { for (const [key, inner] of Object.entries(at)) walk(inner, [...path, key]) }
  }
  walk(value, [])
  const put = (at: unknown, [key, ...rest]: ReadonlyArray<string>): unknown =>
    key === undefined || !isRecord(at) ? change(at) : { ...at, [key]: put(at[key], rest) }
  return put(value, places[where % places.length] ?? [])
}

const isRecord = Schema.is(Schema.Record(Schema.String, Schema.Unknown))

const Noise = {
  nth: below(seen.length),
  where: below(12),
  /** As it is; without a value; with another in its place; with another shape around it. */
  how: below(4),
  own: Schema.Boolean
}

interface Noise {
  readonly event: unknown
  /** Whether it is put about the session of the task, where it can be. */
  readonly own: boolean
}

const noise: Arbitrary.Arbitrary<Noise> = oneOf<Noise>(
  Arbitrary.map(anyJson, (event) => ({ event, own: false })),
  ...[0, 1, 2].map(() =>
    Arbitrary.map(
      Arbitrary.all({ draw: Arbitrary.schema(Schema.Struct(Noise)), other: anyJson }),
      ({ draw, other }): Noise => {
        const event = seen[draw.nth % seen.length]
        const changes = [(old: unknown) => old, () => undefined, () => other, (old: unknown) => [old, other]]
        return {
          event: changed(event, draw.where, changes[draw.how] ?? (() => undefined)),
          own: draw.own && !decisive.has(event?.type ?? "")
        }
      }
    )
  )
)

const noises = Arbitrary.array(noise, { maxLength: 24 })

const about = ({ event, own }: Noise, task: string): unknown =>
  own && event !== undefined ? JSON.parse((JSON.stringify(event) ?? "null").replaceAll(session, task)) : event

const settings = { defaultConcurrency: 0, pollIntervalMs: 20, minIdleTimeMs: 0, minStabilityTimeMs: 20 }

/** The plugin runs on the real clock, as in OpenCode. */
const real = { excludeTestServices: true }

describe("events and hooks", () => {
  it.prop(
    "E9 the feed takes any value, and events that it cannot read keep no others away",
    { values: Arbitrary.array(noise, { maxLength: 30 }) },
    ({ values }) => {
      const feed = Feed.make()
      for (const { event } of values) feed.pour(event)
      feed.pour(undefined)
      feed.pour({
        get type(): string {
          throw new Error("not to be looked at")
        }
      })
    },
    { arbitrary: { runs: 200, size: 30 } }
  )

  let between: ReadonlyArray<Noise> = []
  const tell = (events: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
    const task = /ses_\d+/.exec(JSON.stringify(events))?.[0] ?? session
    const all = between.map((one) => about(one, task))
    // Some before each event of the turn, the rest after the last; and the events of the turn told twice.
    return [...events.flatMap((event, nth) => [...all.slice(nth * 3, nth * 3 + 3), event, event]), ...all.slice(18)]
  }

  layer(Plugin.layer(settings, { answer: (prompt) => `done: ${prompt}`, tell }), real)((it) => {
    it.effect.prop(
      "B3 any events between, before and after those of a task: no hook throws, and the task completes",
      { some: noises, before: noises },
      ({ before, some }) =>
        Effect.gen(function*() {
          const { hook, use } = yield* Plugin
          for (const { event } of before) {
            yield* hook("event", { event })
            yield* hook("event", event)
          }
          between = some
          const page = yield* use("delegate_task", { prompt: "look", agent: "explore", background: false })
          assert.isTrue(page.startsWith("Task Result\n"), page)
          assert.isTrue(page.endsWith("\ndone: look"), page)
        }),
      { arbitrary: { runs: 60, size: 30 }, timeout: 60_000 }
    )

    it.effect.prop(
      "C1 C3 after all of that a parent is told of its task, once",
      { some: noises },
      ({ some }) =>
        Effect.gen(function*() {
          const { openCode, use } = yield* Plugin
          between = some
          const launched = yield* use("delegate_task", { prompt: "look", agent: "explore" })
          const id = /bg_[0-9a-f]{8}/.exec(launched)?.[0] ?? "none"
          const told = () =>
            openCode.messages(root).filter((message) => JSON.stringify(message).includes(`- \`${id}\``))
          yield* until(() => told().length > 0)
          assert.lengthOf(told(), 1)
        }),
      { arbitrary: { runs: 15, size: 30 }, timeout: 60_000 }
    )
  })

  const input = oneOf<unknown>(
    anyJson,
    objectOf(["sessionID", "agent", "model", "variant", "toolID", "messageID"], anyJson),
    Arbitrary.map(
      objectOf(["agent", "model", "variant", "toolID"], anyJson),
      (more) => ({ sessionID: root, toolID: "delegate_task", ...more })
    )
  )
  const spoken = Arbitrary.map(trickyText, (text) => ({ type: "text", text: `${text} ulw` }))
  const output = oneOf<unknown>(
    anyJson,
    objectOf(["message", "parts", "context", "description", "jsonSchema", "agent"], anyJson),
    Arbitrary.map(
      Arbitrary.array(oneOf<unknown>(anyJson, spoken), { maxLength: 4 }),
      (parts) => ({ message: { id: "msg_1" }, parts, context: parts })
    )
  )
  const names = [
    "event",
    "config",
    "tool.definition",
    "chat.message",
    "experimental.session.compacting",
    "experimental.text.complete"
  ]

  layer(Plugin.layer(settings), real)((it) => {
    it.effect.prop(
      "E9 every hook takes any input and any output to change, and none throws or rejects",
      { input, output },
      ({ input, output }) =>
        Effect.gen(function*() {
          const { hook } = yield* Plugin
          for (const name of names) {
            yield* hook(name, input, output)
            yield* hook(name, output, Object.freeze(input))
            yield* hook(name)
          }
        }),
      { arbitrary: { runs: 100, size: 30 } }
    )

    it.effect.prop(
      "C1 C10 whatever a message said of who speaks: the parent is told all the same, in a voice that OpenCode takes",
      {
        said: objectOf(
          ["agent", "model", "variant"],
          oneOf<unknown>(anyJson, Arbitrary.Constant({ providerID: "fake" }))
        )
      },
      ({ said }) =>
        Effect.gen(function*() {
          const { hook, openCode, use } = yield* Plugin
          yield* hook(
            "chat.message",
            { sessionID: root, agent: "build", model: { providerID: "fake", modelID: "m2" } },
            {
              message: { id: "msg_0" },
              parts: []
            }
          )
          yield* hook("chat.message", { ...said, sessionID: root }, { message: { id: "msg_1" }, parts: [] })
          const before = openCode.messages(root).length
          const launched = yield* use("delegate_task", { prompt: "look", agent: "explore" })
          yield* until(() => openCode.messages(root).length > before)
          assert.notMatch(launched, /undefined/)
        }),
      { arbitrary: { runs: 40, size: 20 } }
    )
  })

  it.effect("F8 ulw among parts that are none of a person's text: one part is added, and it is well formed", () =>
    Effect.gen(function*() {
      const { hook } = yield* make()
      const parts: Array<unknown> = [{ type: "file" }, { id: "prt_1", type: "text", text: "all of it, ulw" }]
      yield* hook("chat.message", { sessionID: root, agent: null, model: null }, { message: { id: "msg_1" }, parts })
      assert.lengthOf(parts, 3)
      const added = Schema.decodeUnknownOption(
        Schema.Struct({ id: Schema.String, messageID: Schema.Literal("msg_1"), sessionID: Schema.Literal(root) })
      )(parts[2])
      assert.isTrue(Option.isSome(added))
    }))

  it.effect("a word in a message of any length is found, or not, without delay", () =>
    Effect.gen(function*() {
      const { hook } = yield* make()
      for (const text of ["`".repeat(200_000), "~".repeat(200_000), "<".repeat(200_000), "` ".repeat(50_000)]) {
        const parts: Array<unknown> = [{ id: "prt_1", type: "text", text }]
        yield* hook("chat.message", { sessionID: root }, { message: { id: "msg_1" }, parts })
        assert.lengthOf(parts, 1)
      }
    }))

  it.effect.prop(
    "a configuration that is none stays as it is; the agents of one that is stay what they are",
    { config: oneOf<unknown>(anyJson, objectOf(["agent", "model"], anyJson)), mine: anyJson },
    ({ config, mine }) =>
      Effect.gen(function*() {
        const { hook } = yield* Plugin
        const copy: unknown = structuredClone(config)
        yield* hook("config", config)
        const agents = isRecord(copy) ? copy["agent"] : undefined
        if (isRecord(config) && (agents === undefined || agents === null || isRecord(agents))) {
          const now = config["agent"]
          for (const [name, value] of Object.entries(agents ?? {})) {
            assert.strictEqual(JSON.stringify(isRecord(now) ? now[name] : "none"), JSON.stringify(value))
          }
        } else assert.strictEqual(JSON.stringify(config), JSON.stringify(copy))
        // One that only tunes ours is not theirs alone.
        const theirs = isRecord(mine) ? { ...mine, prompt: "mine" } : mine
        const whole = { agent: { oracle: theirs } }
        yield* hook("config", whole)
        assert.strictEqual(JSON.stringify(whole.agent.oracle), JSON.stringify(theirs))
        assert.sameMembers(Object.keys(whole.agent), ["oracle", "librarian", "momus"])
      }).pipe(Effect.provide(Plugin.layer())),
    { arbitrary: { runs: 60, size: 20 } }
  )
})
