/**
 * Cards: what a stored call becomes, and that nothing is lost of it. What OpenCode and the model make of them is tested on
 * the real one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task } from "@errand/core"
import { Effect, Fiber, Layer, Option, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { card, launchedBy, type Look, lookOf, nobody, refusalOf, type Seen } from "../src/cards/Card.ts"
import * as CardSwitch from "../src/cards/CardSwitch.ts"
import { restore, restoreAll } from "../src/cards/Kept.ts"
import { Client } from "../src/host/Client.ts"
import * as Events from "../src/host/events.ts"
import * as Transcript from "../src/host/transcript.ts"
import * as wire from "../src/host/wire.ts"
import * as text from "../src/text/card.ts"
import {
  cancelled,
  clean,
  completed,
  failed,
  pending,
  running,
  starting,
  stray,
  timedOut,
  withFields
} from "./fixtures.ts"

/** A call as OpenCode stores it when the tool has returned. */
const Call = Schema.Struct({
  id: Schema.String,
  messageID: Schema.String,
  sessionID: Schema.String,
  type: Schema.Literal("tool"),
  callID: Schema.String,
  tool: Schema.Literal("delegate_task"),
  state: Schema.Struct({
    status: Schema.Literal("completed"),
    input: Schema.Record(Schema.String, Schema.Json),
    output: Schema.String,
    title: Schema.String,
    metadata: Schema.Record(Schema.String, Schema.Json),
    time: Schema.Struct({ start: Schema.Int, end: Schema.Int, compacted: Schema.optionalKey(Schema.Int) }),
    attachments: Schema.optionalKey(Schema.Array(Schema.Json))
  }),
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
})

const AnyLook = Schema.Union([
  Schema.TaggedStruct("Line", {
    description: Schema.String,
    agent: Schema.String,
    waits: Schema.UndefinedOr(Schema.String)
  }),
  Schema.TaggedStruct("Card", {
    description: Schema.String,
    agent: Schema.String,
    session: Schema.String,
    over: Schema.Boolean
  }),
  Schema.TaggedStruct("Failed", {
    description: Schema.String,
    agent: Schema.String,
    session: Schema.UndefinedOr(Schema.String),
    how: Schema.String,
    why: Schema.String
  })
])

const mark = { task: "bg_abc12345", run: 1, pid: 42 }

