/**
 * The rim, answers: whatever OpenCode's client answers to whatever it is asked, the host's operations give an honest value
 * or an error with a sentence, and what an agent reads of it is clean.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentHost, Task } from "@errand/core"
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk"
import { Arbitrary, Cause, Effect, Exit, Layer, Schema } from "effect"
import { Agents } from "../../src/host/Agents.ts"
import { Client, Host } from "../../src/host/Client.ts"
import * as Feed from "../../src/host/Feed.ts"
import * as OpenCodeHost from "../../src/host/OpenCodeHost.ts"
import { Sessions } from "../../src/host/Sessions.ts"
import { message } from "../../src/text/inline.ts"
import { answered, clean } from "../fixtures.ts"
import { anyJson, below, isPlain, objectOf, oneOf, trickyText } from "./support/arbitraries.ts"
import type { Reply } from "./support/openCode.ts"
import { make } from "./support/plugin.ts"
import { isWhole, linesOf } from "./support/readers.ts"

/** What a call of the SDK's client comes to. */
type Ends = { readonly how: "gives" | "rejects" | "throws"; readonly what: unknown }

/** OpenCode's client, each of whose calls ends like this. */
const clientThat = ({ how, what }: Ends): OpencodeClient => {
  const call = () => {
    if (how === "throws") throw what
    return how === "rejects" ? Promise.reject(what) : Promise.resolve(what)
  }
  const all = new Proxy({}, { get: () => call, has: () => true })
  const client = createOpencodeClient({ baseUrl: "http://opencode.test" })
  for (const part of ["session", "app", "config", "tui", "_client"]) Object.defineProperty(client, part, { value: all })
  return client
}

const hostWith = (client: OpencodeClient) =>
  Layer.mergeAll(OpenCodeHost.layer({ noticeMaxChars: 2_000 }), Agents.layer).pipe(
    Layer.provideMerge(Sessions.layer),
    Layer.provideMerge(Client.layer),
    Layer.provide(Feed.make().layer),
    Layer.provide(Layer.succeed(Host, Host.of({ client, directory: "/project" })))
  )

const session = Task.SessionId.make("ses_1")
const task = answered("it is behind the door")
const notice = { id: "nt_1", kind: "final" as const, wakes: true, tasks: [task], remaining: 0 }
const prompt = { text: "go", agent: "explore", model: { provider: "fake", id: "m1" }, mayLaunch: true }

const isActivity = Schema.is(AgentHost.Activity)
const isCount = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0

/** Every operation, each with what its values must be. */
const operations = Effect.gen(function*() {
  const host = yield* AgentHost.AgentHost
  const agents = yield* Agents
  const client = yield* Client
  const sessions = yield* Sessions
  const isVoid = (value: unknown): boolean => value === undefined
  const check = <A, E>(
    operation: Effect.Effect<A, E>,
    isHonest: (value: A) => boolean
  ): Effect.Effect<{ readonly cause?: Cause.Cause<unknown>; readonly honest: boolean }> =>
    Effect.map(
      Effect.exit(operation),
      (exit) => Exit.isFailure(exit) ? { cause: exit.cause, honest: true } : { honest: isHonest(exit.value) }
    )
  return {
    open: check(
      host.open({ task: task.id, request: task.request, mayLaunch: true }),
      (id) => typeof id === "string" && id !== ""
    ),
    attach: check(host.attach(session), isVoid),
    prompt: check(host.prompt(session, prompt), isVoid),
    abort: check(host.abort(session), isVoid),
    activity: check(host.activity([session]), (all) => [...all].every(([, activity]) => isActivity(activity))),
    transcript: check(
      host.transcript(session, { last: 4 }),
      (all) => all.every(({ role, text }) => typeof text === "string" && (role === "user" || role === "assistant"))
    ),
    todos: check(host.todos(session), isCount),
    parentOf: check(host.parentOf(session), (parent) => parent === undefined || typeof parent === "string"),
    notify: check(host.notify(session, notice), isVoid),
    received: check(host.received(session, "nt_1"), (received) => typeof received === "boolean"),
    find: check(agents.find("explore"), ({ name }) => name.toLowerCase() === "explore"),
    sendable: check(agents.sendable, (all) => all.every(({ name }) => typeof name === "string")),
    models: check(
      agents.models,
      (all) => all.every(({ id, provider }) => typeof id === "string" && provider !== undefined)
    ),
    modelFor: check(
      agents.modelFor(undefined, { name: "explore", mode: "subagent" }, session),
      (model) => model === undefined || typeof model.id === "string"
    ),
    asked: check(
      agents.modelFor("gpt-5", { name: "explore", mode: "subagent" }, session),
      (model) => model === undefined || typeof model.id === "string"
    ),
    voice: check(sessions.voice(session), ({ agent }) => agent === undefined || agent !== ""),
    children: check(client.children(session), (all) => all.every(({ id }) => id !== "")),
    toast: check(client.toast("hello", "info"), isVoid),
    log: check(client.log("info", "hello"), isVoid),
    permission: check(client.rejectPermission("per_\ud800", "no"), isVoid),
    question: check(client.rejectQuestion("que_1"), isVoid)
  }
})

