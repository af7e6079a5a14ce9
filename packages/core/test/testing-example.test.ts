/**
 * The example of `docs/adapters.md` for those who test on the simulated host, as it stands there.
 */
import { assert, it } from "@effect/vitest"
import { Tasks } from "@errand/core"
import { SimulatedHost, Weather } from "@errand/core/testing"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"

const host = SimulatedHost.SimulatedHost.layer({
  behave: ({ text }) =>
    text === "slow"
      ? [{ do: "wait", ms: 60_000 }, { do: "say", text: "at last" }]
      : [{ do: "fail", message: "no such model" }]
})

it.effect("my parent hears of a slow task, in bad weather", () =>
  Effect.gen(function*() {
    const simulated = yield* SimulatedHost.SimulatedHost
    const tasks = yield* Tasks.Tasks
    const parent = yield* simulated.root("ses_me")
    yield* simulated.weather(Weather.make(42))
    const { id } = yield* tasks.launch({ description: "slow", prompt: "slow", agent: "any", parent })
    yield* TestClock.adjust("1 hour")
    const { outcome } = yield* tasks.await(id)
    assert.isDefined(outcome)
    yield* TestClock.adjust("1 hour")
    assert.strictEqual((yield* simulated.notices(parent)).filter(({ wakes }) => wakes).length, 1)
  }).pipe(Effect.provide(Tasks.Tasks.layer.pipe(Layer.provideMerge(host)))))
