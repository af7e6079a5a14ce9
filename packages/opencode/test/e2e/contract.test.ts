/**
 * OpenCode, through its adapter, keeps the promises of the port: the same suite that the simulated host passes.
 */
import { describe, layer } from "@effect/vitest"
import type { AgentHost } from "@errand/core"
import { Task } from "@errand/core"
import { HostContract } from "@errand/core/testing"
import { OpenCode, Sandbox, Script, ScriptedModel } from "@errand/lab"
import { Effect, Layer, Schedule } from "effect"
import { Client, Host } from "../../src/host/Client.ts"
import * as Feed from "../../src/host/Feed.ts"
import * as OpenCodeHost from "../../src/host/OpenCodeHost.ts"
import { Sessions } from "../../src/host/Sessions.ts"

const scripts: Record<HostContract.Behaviour, string> = {
  answer: Script.script([{ say: "the answer" }]),
  hang: Script.script([{ hang: true }]),
  empty: Script.script([{ say: "" }]),
  fail: Script.script([{ fail: { status: 401 } }])
}

/** The adapter, outside of OpenCode: its client talks to the server, and the server's event stream feeds it. */
const openCode = Layer.unwrap(Effect.gen(function*() {
  const model = yield* ScriptedModel.make()
  const sandbox = yield* Sandbox.make({ model })
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
  const subject = HostContract.Subject.of({
    root: Effect.orDie(Effect.map(server.newSession("contract"), (id) => Task.SessionId.make(id))),
    agent: "general",
    prompt: (behaviour) => scripts[behaviour],
    pass: (ms) => Effect.sleep(ms),
    turns: (session) =>
      Effect.map(
        model.requests,
        (requests) => requests.filter(({ kind, sessionID }) => kind !== "title" && sessionID === session).length
      )
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
  })
})
