/**
 * Live cards in a real OpenCode: what people see of a launch changes with the task, and what the model reads of it never
 * does.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Effect, type Schema } from "effect"
import { isObject, lastUser, patience, place, shown, words } from "./support/b.ts"

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
    text.replaceAll(root, "ROOT").replace(/\b(?:bg|ses|call)_\w+/g, nameOf).replace(/\b\d+(?:m \d+)?s\b/g, "TIME")
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
    cards ? cardOf(server, session, description, look) : Effect.succeed({})
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
  const hasFailed = yield* see("Fails", failed)
  const off = "{{match:Task ID: (bg_\\w+)\\sSession ID: .+\\sDescription: Is called off}}"
  yield* say({ toolCalls: [{ name: "background_cancel", args: { task_id: off } }] }, { say: "Called off." })
  const wasCalledOff = yield* see("Is called off", failed)
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
    opens: /^ses_/.test(String(metadata["sessionId"])),
    spins: metadata["background"] === true
  }
}

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
      assert.deepStrictEqual(seen(looks.hasFailed), { ...red, input: card("Fails") })
      assert.include(JSON.stringify(objectIn(looks.hasFailed["state"])["error"]), "401")
      assert.deepStrictEqual(seen(looks.wasCalledOff), { ...red, input: card("Is called off") })
      assert.deepStrictEqual(objectIn(looks.wasCalledOff["state"])["error"], "Cancelled: it was called off.")

      const lines = linesIn(drawn.messages)
      assert.lengthOf(lines.filter((line) => line.startsWith("✗ Fails")), 2, "at once, and in the end")
      assert.lengthOf(lines.filter((line) => line.startsWith("✓ Comes back")), 0, "its card says it")
      assert.lengthOf(lines.filter((line) => line.includes("4 errands back")), 1)
      assert.lengthOf(linesIn(plain.messages).filter((line) => line.startsWith("✓ Comes back")), 1)
    }))
})
