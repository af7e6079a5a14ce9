/**
 * The simulated host keeps the promises that it makes to those who test on it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import { AgentHost } from "../src/AgentHost.ts"
import * as HostContract from "../src/testing/HostContract.ts"
import { SimulatedHost, type Step } from "../src/testing/SimulatedHost.ts"

const scripts: Record<HostContract.Behaviour, ReadonlyArray<Step>> = {
  answer: [{ do: "wait", ms: 100 }, { do: "say", text: "the answer" }],
  hang: [{ do: "hang" }],
  empty: [{ do: "say", text: "" }],
  fail: [{ do: "fail", message: "401 from the provider" }]
}

const isBehaviour = (text: string): text is HostContract.Behaviour => text in scripts

const subject = Layer.effect(HostContract.Subject)(Effect.gen(function*() {
  const host = yield* SimulatedHost
  return HostContract.Subject.of({
    root: Effect.flatMap(Random.nextInt, (n) => host.root(`ses_root_${n}`)),
    agent: "general",
    prompt: (behaviour) => behaviour,
    pass: (ms) => TestClock.adjust(ms),
    turns: (session) => Effect.map(host.turns(session), (turns) => turns.length)
  })
})).pipe(Layer.provideMerge(SimulatedHost.layer({
  behave: ({ text }) => isBehaviour(text) ? scripts[text] : scripts.answer
})))

describe("HostContract on the SimulatedHost", () => {
  for (const check of HostContract.checks) {
    it.effect(check.name, () => Effect.provide(check.run, subject))
  }

  it.effect("names the checks that do not apply to a host", () =>
    Effect.gen(function*() {
      const host = yield* AgentHost
      assert.strictEqual(
        HostContract.checks.filter((check) => !HostContract.applies(check, host.capabilities)).length,
        0
      )
      const plain = { ...host.capabilities, transcript: false }
      assert.isAbove(HostContract.checks.filter((check) => !HostContract.applies(check, plain)).length, 3)
    }).pipe(Effect.provide(subject)))

  it.effect("a host that breaks a promise is told which one", () =>
    Effect.gen(function*() {
      const host = yield* AgentHost
      const forgetful = Layer.succeed(AgentHost, AgentHost.of({ ...host, received: () => Effect.succeed(false) }))
      const check = HostContract.checks.find(({ needs }) => needs === "receipts")
      assert.isDefined(check)
      if (check === undefined) return
      const broken = yield* Effect.flip(Effect.provide(check.run, forgetful))
      assert.strictEqual(broken.promise, check.name)
    }).pipe(Effect.provide(subject)))
})
