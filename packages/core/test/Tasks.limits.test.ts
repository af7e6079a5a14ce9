import { assert, describe } from "@effect/vitest"
import { Array, Effect, Option } from "effect"
import type { Model } from "../src/Model.ts"
import { failingOnce, hang, inWorld, pass, say, soon, wait, type World } from "./support/world.ts"

const opus: Model = { provider: "anthropic", id: "opus" }
const haiku: Model = { provider: "anthropic", id: "haiku" }
const gpt: Model = { provider: "openai", id: "gpt" }

/** The prompts in the order in which they were given to the host. */
const prompted = ({ callsOf, get, tasks }: World) =>
  Effect.gen(function*() {
    const all = yield* Effect.forEach(yield* tasks.list, get)
    return (yield* callsOf("prompt")).map(({ session }) => all.find((task) => task.session === session)?.request.prompt)
  })

const names = (n: number, prefix = "") => Array.range(1, n).map((i) => `${prefix}${i}`)

describe("a limit", () => {
  inWorld("of one runs five tasks one after another, in order, and never two at once (A1, A4, A13)", {
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, end, host, launch, used } = world
      const all = yield* Effect.forEach(names(5), (name) => launch(name))
      yield* pass(4_500)
      assert.strictEqual(yield* used, 1)
      yield* pass(500)
      assert.deepStrictEqual(yield* Effect.forEach(all, end), Array.replicate("completed", 5))
      assert.deepStrictEqual((yield* callsOf("prompt")).map(({ at }) => at), [0, 1_000, 2_000, 3_000, 4_000])
      assert.deepStrictEqual(yield* prompted(world), names(5))
      assert.strictEqual(yield* host.peak, 1)
      yield* atRest
    }))

  inWorld(
    "lets exactly as many run at once as it says (A1)",
    { settings: { defaultConcurrency: 3 } },
    (world) =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(names(10), (name) => world.launch(name))
        yield* pass(4_000)
        assert.deepStrictEqual(yield* Effect.forEach(all, world.end), Array.replicate("completed", 10))
        assert.strictEqual(yield* world.host.peak, 3)
        yield* world.atRest
      })
  )

  inWorld("of a provider is shared by its models, and other providers do not wait (A10, A13)", {
    settings: { providerConcurrency: { anthropic: 1 } },
    scripts: { slow: [wait(10_000), say("done")] }
  }, ({ atRest, callsOf, host, launch, limits }) =>
    Effect.gen(function*() {
      yield* launch("slow", { model: opus })
      yield* launch("slow", { model: haiku })
      yield* launch("slow", { model: gpt })
      yield* launch("slow")
      yield* pass(0)
      assert.deepStrictEqual((yield* limits.pools).toSorted((a, b) => a.name < b.name ? -1 : 1), [
        { name: "default:@explore", size: 5, used: 1 },
        { name: "default:openai/gpt", size: 5, used: 1 },
        { name: "provider:anthropic", size: 1, used: 1 }
      ])
      yield* pass(20_000)
      assert.deepStrictEqual((yield* callsOf("prompt")).map(({ at }) => at), [0, 0, 0, 10_000])
      assert.strictEqual(yield* host.peak, 3)
      yield* atRest
    }))

  inWorld("over everything binds all models together (A10)", {
    settings: { maxConcurrency: 2, defaultConcurrency: 0 }
  }, ({ atRest, callsOf, host, launch }) =>
    Effect.gen(function*() {
      yield* Effect.forEach([opus, haiku, gpt, opus], (model) => launch("x", { model }))
      yield* pass(2_000)
      assert.deepStrictEqual((yield* callsOf("prompt")).map(({ at }) => at), [0, 0, 1_000, 1_000])
      assert.strictEqual(yield* host.peak, 2)
      yield* atRest
    }))

  inWorld(
    "of 0 is none (A12)",
    { settings: { defaultConcurrency: 0 } },
    ({ atRest, host, launch }) =>
      Effect.gen(function*() {
        yield* Effect.forEach(names(50), (name) => launch(name))
        yield* pass(1_000)
        assert.strictEqual(yield* host.peak, 50)
        yield* atRest
      })
  )

  inWorld(
    "is shared fairly: parents take turns (A13)",
    { settings: { defaultConcurrency: 1 } },
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch } = world
        const other = yield* host.root("ses_other")
        yield* Effect.forEach(names(4, "a"), (name) => launch(name))
        yield* Effect.forEach(names(2, "b"), (name) => launch(name, { parent: other }))
        yield* pass(6_000)
        assert.deepStrictEqual(yield* prompted(world), ["a1", "a2", "b1", "a3", "b2", "a4"])
        yield* atRest
      })
  )
})

