/**
 * The calls to OpenCode, against a client that behaves as OpenCode's does, and as it may.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task } from "@errand/core"
import { createOpencodeClient } from "@opencode-ai/sdk"
import { Effect } from "effect"
import { Client } from "../src/host/Client.ts"
import { clientWith, layerOf } from "./support/transport.ts"

const session = Task.SessionId.make("ses_1")

describe("calls to OpenCode", () => {
  it.effect("G1 every call names the directory of the instance", () => {
    const { layer, log } = clientWith(({ path }) =>
      path.endsWith("/message/msg_1")
        ? { status: 200, body: { parts: [] } }
        : path === "/global/health"
        ? { status: 200, body: { version: "1.18.33" } }
        : path.endsWith("/message") || path.endsWith("/todo") || path.endsWith("/children")
        ? { status: 200, body: [] }
        : path.endsWith("/status")
        ? { status: 200, body: {} }
        : path === "/config/providers"
        ? { status: 200, body: { providers: [], default: {} } }
        : path === "/agent"
        ? { status: 200, body: [] }
        : path.endsWith("/prompt_async")
        ? { status: 204, body: undefined }
        : path.endsWith("/session") || path.endsWith("/ses_1")
        ? { status: 200, body: { id: "ses_1" } }
        : { status: 200, body: true }
    )
    return Effect.gen(function*() {
      const client = yield* Client
      yield* client.session(session)
      yield* client.createSession({ parentID: "ses_0", title: "t", permission: [], metadata: {} })
      yield* client.children(session)
      yield* client.prompt(session, { parts: [{ type: "text", text: "hello" }] })
      yield* client.abort(session)
      yield* client.statuses
      yield* client.messages(session, 4)
      yield* client.todos(session)
      yield* client.agents
      yield* client.providers
      yield* client.configuredModel.pipe(Effect.ignore)
      yield* client.toast("hello", "info")
      yield* client.log("info", "hello")
      yield* client.rejectPermission("per_1", "no")
      yield* client.rejectQuestion("que_1")
      const address = { session, message: "msg_1", part: "prt_1" }
      yield* client.storedParts(session, 4)
      yield* client.storedPart(address)
      yield* client.rewritePart(address, { id: "prt_1" })
      yield* client.version
      assert.deepStrictEqual([...new Set(log.map(({ directory }) => directory))], ["/project"])
      assert.strictEqual(log.length, 19)
    }).pipe(Effect.provide(layer))
  })

  it.effect("B10 an answer with an error is an error, in OpenCode's own words", () => {
    const { layer } = clientWith(() => ({
      status: 400,
      body: { name: "BadRequest", data: { message: "parts must not be empty" } }
    }))
    return Effect.gen(function*() {
      const client = yield* Client
      const error = yield* Effect.flip(client.abort(session))
      assert.deepInclude(error, {
        _tag: "HostError",
        operation: "abort",
        kind: "refused",
        message: "parts must not be empty"
      })
    }).pipe(Effect.provide(layer))
  })

  it.effect("C2 a server that fails may have done it all the same: its end is unclear", () => {
    const { layer } = clientWith(() => ({ status: 500, body: {} }))
    return Effect.gen(function*() {
      const client = yield* Client
      const error = yield* Effect.flip(client.prompt(session, { parts: [] }))
      assert.deepInclude(error, { _tag: "HostError", kind: "unreachable" })
    }).pipe(Effect.provide(layer))
  })

  it.effect("a session that OpenCode does not know is gone", () => {
    const { layer } = clientWith(() => ({ status: 404, body: { name: "NotFoundError", data: { message: "no" } } }))
    return Effect.gen(function*() {
      const client = yield* Client
      for (
        const call of [client.session(session), client.messages(session, 1), client.prompt(session, { parts: [] })]
      ) {
        const error = yield* Effect.flip(call)
        assert.strictEqual(error._tag, "SessionGone")
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("a transport that breaks is no answer", () => {
    const { layer } = clientWith(() => new Error("socket hang up"))
    return Effect.gen(function*() {
      const client = yield* Client
      const error = yield* Effect.flip(client.statuses)
      assert.deepInclude(error, { _tag: "HostError", kind: "unreachable", message: "socket hang up" })
    }).pipe(Effect.provide(layer))
  })

  it.effect("an answer in another form is an error that says so, not a defect", () => {
    const { layer } = clientWith(() => ({ status: 200, body: { sessions: "all of them" } }))
    return Effect.gen(function*() {
      const client = yield* Client
      const error = yield* Effect.flip(client.messages(session, 1))
      assert.strictEqual(error._tag, "HostError")
      assert.include(error.message, "unknown form")
    }).pipe(Effect.provide(layer))
  })

  it.effect("B20 the client's methods are called on the client: one with private state works", () => {
    class Sessions {
      readonly #calls: Array<string> = []
      async status() {
        this.#calls.push("status")
        return { data: { ses_1: { type: "busy" } }, response: { status: 200 } }
      }
    }
    const own = createOpencodeClient({ baseUrl: "http://opencode.test" })
    Object.defineProperty(own, "session", { value: new Sessions() })
    return Effect.gen(function*() {
      const statuses = yield* Effect.flatMap(Client, (client) => client.statuses)
      assert.deepStrictEqual([...statuses], [["ses_1", "busy"]])
    }).pipe(Effect.provide(layerOf(own)))
  })
})