const tags = new Set(["HostError", "SessionGone", "NotAvailable"])

/** The errors that an operation may end with, as what they say. A defect is none. */
const complaintOf = (cause: Cause.Cause<unknown>, name: string): string => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "None") assert.fail(`${name}: ${Cause.pretty(cause)}`)
  const { value } = error
  assert.isTrue(value instanceof Error && tags.has(value.name), `${name}: ${String(value)}`)
  return value instanceof Error ? value.message : ""
}

const messages = objectOf(["info", "parts"], anyJson)
const info = Arbitrary.map(
  objectOf(["id", "role", "agent", "model", "error", "finish", "time", "summary", "mode"], anyJson),
  (more) => ({ id: "msg_1", role: "assistant", time: {}, ...more })
)
const part = Arbitrary.map(
  objectOf(["type", "text", "tool", "state", "metadata", "synthetic", "ignored"], anyJson),
  (more) => ({ type: "text", text: "hello", ...more })
)

/** An error in the forms in which OpenCode puts it. */
const complaint = Arbitrary.map(
  Arbitrary.all({ words: trickyText, nth: Arbitrary.schema(below(4)) }),
  ({ nth, words }): unknown =>
    [words, { message: words }, { name: "BadRequest", data: { message: words } }, { error: [{ message: words }] }][nth]
)

/** The body of an answer: anything, or nearly what was asked for. */
const body = oneOf<unknown>(
  anyJson,
  Arbitrary.array(anyJson, { maxLength: 3 }),
  Arbitrary.array(messages, { maxLength: 2 }),
  Arbitrary.map(
    Arbitrary.all([info, Arbitrary.array(oneOf<unknown>(part, anyJson), { maxLength: 3 })]),
    ([info, parts]) => [
      { info: { id: "msg_0", role: "user", time: {} }, parts: [] },
      { info, parts }
    ]
  ),
  objectOf(["ses_1", "__proto__", "ses_2"], oneOf<unknown>(anyJson, Arbitrary.Constant({ type: "busy" }))),
  objectOf(["id", "parentID", "permission", "metadata", "agent", "model", "providers", "default"], anyJson),
  Arbitrary.array(objectOf(["id", "metadata", "name", "mode", "model", "hidden", "status"], anyJson), { maxLength: 3 })
)

const fine = Arbitrary.map(body, (data): Ends => ({ how: "gives", what: { data, response: { status: 200 } } }))

const ends: Arbitrary.Arbitrary<Ends> = oneOf<Ends>(
  fine,
  fine,
  Arbitrary.map(anyJson, (what): Ends => ({ how: "gives", what })),
  Arbitrary.map(complaint, (error): Ends => ({ how: "gives", what: { error, response: { status: 400 } } })),
  Arbitrary.map(anyJson, (error): Ends => ({ how: "gives", what: { error, response: { status: 500 } } })),
  Arbitrary.map(objectOf(["data", "error", "response"], anyJson), (what): Ends => ({ how: "gives", what })),
  Arbitrary.Constant<Ends>({ how: "gives", what: undefined }),
  Arbitrary.map(anyJson, (what): Ends => ({ how: "rejects", what })),
  Arbitrary.map(anyJson, (what): Ends => ({ how: "throws", what })),
  Arbitrary.map(anyJson, (what): Ends => ({ how: "rejects", what: new Error(JSON.stringify(what)) }))
)

/** Where a sentence has nothing to say that should say something. */
const hole = /answer \(\)|belongs \(\)|started:\./

/** Whether none of these words makes a hole, or anything else that is not said. */
const isSaid = (output: string, words: unknown): boolean =>
  clean(output, words) && (/[().]/.test(JSON.stringify(words) ?? "") || !hole.test(output))

