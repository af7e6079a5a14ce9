/**
 * The simulated host keeps the promises that it makes to those who test on it, and has the manners of the real one: the
 * same checks pass on OpenCode.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import { AgentHost } from "../src/AgentHost.ts"
import * as HostContract from "../src/testing/HostContract.ts"
import { manners } from "../src/testing/Manners.ts"
import { SimulatedHost, type Step } from "../src/testing/SimulatedHost.ts"
import { pass } from "./support/world.ts"

const scripts: Readonly<Record<string, ReadonlyArray<Step>>> = {
  ...Object.fromEntries(manners.map(({ name, steps }) => [name, steps("the answer")])),
  hang: [{ do: "hang" }],
  slow: [{ do: "wait", ms: 1_500 }, { do: "say", text: "the answer" }],
  todo: [{ do: "todos", open: 1 }, { do: "say", text: "the answer" }]
}

const claims: HostContract.Claims = {
  behaviours: Object.fromEntries(Object.keys(scripts).map((name) => [name, "whole"])),
  person: ["say", "remove", "reply"]
}

const subject = Layer.effect(HostContract.Subject)(Effect.gen(function*() {
  const host = yield* SimulatedHost
  return HostContract.Subject.of({
    claims,
    root: Effect.flatMap(Random.nextInt, (n) => host.root(`ses_root_${n}`)),
    agent: "general",
    prompt: (behaviour) => ({ text: behaviour }),
    pass,
    turns: (session) => Effect.map(host.turns(session), (turns) => turns.length),
    person: {
      say: host.say,
      remove: host.removeFamily,
      reply: (session, _, reply) => host.answer(session, reply)
    }
  })
})).pipe(Layer.provideMerge(SimulatedHost.layer({
  behave: ({ text }) => scripts[text] ?? [{ do: "say", text: "heard" }]
})))

describe("HostContract on the SimulatedHost", () => {
  for (const check of HostContract.checks) {
    it.effect(check.name, () => Effect.provide(check.run, subject))
  }

  it.effect("every check applies to it, and what does not apply to a poor host is named", () =>
    Effect.gen(function*() {
      const { capabilities } = yield* AgentHost
      assert.deepStrictEqual(
        HostContract.checks.filter((check) => !HostContract.applies(check, capabilities, claims)),
        []
      )
      const check = HostContract.checks.find(({ needs }) => needs.person?.includes("reply"))
      assert.isDefined(check)
      if (check === undefined) return
      assert.deepStrictEqual(
        HostContract.lacks(check, { ...capabilities, transcript: false }, { behaviours: {}, person: [] }),
        ["capability transcript", `behaviour ${check.needs.behaviours?.[0]}`, "person who can reply"]
      )
    }).pipe(Effect.provide(subject)))

  it("promises stand apart from manners: a host that fails in a way of its own is held to what it promises of failing", () => {
    const ofFailing = HostContract.promises.filter(({ needs }) => needs.behaviours?.includes("fail"))
    assert.deepStrictEqual(ofFailing.map(({ name }) => name), [
      "a failed turn is told by an event, with what went wrong",
      "a failed turn leaves a failed message that says why"
    ])
    assert.deepStrictEqual([...HostContract.promises, ...HostContract.manners], HostContract.checks)
  })

  it.effect("a host that breaks a promise is told which one", () =>
    Effect.gen(function*() {
      const host = yield* AgentHost
      const forgetful = Layer.succeed(AgentHost, AgentHost.of({ ...host, received: () => Effect.succeed(false) }))
      const check = HostContract.checks.find(({ name }) => name.startsWith("a quiet notice is kept"))
      assert.isDefined(check)
      if (check === undefined) return
      const broken = yield* Effect.flip(Effect.provide(check.run, forgetful))
      assert.strictEqual(broken.promise, check.name)
    }).pipe(Effect.provide(subject)))
})
