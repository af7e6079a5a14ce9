/**
 * The fake OpenCode behaves as the real one: what `HostContract` holds the real one to, through the plugin's own adapter,
 * holds for the fake one as well. What is measured on it is worth as much as that.
 *
 * The checks know nothing of each other, so they all run at once.
 */
import { assert, describe, layer } from "@effect/vitest"
import { AgentHost, Task } from "@errand/core"
import { HostContract, Manners } from "@errand/core/testing"
import { createOpencodeClient } from "@opencode-ai/sdk"
import { Effect, Layer, Schema } from "effect"
import { Client, Host } from "../../opencode/src/host/Client.ts"
import * as Feed from "../../opencode/src/host/Feed.ts"
import * as OpenCodeHost from "../../opencode/src/host/OpenCodeHost.ts"
import { Sessions } from "../../opencode/src/host/Sessions.ts"
import { Script, Server } from "../src/server/index.ts"
import { hear } from "./support/events.ts"

const text = "the answer"
const answer: Script.Step = { do: "say", text }
const decode = Schema.decodeUnknownSync(Schema.Array(Script.Step))

/** These two are for an agent and a model that are not there, as on the real OpenCode. */
const byName: Partial<Record<HostContract.Behaviour, Partial<AgentHost.Prompt>>> = {
  "bad-agent": { agent: "nobody" },
  "bad-model": { model: { provider: "fake", id: "nothing" } }
}

/** The steps of the simulated host, word for word. */
const manners = Object.fromEntries(
  Manners.manners.map(({ name, steps }) => [name, name in byName ? [answer] : decode(steps(text))])
)

const others = {
  hang: [{ do: "hang" }],
  slow: [{ do: "wait", ms: 1_000 }, answer],
  todo: [{ do: "todos", open: 1, done: 1 }, answer]
} satisfies Partial<Record<HostContract.Behaviour, ReadonlyArray<Script.Step>>>

const scripts: Readonly<Record<string, ReadonlyArray<Script.Step>>> = { ...manners, ...others }

const claims: HostContract.Claims = {
  behaviours: {
    ...Object.fromEntries(Object.keys(scripts).map((name) => [name, "whole"])),
    ...Object.fromEntries(
      Manners.manners.filter(({ takes }) => takes !== undefined).map(({ name }) => [name, "beginning"])
    )
  },
  person: ["say", "remove", "reply"]
}

const directory = "/bench/contract"

/** The plugin's adapter on the fake server, which is a process of its own. */
const openCode = Layer.unwrap(Effect.gen(function*() {
  const { control, url } = yield* Server.start
  const feed = Feed.make()
  yield* hear(url, feed.pour, `/event?directory=${directory}`)
  const client = createOpencodeClient({ baseUrl: url, directory })

  const prompt = (behaviour: HostContract.Behaviour) => ({
    text: Script.script(scripts[behaviour] ?? []),
    ...byName[behaviour]
  })
  const subject = HostContract.Subject.of({
    claims,
    root: Effect.orDie(Effect.map(control.root({ directory }), (id) => Task.SessionId.make(id))),
    agent: "general",
    prompt,
    pass: (ms) => Effect.sleep(ms),
    turns: (session) => Effect.orDie(Effect.map(control.session(session), ({ turns }) => turns)),
    person: {
      say: (session, behaviour) => Effect.orDie(control.say(session, prompt(behaviour).text)),
      remove: (session) => Effect.orDie(control.remove(session)),
      reply: (_, ask, reply) => Effect.orDie(control.reply(ask, reply))
    }
  })
  const host: Layer.Layer<AgentHost.AgentHost> = OpenCodeHost.layer({ noticeMaxChars: 2_000 }).pipe(
    Layer.provide(Sessions.layer),
    Layer.provide(Client.layer),
    Layer.provide(feed.layer),
    Layer.provide(Layer.succeed(Host, Host.of({ client, directory })))
  )
  return Layer.merge(host, Layer.succeed(HostContract.Subject, subject))
}))

describe("HostContract on the fake OpenCode", () => {
  layer(openCode, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    for (const check of HostContract.checks) it.effect(check.name, () => check.run, { concurrent: true })

    it.effect("every check applies to it", () =>
      Effect.map(AgentHost.AgentHost, ({ capabilities }) =>
        assert.deepStrictEqual(
          HostContract.checks.flatMap((check) => HostContract.lacks(check, capabilities, claims)),
          []
        )))
  })
})