/** As it comes back from OpenCode's database. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const call = {
  id: "prt_1",
  messageID: "msg_1",
  sessionID: "ses_parent",
  type: "tool",
  callID: "call_1",
  tool: "delegate_task",
  state: {
    status: "completed",
    input: { prompt: "Find it.\n".repeat(200), agent: "explore", description: "Find the auth code" },
    output: "Background task launched successfully.",
    title: "Find the auth code",
    metadata: { taskId: "bg_abc12345", run: 1, status: "running", sessionId: "ses_xyz789", truncated: false },
    time: { start: 1, end: 2 }
  },
  metadata: { openai: { itemId: "fc_1" } }
}

const line: Look = { _tag: "Line", description: "Find it", agent: "explore", waits: "1st in line for anthropic" }
const atWork: Look = { _tag: "Card", description: "Find it", agent: "explore", session: "ses_xyz789", over: false }
const done: Look = { ...atWork, over: true }
const red: Look = {
  _tag: "Failed",
  description: "Find it",
  agent: "explore",
  session: "ses_xyz789",
  how: "failed",
  why: "401."
}

describe("a card", () => {
  it.prop("is the call again when it is restored, however often it was drawn anew", {
    call: Call,
    looks: Schema.NonEmptyArray(AnyLook)
  }, ({ call, looks }) => {
    const before = stored(call)
    const drawn = looks.reduce<unknown>((part, look) => stored(card(part, look, mark)), before)
    assert.deepStrictEqual(restore(drawn), before)
    // To the byte, where the order of fields counts: what the model said.
    assert.strictEqual(JSON.stringify(inputOf(restore(drawn))), JSON.stringify(inputOf(before)))
    assert.deepStrictEqual(launchedBy(drawn), { task: mark.task, run: mark.run })
  })

  it.prop(
    "is drawn as it was last asked for, whatever it was before",
    { call: Call, a: AnyLook, b: AnyLook },
    (world) => {
      const before = stored(world.call)
      const twice = card(stored(card(before, world.a, mark)), world.b, mark)
      assert.deepStrictEqual(twice, card(before, world.b, mark))
    }
  )

  it.prop("whatever a part is, to look for a call in it does no harm", { part: Schema.Json }, ({ part }) => {
    assert.strictEqual(restore(part), part)
    restoreAll(part)
    restoreAll([{ parts: [part, { type: "tool", state: { metadata: { errand: part } } }] }])
  })

  it("in line is a short line of its own tool; at work, over and failed it is OpenCode's own card", () => {
    const looks = [line, atWork, done, red].map((look) => stateOf(card(call, look, mark)))
    assert.deepStrictEqual(looks.map(({ tool }) => tool), ["delegate_task", "task", "task", "task"])
    assert.deepStrictEqual(looks.map(({ status }) => status), ["completed", "completed", "completed", "error"])
    assert.deepStrictEqual(looks.map(({ input }) => input), [
      { description: "Find it", agent: "explore", waits: "1st in line for anthropic" },
      { description: "Find it", agent: "explore", subagent_type: "explore" },
      { description: "Find it", agent: "explore", subagent_type: "explore" },
      { description: "Find it · failed", agent: "explore", subagent_type: "explore" }
    ])
    assert.deepStrictEqual(looks.map(({ metadata: { background, sessionId } }) => [sessionId, background]), [
      [undefined, undefined],
      ["ses_xyz789", true],
      ["ses_xyz789", undefined],
      ["ses_xyz789", undefined]
    ])
    assert.strictEqual(looks[3]?.error, "401.")
  })

  it("that failed without a session is no card that could be opened", () => {
    const { error, input, metadata, status, tool } = stateOf(card(call, { ...red, session: undefined }, mark))
    assert.deepStrictEqual({ tool, status, error, input, opens: metadata.sessionId }, {
      tool: "delegate_task",
      status: "error",
      error: "401.",
      // Its line in the terminal is made of what it was called with.
      input: { description: "Find it · failed", agent: "explore", why: "401." },
      opens: undefined
    })
  })

  it("of a call that launched nothing is red in one line, without its prompt, and says why", () => {
    const output = "There is no agent \"exploer\".\nDid you mean explore?"
    const refused = { ...call, state: { ...call.state, output, metadata: { refused: true } } }
    const look = refusalOf(refused)
    assert.deepStrictEqual(look, {
      _tag: "Failed",
      description: "Find the auth code",
      agent: "explore",
      session: undefined,
      how: "not sent",
      why: "There is no agent \"exploer\". Did you mean explore?"
    })
    const drawn = look === undefined ? undefined : card(refused, look, { ...nobody, pid: 1 })
    const { error, input, metadata, status, tool } = stateOf(drawn)
    assert.deepStrictEqual({ tool, status, error, input, opens: metadata.sessionId }, {
      tool: "delegate_task",
      status: "error",
      error: "There is no agent \"exploer\". Did you mean explore?",
      input: {
        description: "Find the auth code · not sent",
        agent: "explore",
        why: "There is no agent \"exploer\". Did you mean explore?"
      },
      opens: undefined
    })
    assert.deepStrictEqual(restore(drawn), refused)
    // Drawn once; and a call that did launch something is none of these, nor one of another tool.
    assert.isUndefined(refusalOf(drawn))
    assert.isUndefined(refusalOf(call))
    assert.isUndefined(refusalOf({ ...refused, tool: "background_output" }))
    const bare = refusalOf({ ...refused, state: { ...refused.state, input: { session_id: 7 } } })
    assert.deepInclude(bare, { description: "(no description)", agent: "" })
  })

  it("is made of no call that runs or has failed by itself", () => {
    for (const status of ["pending", "running", "error"]) {
      assert.isUndefined(card({ ...call, state: { ...call.state, status } }, atWork, mark))
    }
    for (const part of [undefined, null, "text", [], {}, { type: "text", text: "hello" }]) {
      assert.isUndefined(card(part, atWork, mark))
    }
  })

  it("what OpenCode has done to make room is done to the call, also when its task fails later", () => {
    const drawn = card(call, atWork, mark)
    const cleared = { ...drawn, state: { ...stateOf(drawn).whole, time: { start: 1, end: 2, compacted: 3 } } }
    const expected = { ...call, state: { ...call.state, time: { start: 1, end: 2, compacted: 3 } } }
    assert.deepStrictEqual(restore(cleared), expected)
    assert.deepStrictEqual(restore(stored(card(cleared, red, mark))), expected)
  })

  it("is put back in messages in place, and nothing else is touched", () => {
    const other = { type: "text", text: "hello" }
    const parts: Array<unknown> = [other, stored(card(call, red, mark))]
    const messages = [{ info: {}, parts }, { info: {}, parts: undefined }, undefined]
    restoreAll(messages)
    assert.deepStrictEqual(parts, [other, call])
    assert.strictEqual(parts[0], other)
  })
})

describe("how a task looks", () => {
  const nothing: Seen = { place: undefined, busy: false, expecting: false }
  const place = { pool: "provider:anthropic", used: 2, size: 2, ahead: 0, paused: false }

  it("in line it says for what; without a session it is no card; at work it spins", () => {
    const base = { description: "Explore: 查找认证实现", agent: "explore" }
    assert.deepStrictEqual(lookOf(pending, { ...nothing, place }), {
      _tag: "Line",
      ...base,
      waits: "1st in line for anthropic"
    })
    assert.deepStrictEqual(lookOf(starting, nothing), { _tag: "Line", ...base, waits: undefined })
    assert.deepStrictEqual(lookOf(running, { ...nothing, busy: true }), {
      _tag: "Card",
      ...base,
      session: "ses_xyz789",
      over: false
    })
  })

  it("one whose session is idle and that is not over is never shown as done", () => {
    assert.isUndefined(lookOf(running, nothing))
    assert.deepInclude(lookOf(running, { ...nothing, expecting: true }), {
      _tag: "Line",
      waits: "for errands of its own"
    })
    const continued = withFields(pending, { run: 2, session: "ses_xyz789" })
    assert.deepInclude(lookOf(continued, nothing), { _tag: "Line", description: "Explore: 查找认证实现 (continued)" })
  })

  it("D4 over is over, whatever its session does; a failed one says why", () => {
    for (const busy of [true, false]) {
      assert.deepInclude(lookOf(completed, { ...nothing, busy }), { _tag: "Card", over: true })
      assert.deepInclude(lookOf(failed, { ...nothing, busy }), {
        _tag: "Failed",
        how: "failed",
        why: "Its agent or the model's provider ended in an error: 401 from the provider."
      })
      assert.deepInclude(lookOf(cancelled, { ...nothing, busy }), {
        _tag: "Failed",
        how: "cancelled",
        why: "Cancelled: called off on request."
      })
    }
    assert.deepInclude(lookOf(timedOut, nothing), {
      _tag: "Failed",
      why: "Cancelled: it ran for longer than 1800 s (setting taskTtlMs)."
    })
  })

  it("a place in line is told as far as it is kept true", () => {
    const waits = [0, 1, 2, 3, 40].map((ahead) => text.inLine({ ...place, ahead }))
    assert.deepStrictEqual(waits, [
      "1st in line for anthropic",
      "2nd in line for anthropic",
      "3rd in line for anthropic",
      "in line for anthropic",
      "in line for anthropic"
    ])
    assert.strictEqual(text.inLine(undefined), "in line")
    assert.strictEqual(text.inLine({ ...place, pool: "total" }), "1st in line for a free slot")
    assert.strictEqual(text.inLine({ ...place, pool: "default:@explore" }), "1st in line for agent explore")
    assert.strictEqual(text.inLine({ ...place, paused: true }), "1st in line for anthropic, which is paused")
  })

  it.prop("G5 no look of any task says undefined", { task: Task.Task }, ({ task }) => {
    const looks = [nothing, { place, busy: true, expecting: false }, { ...nothing, expecting: true }]
      .map((seen) => lookOf(task, seen))
    return looks.every((look) => look === undefined || clean(JSON.stringify(card(call, look, mark)), task))
  })
})

describe("a card is no sign of life and no news", () => {
  const part = (look: Look) => stored(card(call, look, mark))

  it("B15 that it is drawn anew says nothing of the session in which it stands", () => {
    const event = (drawn: unknown) =>
      Option.match(
        Events.decode({ type: "message.part.updated", properties: { sessionID: "ses_parent", part: drawn } }),
        {
          onNone: () => "not understood",
          onSome: (event) => Events.translate(event)
        }
      )
    assert.lengthOf(event(call), 1)
    for (const look of [line, atWork, done, red]) assert.deepStrictEqual(event(part(look)), [])
  })

  it("a transcript is read with the calls as they were made", () => {
    const read = (parts: ReadonlyArray<unknown>) =>
      Transcript.messages(
        Schema.decodeUnknownSync(wire.Transcript)([{
          info: { id: "msg_1", role: "assistant", finish: "tool-calls", time: { completed: 2 } },
          parts
        }])
      )
    for (const look of [line, atWork, done, red]) assert.deepStrictEqual(read([part(look)]), read([call]))
  })
})

describe("where cards are made", () => {
  const world = (version: Effect.Effect<string>) =>
    Effect.gen(function*() {
      const said = yield* Ref.make<ReadonlyArray<string>>([])
      const client = Layer.mock(Client)({
        version,
        log: (_, message) => Ref.update(said, (all) => [...all, message])
      })
      return { said, layer: (wanted: boolean) => Layer.provide(CardSwitch.layer(wanted), client) }
    })
  const askTwice = Effect.gen(function*() {
    const { on } = yield* CardSwitch.CardSwitch
    return [yield* on, yield* on]
  })

  it.effect("on a version that was tested", () =>
    Effect.gen(function*() {
      const { layer, said } = yield* world(Effect.succeed("1.18.33"))
      assert.deepStrictEqual(yield* Effect.provide(askTwice, layer(true)), [true, true])
      assert.deepStrictEqual(yield* Ref.get(said), [])
    }))

  it.effect("not on another one, which is said once", () =>
    Effect.gen(function*() {
      const { layer, said } = yield* world(Effect.succeed("1.19.0"))
      assert.deepStrictEqual(yield* Effect.provide(askTwice, layer(true)), [false, false])
      const all = yield* Ref.get(said)
      assert.lengthOf(all, 1)
      assert.include(all[0], "OpenCode 1.19.0")
      assert.notMatch(all[0] ?? "", stray)
    }))

  it.effect("not where nobody says which one it is, and nothing waits for that for ever", () =>
    Effect.gen(function*() {
      const { layer, said } = yield* world(Effect.never)
      const asked = yield* Effect.forkChild(Effect.provide(askTwice, layer(true)), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(asked), [false, false])
      assert.lengthOf(yield* Ref.get(said), 1)
    }))

  it.effect("not where nobody wants them, and then nothing is asked", () =>
    Effect.gen(function*() {
      const { layer, said } = yield* world(Effect.die("was asked"))
      assert.deepStrictEqual(yield* Effect.provide(askTwice, layer(false)), [false, false])
      assert.deepStrictEqual(yield* Ref.get(said), [])
    }))
})

const Drawn = Schema.Struct({
  tool: Schema.String,
  state: Schema.Struct({
    status: Schema.String,
    input: Schema.Unknown,
    error: Schema.optionalKey(Schema.String),
    metadata: Schema.Struct({
      sessionId: Schema.optionalKey(Schema.String),
      background: Schema.optionalKey(Schema.Boolean)
    })
  })
})

const stateOf = (part: unknown) => {
  const { state, tool } = Schema.decodeUnknownSync(Drawn)(part)
  const { state: whole } = Schema.decodeUnknownSync(
    Schema.Struct({ state: Schema.Record(Schema.String, Schema.Unknown) })
  )(
    part
  )
  return { tool, whole, ...state }
}

const inputOf = (part: unknown): unknown =>
  Schema.decodeUnknownSync(Schema.Struct({ state: Schema.Struct({ input: Schema.Unknown }) }))(part).state.input
