/**
 * Live cards in a real OpenCode: what people see of a launch changes with the task, and what the model reads of it never
 * does.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Effect, type Schema } from "effect"
import { isObject, lastUser, live, patience, place, shown, words, World, world } from "./support/b.ts"

const { script } = Script

/** A launch whose arguments would fill a screen. */
const launch = (description: string, prompt: string, args: Schema.JsonObject = {}) => ({
  name: "delegate_task",
  args: {
    description,
    prompt: `${prompt}\n${"Look everywhere, and then again. ".repeat(60)}`,
    agent: "general",
    ...args
  }
})

type Json = Schema.JsonObject

const objectIn = (value: Schema.Json | undefined): Json => isObject(value) ? value : {}

/** Waits until a call of a session is stored in such a way; gives it. */
const stored = Effect.fnUntraced(function*(
  server: OpenCode.OpenCodeServer,
  session: string,
  what: string,
  predicate: (part: Json, state: Json, metadata: Json) => boolean
) {
  const event = yield* server.waitFor(({ properties, type }) => {
    const part = objectIn(properties["part"])
    const state = objectIn(part["state"])
    return type === "message.part.updated" && part["sessionID"] === session && part["type"] === "tool"
      && predicate(part, state, objectIn(state["metadata"]))
  }, { timeout: patience, what })
  return objectIn(event.properties["part"])
})

/** Waits until the card of a task says so. */
const cardOf = (server: OpenCode.OpenCodeServer, session: string, description: string, look: {
  readonly tool: string
  readonly status: string
  readonly background?: boolean
}) =>
  stored(
    server,
    session,
    `${description} as ${JSON.stringify(look)}`,
    (part, state, metadata) =>
      objectIn(state["input"])["description"] === description && isObject(metadata["errand"])
      && part["tool"] === look.tool && state["status"] === look.status
      && (metadata["background"] === true) === (look.background === true)
  )

const inLine = { tool: "delegate_task", status: "completed" }
const atWork = { tool: "task", status: "completed", background: true }
const done = { tool: "task", status: "completed" }
const failed = { tool: "task", status: "error" }

/** What a story is told with, so that two of them can be compared: everything that is made anew each time has a number. */
const numbered = (texts: ReadonlyArray<string>, root: string): ReadonlyArray<string> => {
  const names = new Map<string, string>()
  const nameOf = (id: string) => {
    const kind = id.split("_")[0] ?? ""
    const name = names.get(id) ?? `${kind}#${[...names.keys()].filter((other) => other.startsWith(kind)).length + 1}`
    names.set(id, name)
    return name
  }
  return texts.map((text) =>
    text.replaceAll(root, "ROOT")
      // On a busy machine a launch is told before it has its session.
      .replace(/\bses_\w+|\(not started\)/g, "SESSION")
      .replace(/\b(?:bg|call)_\w+/g, nameOf)
      .replace(/\b\d+(?:m \d+)?s\b/g, "TIME")
  )
}

/** Where two texts begin to differ, with what stands there; undefined where they are the same. A whole request fills pages. */
const difference = (a: string, b: string) => {
  if (a === b) return undefined
  const at = Array.from(a).findIndex((character, index) => character !== b[index])
  const from = Math.max(0, (at < 0 ? Math.min(a.length, b.length) : at) - 100)
  return { at: from, a: a.slice(from, from + 200), b: b.slice(from, from + 200) }
}