describe("answers of OpenCode's client", () => {
  it.effect.prop(
    "B5 D7 G5 any answer to any call: an honest value, or a typed error with a sentence; never a defect",
    { ends },
    ({ ends }) =>
      Effect.gen(function*() {
        for (const [name, operation] of Object.entries(yield* operations)) {
          const { cause, honest } = yield* operation
          assert.isTrue(honest, name)
          if (cause === undefined) continue
          const words = complaintOf(cause, name)
          assert.notStrictEqual(words.trim(), "", name)
          assert.isTrue(clean(words, ends.what instanceof Error ? ends.what.message : ends.what), `${name}: ${words}`)
          assert.isTrue(isPlain(message(words)))
        }
      }).pipe(Effect.provide(hostWith(clientThat(ends)))),
    { arbitrary: { runs: 200, size: 20 } }
  )

  it.effect("B5 of a transcript with parts that nobody can read, the rest is read", () =>
    Effect.gen(function*() {
      const host = yield* AgentHost.AgentHost
      const [only] = yield* host.transcript(session, { last: 4 })
      assert.deepInclude(only, { text: "the answer", state: "done" })
    }).pipe(Effect.provide(hostWith(clientThat({
      how: "gives",
      what: {
        data: [{
          info: { id: "msg_1", role: "assistant", finish: "stop", time: { completed: 1 } },
          parts: [{ type: "new", tool: null }, { type: "text", text: "the answer" }, "?", {
            type: "tool",
            state: "done"
          }]
        }]
      }
    })))))

  it.effect("B4 of the activities with one that nobody can read, the rest is read", () =>
    Effect.gen(function*() {
      const host = yield* AgentHost.AgentHost
      const all = yield* host.activity([session])
      assert.deepStrictEqual([...all], [["ses_1", "busy"], ["ses_2", "unknown"], ["ses_3", "unknown"]])
    }).pipe(Effect.provide(hostWith(clientThat({
      how: "gives",
      what: { data: { ses_1: { type: "busy" }, ses_2: { type: 7 }, ses_3: null } }
    })))))

  const paths = [
    /^\/session$/,
    /^\/session\/[^/]+$/,
    /prompt_async/,
    /\/message/,
    /\/status/,
    /\/agent/,
    /\/config/,
    /\/todo/,
    /./
  ]
  const spoilt = Arbitrary.map(
    Arbitrary.all({
      nth: Arbitrary.schema(below(paths.length)),
      body: oneOf(body, complaint),
      status: Arbitrary.schema(below(4))
    }),
    ({ body, nth, status }) => {
      const reply: Reply = { status: [200, 200, 400, 500][status] ?? 200, body: body ?? null }
      return { body, overrule: (path: string, own: Reply) => paths[nth]?.test(path) === true ? reply : own }
    }
  )

  const places = [/^\/agent$/, /^\/session$/, /^\/session\/ses_root$/, /prompt_async$/]

  it.effect.prop(
    "D4 D7 an error of OpenCode's, in whatever words and forms: told in one line, without force, and what to do next",
    { complaint, nth: below(places.length), status: Schema.Literals([400, 404, 500]) },
    ({ complaint, nth, status }) =>
      Effect.gen(function*() {
        const { use } = yield* make({ startTimeoutMs: 50, callTimeoutMs: 50 }, {
          overrule: ({ path }, own) => places[nth]?.test(path) === true ? { status, body: complaint } : own
        })
        const output = yield* use("delegate_task", { prompt: "look", agent: "explore", description: "d" })
        isWhole(output)
        if (nth === 0 || nth === 2) assert.lengthOf(linesOf(output), 1)
        assert.match(output, /[Tt]ry again\.|launch it with delegate_task|will notify you/)
        assert.isTrue(isSaid(output, complaint), output)
        assert.notInclude(output, "by a fault in Errand")
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40, size: 15 }, timeout: 60_000 }
  )

  it.effect.prop(
    "G5 D7 whatever one of the calls answers: what the agent reads of its tools is clean, and none of it is a fault",
    { spoilt },
    ({ spoilt }) =>
      Effect.gen(function*() {
        const settings = { startTimeoutMs: 50, callTimeoutMs: 50, abortTimeoutMs: 50, toasts: false }
        const { use } = yield* make(settings, { overrule: ({ path }, own) => spoilt.overrule(path, own) })
        const launched = yield* use("delegate_task", { prompt: "look", agent: "explore" })
        const id = /bg_[0-9a-f]{8}/.exec(launched)?.[0] ?? "bg_00000000"
        for (
          const output of [
            launched,
            yield* use("delegate_task", { prompt: "look", agent: "explore", model: "fake/m2" }),
            yield* use("background_output", { task_id: id }),
            yield* use("background_cancel", { task_id: id }),
            yield* use("background_cancel", { all: true }),
            yield* use("background_output", { task_id: id })
          ]
        ) {
          assert.isTrue(isPlain(output), JSON.stringify(output))
          assert.isTrue(isSaid(output, spoilt.body), output)
          assert.notInclude(output, "by a fault in Errand")
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40, size: 15 }, timeout: 60_000 }
  )
})
