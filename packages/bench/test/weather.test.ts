/**
 * How the fake OpenCode is disturbed: weather from a seed, slow answers; and how it is made as new.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { type Duration, Effect } from "effect"
import * as Weather from "../src/server/weather.ts"
import { atRest, child, directory, done, eventually, Fake, fresh, logOf, prompt, real } from "./support/fake.ts"
import { shapes } from "./support/shapes.ts"

describe("Weather from a seed", () => {
  const take = (seed: number, share: number, scale?: number) => {
    const weather = Weather.make({ seed, share, ...(scale === undefined ? {} : { scale }) })
    return Array.from({ length: 200 }, () => ({ fault: weather.fault(), delays: weather.deliver() }))
  }

  it("the same seed gives the same faults, another seed others, and a share of nothing none", () => {
    assert.deepStrictEqual(take(7, 0.5), take(7, 0.5))
    assert.notDeepEqual(take(7, 0.5), take(8, 0.5))
    assert.isTrue(take(7, 0).every(({ delays, fault }) => fault === "ok" && delays.join() === "0"))
    assert.isTrue(take(7, 1).every(({ fault }) => fault !== "ok"))
  })

  it("the scale changes how long everything takes, and nothing else", () => {
    const long = take(3, 1)
    const short = take(3, 1, 0.001)
    assert.deepStrictEqual(
      short.map(({ fault }) => Weather.nameOf(fault)),
      long.map(({ fault }) => Weather.nameOf(fault))
    )
    assert.deepStrictEqual(
      short.map(({ delays }) => delays),
      long.map(({ delays }) => delays.map((delay) => delay * 0.001))
    )
    assert.isTrue(long.some(({ delays }) => delays.some((delay) => delay > 50)))
  })
})

describe("Weather and latency of the fake OpenCode", () => {
  layer(Fake.layer, real)((it) => {
    it.effect("the same seed and the same calls meet the same weather, in every kind that there is", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const root = yield* control.root()
        const forecast = Weather.make({ seed: 11, share: 0.7 })
        const faults = Array.from({ length: 40 }, () => Weather.nameOf(forecast.fault()))
        const call = (patience: Duration.Input) =>
          Effect.tryPromise((signal) => client.session.get({ path: { id: root }, signal })).pipe(
            Effect.map(({ response }) => String(response.status)),
            Effect.orElseSucceed(() => "broke off"),
            Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed("no answer") })
          )
        const storm = Effect.gen(function*() {
          yield* control.phase("storm")
          yield* control.weather({ seed: 11, share: 0.7, scale: 0.000_1 })
          // One after the other: the weather is of their order.
          const found = yield* Effect.forEach(
            faults,
            (fault) => call(fault.startsWith("hang") ? "60 millis" : "20 seconds")
          )
          yield* control.weather(undefined)
          return { found, faults: (yield* control.counted).faults }
        })
        const outcomes: Readonly<Record<string, string>> = {
          ok: "200",
          slow: "200",
          late: "200",
          refuse: "400",
          die: "500",
          fail: "broke off",
          "fail-after": "broke off",
          hang: "no answer",
          "hang-after": "no answer"
        }
        const first = yield* storm
        assert.deepStrictEqual(first.found, faults.map((fault) => outcomes[fault]))
        assert.deepStrictEqual(yield* storm, first)
        assert.deepStrictEqual([...new Set(faults)].toSorted(), Object.keys(outcomes).toSorted())
        assert.strictEqual(yield* call("20 seconds"), "200")
      }))

    it.effect("a call that fails after it was done has been done, and one that fails has not", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        const seedOf = (kind: string) =>
          Array.from({ length: 1_000 }, (_, seed) => seed).find((seed) => {
            const fault = Weather.make({ seed, share: 1 }).fault()
            return Weather.nameOf(fault) === kind
          }) ?? 0
        for (const [kind, reached] of [["fail", 0], ["fail-after", 1]] as const) {
          yield* control.weather({ seed: seedOf(kind), share: 1, scale: 0 })
          const exit = yield* Effect.exit(prompt(root, kind, { noReply: true }))
          yield* control.weather(undefined)
          assert.strictEqual(exit._tag, "Failure", kind)
          const told = (yield* logOf(root, "told")).filter(({ text }) => text === kind)
          assert.strictEqual(told.length, reached, kind)
        }
      }))

    it.effect("the same seed takes the same events away, and both or none of the two that tell that a session is idle", () =>
      Effect.gen(function*() {
        const { control, events, heard } = yield* Fake
        const types = Effect.gen(function*() {
          yield* fresh
          yield* control.weather({ seed: 5, share: 0.5, scale: 0 })
          const before = events.length
          const roots = yield* Effect.replicateEffect(
            Effect.tap(control.root(), (root) => Effect.andThen(control.say(root, "hello"), atRest(root))),
            20
          )
          yield* control.weather(undefined)
          // What was told before this has come when this has.
          const last = yield* control.root()
          yield* eventually(Effect.sync(() => heard(last)), (all) => all.length > 0)
          const ends = roots.map((root) => {
            const says = shapes(heard(root)).map(({ says }) => says)
            return ["session.idle", "session.status idle"].map((one) => says.filter((other) => other === one).length)
          })
          const { faults } = yield* control.counted
          return { types: events.slice(before).map(({ type }) => type), ends, faults }
        })
        const first = yield* types
        assert.deepStrictEqual(yield* types, first)
        assert.deepStrictEqual([...new Set(first.ends.map(String))].toSorted(), ["0,0", "1,1", "2,2"])
        assert.isTrue(Number(first.faults["event lost"]) > 0 && Number(first.faults["event doubled"]) > 0)
      }))

    it.effect("latency holds up every answer to a plugin, and none to the bench", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        // Longer than anybody's patience: the answer cannot have come by chance.
        yield* control.latency(3_600_000)
        const answer = Effect.tryPromise((signal) => client.session.status({ signal }))
        const waited = yield* Effect.timeoutOption(answer, "100 millis")
        assert.strictEqual(waited._tag, "None")
        assert.deepStrictEqual(yield* control.working, [])
        yield* control.latency(0)
        assert.deepStrictEqual((yield* answer).data, {})
      }))

    it.effect("a reset forgets sessions, counters, gates, weather and latency", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const root = yield* control.root()
        const id = yield* child(root)
        yield* prompt(id, [{ do: "stream", ms: 60_000, every: 1 }])
        yield* control.openGate("old")
        yield* control.weather({ seed: 1, share: 1, scale: 1_000 })
        yield* control.latency(3_600_000)
        yield* control.reset({ directory })
        const { events, total } = yield* control.counted
        assert.deepStrictEqual([total.count, events, yield* control.working], [0, {}, []])
        assert.deepStrictEqual((yield* control.log()).entries, [])
        const { data, response } = yield* Effect.tryPromise(() => client.session.get({ path: { id } }))
        assert.deepStrictEqual([data, response.status], [undefined, 404])
        const other = yield* child(yield* control.root())
        yield* prompt(other, [{ do: "gate", name: "old" }, done])
        yield* eventually(control.working, (found) => found.length === 1)
      }))
  })
})
