/**
 * OpenCode, through its adapter, keeps the promises of the port and has the manners that the simulated host copies: the
 * same suite passes on both. What takes minutes on the real one is looked at for its first seconds.
 */
import { assert, describe, layer } from "@effect/vitest"
import { AgentHost, Task } from "@errand/core"
import { HostContract, Manners } from "@errand/core/testing"
import { OpenCode, Sandbox, Script, ScriptedModel } from "@errand/lab"
import { Effect, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { Client, Host } from "../../src/host/Client.ts"
import * as Feed from "../../src/host/Feed.ts"
import * as OpenCodeHost from "../../src/host/OpenCodeHost.ts"
import { Sessions } from "../../src/host/Sessions.ts"

const answer = { say: "the answer" }
const tool = (name: string, args: Readonly<Record<string, string>>): Script.Step => ({ toolCalls: [{ name, args }] })
const bash = (command: string) => tool("bash", { command, description: "-" })
const asking = [bash("echo ask"), answer]
const hour = [{ fail: { status: 429, headers: { "retry-after": "3600" } } }]

/** The context is full: what the provider says then, and as many tokens as make OpenCode see it by itself. */
const tooLong =
  "This model's maximum context length is 200000 tokens. However, your messages resulted in 300000 tokens."
const full = { prompt_tokens: 199_000, completion_tokens: 900 }

const todos = [
  { content: "left", status: "pending", priority: "high" },
  { content: "done", status: "completed", priority: "low" }
]

/** How the scripted model is made to bring each behaviour about. */
const scripts: Readonly<Record<HostContract.Behaviour, ReadonlyArray<Script.Step>>> = {
  answer: [answer],
  cut: [{ ...answer, finish: "length" }],
  tool: [tool("read", { filePath: "opencode.json" }), answer],
  empty: [{ say: "" }],
  fail: [{ fail: { status: 401 } }],
  filter: [{ ...answer, finish: "content_filter" }],
  retry: [{ ...answer, fail: { status: 429, headers: { "retry-after": "1" }, times: 1 } }],
  retries: [{ fail: { status: 429 } }],
  "retry-hour": hour,
  silent: [{ hang: true }],
  overflow: [{
    fail: { status: 400, times: 1, body: { error: { message: tooLong, code: "context_length_exceeded" } } }
  }],
  fill: [{ ...answer, usage: full }],
  "bad-agent": [answer],
  "bad-model": [answer],
  ask: asking,
  allowed: asking,
  refused: asking,
  corrected: asking,
  abort: [{ hang: true }],
  "abort-writing": [{ stall: true }],
  "abort-tool": [bash("sleep 20"), answer],
  "abort-retry": hour,
  remove: [{ hang: true }],
  hang: [{ hang: true }],
  slow: [{ ...answer, delay: 2_000 }],
  todo: [{ toolCalls: [{ name: "todowrite", args: { todos } }] }, answer]
}

/** To whom it must be said, if not to the agent that all is said to. */
const to: Partial<Record<HostContract.Behaviour, Partial<AgentHost.Prompt>>> = {
  "bad-agent": { agent: "nobody" },
  "bad-model": { model: { provider: "fake", id: "nothing" } },
  todo: { agent: "build" }
}

const claims: HostContract.Claims = {
  behaviours: {
    ...Object.fromEntries(Object.keys(scripts).map((name) => [name, "whole"])),
    ...Object.fromEntries(
      Manners.manners.filter(({ takes }) => takes !== undefined).map(({ name }) => [name, "beginning"])
    )
  },
  person: ["say", "remove", "reply"]
}

/** The adapter, outside of OpenCode: its client talks to the server, and the server's event stream feeds it. */
const openCode = Layer.unwrap(Effect.gen(function*() {
  const model = yield* ScriptedModel.make({
    onMessage: [{ when: /Continue if you have next steps/, steps: [{ say: Manners.afterSummary }] }]
  })
  const sandbox = yield* Sandbox.make({
    model,
    config: { permission: { bash: { "*": "allow", "echo ask*": "ask" } } }
  })
  const server = yield* OpenCode.serve(sandbox)
  const feed = Feed.make()
  let poured = 0
  yield* server.events.pipe(
    Effect.map((events) => {
      for (const event of events.slice(poured)) feed.pour(event)
      poured = events.length
    }),
    Effect.repeat(Schedule.spaced("20 millis")),
    Effect.forkScoped
  )
  // The first turn of a server takes seconds: an abort in them looks different.
  yield* server.prompt(yield* server.newSession("warm"), Script.script([answer]), { agent: "general" })

  const prompt = (behaviour: HostContract.Behaviour) => ({
    text: Script.script(scripts[behaviour], { name: behaviour }),
    ...to[behaviour]
  })
  const subject = HostContract.Subject.of({
    claims,
    root: Effect.orDie(Effect.map(server.newSession("contract"), (id) => Task.SessionId.make(id))),
    agent: "general",
    prompt,
    pass: (ms) => Effect.sleep(ms),
    turns: (session) =>
      Effect.map(
        model.requests,
        (requests) =>
          requests.filter(({ kind, sessionID }) => kind !== "title" && kind !== "summary" && sessionID === session)
            .length
      ),
    person: {
      say: (session, behaviour) => Effect.orDie(server.promptAsync(session, prompt(behaviour).text)),
      remove: (session) => Effect.orDie(server.request("DELETE", `/session/${session}`)),
      reply: (_, ask, reply) =>
        Effect.orDie(server.request(
          "POST",
          `/permission/${ask}/reply`,
          reply === "allow"
            ? { reply: "once" }
            : { reply: "reject", ...(reply === "refuse" ? {} : { message: reply.word }) }
        ))
    }
  })
  const host: Layer.Layer<AgentHost.AgentHost> = OpenCodeHost.layer({ noticeMaxChars: 2_000 }).pipe(
    Layer.provide(Sessions.layer),
    Layer.provide(Client.layer),
    Layer.provide(feed.layer),
    Layer.provide(Layer.succeed(Host, Host.of({ client: server.client, directory: sandbox.project })))
  )
  return Layer.merge(host, Layer.succeed(HostContract.Subject, subject))
}))

describe("HostContract on the real OpenCode", () => {
  layer(openCode, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    for (const check of HostContract.checks) it.effect(check.name, () => check.run)

    it.effect("a notice is told of once it stands in its session: until then nothing of it would survive a crash (D8, C1)", () =>
      Effect.gen(function*() {
        const host = yield* AgentHost.AgentHost
        const { root } = yield* HostContract.Subject
        for (const wakes of [false, true]) {
          const parent = yield* root
          const notice = { id: `nt_${wakes}`, kind: "final" as const, tasks: [], remaining: 0, wakes }
          const told = yield* Effect.forkChild(
            host.events.pipe(
              Stream.filter((event) => event._tag === "Received" && event.session === parent),
              Stream.runHead
            ),
            { startImmediately: true }
          )
          yield* host.notify(parent, notice)
          assert.deepStrictEqual(
            yield* Fiber.join(told),
            Option.some({ _tag: "Received" as const, session: parent, notice: notice.id })
          )
          assert.isTrue(yield* host.received(parent, notice.id))
        }
      }))

    it.effect("every check applies to it", () =>
      Effect.map(AgentHost.AgentHost, ({ capabilities }) =>
        assert.deepStrictEqual(
          HostContract.checks.flatMap((check) => HostContract.lacks(check, capabilities, claims)),
          []
        )))
  })
})