describe("a waiting task", () => {
  inWorld("can say which pool it waits for, how full it is, and how many are ahead (G7)", {
    settings: { defaultConcurrency: 2 },
    scripts: { hang: [hang] }
  }, ({ launch, tasks }) =>
    Effect.gen(function*() {
      const running = yield* launch("hang")
      yield* launch("hang")
      const first = yield* launch("first")
      const second = yield* launch("second")
      const waits = (ahead: number) => Option.some({ pool: "default:@explore", used: 2, size: 2, ahead, paused: false })
      assert.strictEqual(second.status, "pending")
      assert.deepStrictEqual(yield* tasks.place(running.id), Option.none())
      assert.deepStrictEqual(yield* tasks.place(first.id), waits(0))
      assert.deepStrictEqual(yield* tasks.place(second.id), waits(1))
      yield* tasks.cancel(first.id)
      assert.deepStrictEqual(yield* tasks.place(second.id), waits(0))
      yield* tasks.cancel(running.id)
      assert.deepStrictEqual(yield* tasks.place(second.id), Option.none())
    }))

  inWorld("that was cancelled never starts, and the others keep their order (A5, A9)", {
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, get, launch, status, tasks } = world
      const all = yield* Effect.forEach(names(6), (name) => launch(name))
      for (const i of [1, 3, 5]) yield* tasks.cancel(all[i]?.id ?? "")
      yield* pass(10_000)
      assert.deepStrictEqual(yield* prompted(world), ["1", "3", "5"])
      assert.deepStrictEqual(
        yield* Effect.forEach(all, end),
        ["completed", "requested", "completed", "requested", "completed", "requested"]
      )
      for (const i of [1, 3, 5]) {
        const task = yield* get(all[i] ?? { id: "" })
        assert.strictEqual(task.startedAt, undefined)
        assert.strictEqual(task.session, undefined)
        assert.strictEqual(yield* status(task), "cancelled")
      }
      yield* atRest
    }))

  inWorld("takes the slot of one that failed to start, without further stimulus (A4, A7)", {
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch } = world
      yield* host.faults(failingOnce("prompt", "hang"))
      const all = yield* Effect.forEach(names(3), (name) => launch(name))
      yield* pass(32_000)
      assert.deepStrictEqual(yield* Effect.forEach(all, end), ["start-failed", "completed", "completed"])
      yield* pass(5_000)
      yield* atRest
    }))
})

describe("limits that change while tasks run", () => {
  inWorld("resize lets more in at once, and a smaller pool drains without stopping anybody (A1, A4)", {
    settings: { defaultConcurrency: 1 },
    scripts: Object.fromEntries(names(8).map((name) => [name, [wait(10_000), say("done")]]))
  }, ({ atRest, callsOf, end, host, launch, limits, used }) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(names(8), (name) => launch(name))
      yield* pass(1_000)
      yield* limits.resize("default:@explore", 3)
      yield* soon
      assert.strictEqual(yield* used, 3)
      yield* pass(1_000)
      yield* limits.resize("default:@explore", 1)
      assert.strictEqual((yield* host.working).length, 3)
      yield* pass(60_000)
      assert.deepStrictEqual(yield* Effect.forEach(all, end), Array.replicate("completed", 8))
      assert.deepStrictEqual(
        (yield* callsOf("prompt")).map(({ at }) => at),
        [0, 1_000, 1_000, 11_000, 21_000, 31_000, 41_000, 51_000]
      )
      yield* atRest
    }))

  inWorld("pause lets nobody in, those who run go on, and resume lets them in", {
    settings: { defaultConcurrency: 2 }
  }, ({ atRest, callsOf, end, launch, limits, tasks }) =>
    Effect.gen(function*() {
      const before = yield* launch("before")
      yield* limits.pause
      const meanwhile = yield* launch("meanwhile")
      yield* pass(60_000)
      assert.strictEqual(yield* end(before), "completed")
      assert.strictEqual(yield* end(meanwhile), "pending")
      const place = yield* tasks.place(meanwhile.id)
      assert.deepStrictEqual(
        Option.map(place, ({ ahead, paused, used }) => [ahead, paused, used]),
        Option.some([0, true, 0])
      )
      yield* limits.resume
      yield* pass(1_000)
      assert.strictEqual(yield* end(meanwhile), "completed")
      assert.deepStrictEqual((yield* callsOf("prompt")).map(({ at }) => at), [0, 60_000])
      yield* atRest
    }))

  inWorld(
    "a pool that was resized before anybody used it keeps its new size",
    {},
    ({ atRest, host, launch, limits }) =>
      Effect.gen(function*() {
        yield* limits.resize("default:@explore", 1)
        yield* Effect.forEach(names(3), (name) => launch(name))
        yield* pass(3_000)
        assert.strictEqual(yield* host.peak, 1)
        yield* atRest
      })
  )

  inWorld("continuing waits for the pools like any other task (A14)", {
    settings: { providerConcurrency: { anthropic: 1 } },
    scripts: { slow: [wait(10_000), say("done")] }
  }, ({ atRest, end, get, host, launch, parent, sessionOf, status, tasks, used }) =>
    Effect.gen(function*() {
      const first = yield* launch("first", { model: opus })
      yield* pass(1_000)
      assert.strictEqual(yield* end(first), "completed")
      assert.strictEqual(yield* used, 0)
      const slow = yield* launch("slow", { model: haiku })
      const again = yield* Effect.orDie(
        tasks.resume({ session: yield* sessionOf(first), prompt: "more", parent })
      )
      assert.deepStrictEqual([again.id, again.status, again.run], [first.id, "pending", 2])
      assert.isTrue(Option.isSome(yield* tasks.place(again.id)))
      yield* pass(10_000)
      assert.strictEqual(yield* status(slow), "completed")
      assert.strictEqual((yield* get(again)).startedAt, 11_000)
      yield* pass(1_000)
      assert.strictEqual(yield* status(again), "completed")
      assert.strictEqual(yield* host.peak, 1)
      yield* atRest
    }))
})