/** One that comes back, one that waits in line for it, one that fails and one that is called off; all requests of the parent. */
const story = Effect.fnUntraced(function*(cards: boolean) {
  const { model, sandbox } = yield* place({ settings: { cards, defaultConcurrency: 1 } })
  const server = yield* OpenCode.serve(sandbox)
  const { asked, noticed, requestsOf, told } = words({ model, server })
  const session = yield* server.newSession("parent")
  const see = (description: string, look: Parameters<typeof cardOf>[3]) =>
    cards ? cardOf(server, session, description, look) : Effect.succeed(objectIn(undefined))
  const say = (...steps: ReadonlyArray<Script.Step>) =>
    server.prompt(session, script(steps, { later: [{ say: "I have heard." }] }))

  yield* say({
    toolCalls: [
      launch("Comes back", script([{ gate: "first", say: "FIRST" }]), { model: "fake/m2" }),
      launch("Waits in line", script([{ gate: "second", say: "SECOND" }]), { model: "fake/m2" }),
      launch("Fails", script([{ gate: "third", fail: { status: 401 } }]), { model: "fake/m3" }),
      launch("Is called off", script([{ hang: true }]), { model: "fake/m4" })
    ]
  }, { say: "Four are out." })
  const looks = {
    comesBack: yield* see("Comes back", atWork),
    waits: yield* see("Waits in line", inLine),
    fails: yield* see("Fails", atWork),
    isCalledOff: yield* see("Is called off", atWork)
  }
  yield* server.idle(session)
  yield* model.openGate("third")
  yield* noticed(session)
  const hasFailed = yield* see("Fails · failed", failed)
  const off = "{{match:Task ID: (bg_\\w+)\\sSession ID: .+\\sDescription: Is called off}}"
  yield* say({ toolCalls: [{ name: "background_cancel", args: { task_id: off } }] }, { say: "Called off." })
  const wasCalledOff = yield* see("Is called off · cancelled", failed)
  yield* server.idle(session)

  yield* model.openGate("first")
  const cameBack = yield* see("Comes back", done)
  const started = yield* see("Waits in line", atWork)
  // It was told of the first, and goes on when the second is at work, too.
  yield* model.waitFor(
    (request) =>
      request.model === "m2" && shown(request).includes("Look everywhere") && request.n > 1
      && request.sessionID !== undefined && request.endedAt === undefined,
    { timeout: patience, what: "the second" }
  )
  yield* server.idle(session)
  yield* model.openGate("second")
  yield* told(session, /ALL BACKGROUND TASKS FINISHED/)
  yield* see("Waits in line", done)
  yield* say({ say: "Goodbye." })
  yield* server.request("POST", `/session/${session}/summarize`, { providerID: "fake", modelID: "m1" })
  yield* asked(session, (request) => lastUser(request).includes("SCRIPT64") && request.endedAt !== undefined)
  const requests = (yield* requestsOf(session)).filter(({ kind }) => kind !== "title")
  return {
    requests,
    bodies: numbered(requests.map(({ body }) => body), sandbox.root),
    looks: { ...looks, hasFailed, wasCalledOff, cameBack, started },
    messages: yield* server.messages(session)
  }
})

/** How a call is stored: what it is called, what is said of it, and what a click opens. */
const seen = (part: Json) => {
  const state = objectIn(part["state"])
  const metadata = objectIn(state["metadata"])
  return {
    tool: part["tool"],
    status: state["status"],
    input: state["input"],
    opens: String(metadata["sessionId"]).startsWith("ses_"),
    spins: metadata["background"] === true
  }
}

/** The session that a click on a card opens. */
const opens = (part: Json): string => String(objectIn(objectIn(part["state"])["metadata"])["sessionId"])

const card = (description: string) => ({ description, agent: "general", subagent_type: "general" })

/** What people are told in words. */
const linesIn = (messages: ReadonlyArray<OpenCode.MessageWithParts>) =>
  messages.flatMap(({ parts }) =>
    parts.flatMap((part) => part.type === "text" && part.ignored === true ? part.text.split("\n") : [])
  )

describe("live cards", () => {
  it.live("what the model is asked is the same to the byte, with cards and without; what people see is not", () =>
    Effect.gen(function*() {
      const plain = yield* Effect.scoped(story(false))
      const drawn = yield* Effect.scoped(story(true))
      assert.isAbove(drawn.bodies.length, 5)
      assert.include(drawn.requests.map(({ kind }) => kind), "summary")
      assert.deepStrictEqual(
        drawn.bodies.map((body, index) => difference(body, plain.bodies[index] ?? "")),
        drawn.bodies.map(() => undefined)
      )
      assert.lengthOf(plain.bodies, drawn.bodies.length)
      // Nothing that was said once is ever said otherwise: what a provider has cached stays good.
      const histories = drawn.requests.filter(({ kind }) => kind !== "summary")
        .map(({ messages }) => messages.map((message) => JSON.stringify(message)))
      for (const [index, history] of histories.entries()) {
        const next = histories[index + 1]
        if (next === undefined) continue
        assert.deepStrictEqual(
          history.map((message, nth) => difference(message, next[nth] ?? "")),
          history.map(() => undefined)
        )
      }

      const { looks } = drawn
      const out = { tool: "task", status: "completed", opens: true, spins: true }
      const ended = { tool: "task", status: "completed", opens: true, spins: false }
      const red = { tool: "task", status: "error", opens: true, spins: false }
      assert.deepStrictEqual(seen(looks.comesBack), { ...out, input: card("Comes back") })
      assert.deepStrictEqual(seen(looks.waits), {
        tool: "delegate_task",
        status: "completed",
        input: { description: "Waits in line", agent: "general", waits: "1st in line for fake/m2" },
        opens: false,
        spins: false
      })
      assert.deepStrictEqual(seen(looks.started), { ...out, input: card("Waits in line") })
      assert.deepStrictEqual(seen(looks.cameBack), { ...ended, input: card("Comes back") })
      assert.deepStrictEqual(seen(looks.hasFailed), { ...red, input: card("Fails · failed") })
      assert.include(JSON.stringify(objectIn(looks.hasFailed["state"])["error"]), "401")
      assert.deepStrictEqual(seen(looks.wasCalledOff), { ...red, input: card("Is called off · cancelled") })
      assert.deepStrictEqual(objectIn(looks.wasCalledOff["state"])["error"], "Cancelled: it was called off.")

      const lines = linesIn(drawn.messages)
      assert.lengthOf(lines.filter((line) => line.startsWith("✗ Fails")), 2, "at once, and in the end")
      assert.lengthOf(lines.filter((line) => line.startsWith("✓ Comes back")), 0, "its card says it")
      assert.lengthOf(lines.filter((line) => line.includes("4 errands back")), 1)
      assert.lengthOf(linesIn(plain.messages).filter((line) => line.startsWith("✓ Comes back")), 1)
    }))
})

layer(world({ settings: { maxDepth: 2, modelConcurrency: { "fake/m3": 1 } } }), live)(
  "cards of other launches",
  (it) => {
    it.effect("a call that waited for its task is a card when it returns, red where there is no answer", () =>
      Effect.gen(function*() {
        const { call, parent, server } = yield* World
        const session = yield* parent
        const ask = (description: string, prompt: string) =>
          call(session, "delegate_task", { description, prompt, agent: "general", background: false })
        assert.include(yield* ask("Is waited for", script([{ say: "HERE" }])), "HERE")
        const back = yield* cardOf(server, session, "Is waited for", done)
        assert.deepInclude(seen(back), { input: card("Is waited for"), opens: true, spins: false })
        yield* ask("Is waited for in vain", script([{ fail: { status: 401 } }]))
        const red = yield* cardOf(server, session, "Is waited for in vain · failed", failed)
        assert.include(String(objectIn(red["state"])["error"]), "401")
      }))

    it.effect("a session that goes on has a card for each call, and only the one that is out spins", () =>
      Effect.gen(function*() {
        const { asked, call, launch, model, parent, server, told } = yield* World
        const session = yield* parent
        const { session: child } = yield* launch(session, script([{ say: "ONE" }]), { description: "Goes on" })
        yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
        yield* cardOf(server, session, "Goes on", done)
        const prompt = script([{ gate: "more", say: "TWO" }])
        yield* call(session, "delegate_task", { session_id: child, prompt })
        yield* asked(child, (request) => lastUser(request) === prompt)
        const again = yield* cardOf(server, session, "Goes on (continued)", atWork)
        assert.strictEqual(opens(again), child)
        const spinning = (yield* server.messages(session)).flatMap(({ parts }) =>
          parts.flatMap((part) =>
            part.type === "tool" && part.state.status === "completed" && part.state.metadata["background"] === true
              ? [part.state.input["description"]]
              : []
          )
        )
        assert.deepStrictEqual(spinning, ["Goes on (continued)"])
        yield* model.openGate("more")
        yield* cardOf(server, session, "Goes on (continued)", done)
        yield* told(session, /TWO/)
      }))

    it.effect("a place in line is told as it is, also when those before have moved on", () =>
      Effect.gen(function*() {
        const { model, parent, server } = yield* World
        const session = yield* parent
        const calls = ["a", "b", "c"].map((gate) =>
          launch(`In line: ${gate}`, script([{ gate, say: gate }]), { model: "fake/m3" })
        )
        const later = [{ say: "Thanks." }, { say: "Thanks." }, { say: "Thanks." }]
        yield* server.promptAsync(session, script([{ toolCalls: calls }, { say: "Three." }], { later }))
        const waits = (description: string, where: string) =>
          stored(server, session, `${description} to wait ${where}`, (_, { input }) =>
            objectIn(input)["description"] === description
            && objectIn(input)["waits"] === `${where} in line for fake/m3`)
        yield* cardOf(server, session, "In line: a", atWork)
        yield* waits("In line: b", "1st")
        yield* waits("In line: c", "2nd")
        yield* model.openGate("a")
        yield* cardOf(server, session, "In line: b", atWork)
        yield* waits("In line: c", "1st")
        yield* model.openGate("b")
        yield* cardOf(server, session, "In line: c", atWork)
        yield* model.openGate("c")
        yield* cardOf(server, session, "In line: c", done)
      }))

    it.effect("a fork of the parent takes no card away from it, and has none that would say what it does not know", () =>
      Effect.gen(function*() {
        const { launch, model, parent, server } = yield* World
        const session = yield* parent
        yield* launch(session, script([{ gate: "fork", say: "DONE" }]), { description: "Is out" })
        const { sessionID } = yield* cardOf(server, session, "Is out", atWork)
        assert.strictEqual(sessionID, session)
        const fork = objectIn((yield* server.request("POST", `/session/${session}/fork`, {})).body)["id"]
        assert.isString(fork)
        yield* server.prompt(String(fork), script([{ say: "I am the fork." }]))
        const copy = yield* stored(
          server,
          String(fork),
          "the copy",
          (_, { input }) => objectIn(input)["waits"] === "in the session that this one was forked from"
        )
        assert.deepInclude(seen(copy), { tool: "delegate_task", opens: false, spins: false })
        yield* model.openGate("fork")
        yield* cardOf(server, session, "Is out", done)
      }))

    it.effect("B13 a task that waits for tasks of its own does not look as if it were done", () =>
      Effect.gen(function*() {
        const { launch, model, parent, server, told } = yield* World
        const session = yield* parent
        const inner = {
          name: "delegate_task",
          args: { description: "Inner", prompt: script([{ gate: "inner", say: "GRAND" }]), agent: "general" }
        }
        const { session: child } = yield* launch(
          session,
          script([{ toolCalls: [inner] }, { say: "NOT YET" }], { later: [{ say: "made of GRAND" }] }),
          { description: "Outer" }
        )
        yield* cardOf(server, child, "Inner", atWork)
        const waits = yield* stored(
          server,
          session,
          "the outer task to wait",
          (_, state) => objectIn(state["input"])["waits"] === "for errands of its own"
        )
        assert.deepInclude(seen(waits), { tool: "delegate_task", status: "completed" })
        yield* model.openGate("inner")
        yield* cardOf(server, child, "Inner", done)
        yield* cardOf(server, session, "Outer", done)
        assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "made of GRAND")
      }))
  }
)

describe("the card of a task whose OpenCode was killed", () => {
  const untilKilled = Effect.fnUntraced(function*(here: Effect.Success<ReturnType<typeof place>>) {
    const server = yield* OpenCode.serve(here.sandbox)
    const { asked, launch } = words({ model: here.model, server })
    const session = yield* server.newSession("parent")
    yield* launch(session, script([{ hang: true }], { later: [{ fail: { status: 401 } }] }), {
      description: "Is cut off"
    })
    yield* asked(opens(yield* cardOf(server, session, "Is cut off", atWork)))
    yield* server.kill("SIGKILL")
    yield* server.exited
    return session
  }, Effect.scoped)

  it.live("D8 is red as soon as OpenCode is there again, where its task does not go on", () =>
    Effect.gen(function*() {
      const here = yield* place({ settings: { onRestart: "report" } })
      const session = yield* untilKilled(here)
      const server = yield* OpenCode.serve(here.sandbox)
      const { state } = yield* cardOf(server, session, "Is cut off · failed", failed)
      assert.include(String(objectIn(state)["error"]), "restart")
    }))

  it.live("D8 lives on with its task where that goes on, and is red when it fails then", () =>
    Effect.gen(function*() {
      const here = yield* place()
      const session = yield* untilKilled(here)
      const server = yield* OpenCode.serve(here.sandbox)
      const { state } = yield* cardOf(server, session, "Is cut off · failed", failed)
      assert.include(String(objectIn(state)["error"]), "401")
    }))

  it.live("is red when its session is used, where nobody knows anything of its task any more", () =>
    Effect.gen(function*() {
      const here = yield* place({ settings: { journal: "memory" } })
      const session = yield* untilKilled(here)
      const server = yield* OpenCode.serve(here.sandbox)
      yield* server.prompt(session, script([{ say: "I am back." }]))
      const { state } = yield* cardOf(server, session, "Is cut off · lost", failed)
      assert.include(String(objectIn(state)["error"]), "Lost when OpenCode stopped")
    }))
})

describe("opencode run", () => {
  it.live("prints a launch once, makes no cards, and shows the model those of others as the calls that they are", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place()
      const session = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* OpenCode.serve(sandbox)
        const session = yield* server.newSession("parent")
        const later = [{ say: "Thanks." }]
        const steps = [{ toolCalls: [launch("Made before", script([{ say: "BEFORE" }]))] }, { say: "Launched." }]
        yield* server.prompt(session, script(steps, { later }))
        yield* words({ model, server }).told(session, /BEFORE/)
        yield* cardOf(server, session, "Made before", done)
        return session
      }))
      const now = launch("Made by run", script([{ say: "NOW" }]))
      const prompt = script([{ toolCalls: [now] }, { say: "Launched." }], { later: [{ say: "Thanks." }] })
      const ran = yield* OpenCode.run(sandbox, ["--format", "json", "--session", session, prompt])
      assert.strictEqual(ran.code, 0, ran.stderr)
      const printed = ran.stdout.split("\n").filter((line) => line.includes("\"tool_use\""))
      assert.lengthOf(printed, 1)
      assert.include(printed[0], "\"tool\":\"delegate_task\"")
      const last = (yield* model.requests).findLast(({ sessionID }) => sessionID === session)
      const called = (last?.messages ?? []).flatMap(({ tool_calls }) => tool_calls ?? [])
      assert.deepStrictEqual(called.map(({ function: { name } }) => name), ["delegate_task", "delegate_task"])
      for (const { function: { arguments: args } } of called) assert.include(args, "Look everywhere")
    }))
})
