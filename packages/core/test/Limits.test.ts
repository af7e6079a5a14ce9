import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Deferred,
  Effect,
  Exit,
  Fiber,
  type Layer,
  Option,
  Ref,
  Scheduler,
  Schema,
  type Scope,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import { type Claim, Limits, type Loan } from "../src/Limits.ts"
import * as Models from "../src/Model.ts"
import { poolsOf } from "../src/Pools.ts"
import * as Settings from "../src/Settings.ts"
import { below, patient, sequence, thorough } from "./support/arbitraries.ts"
import { shared } from "./support/slots.ts"

/** Everything that needs no time happens. */
const soon = Effect.repeat(Effect.yieldNow, { times: 30 })

const pass = (ms: number) => Effect.andThen(soon, Effect.andThen(TestClock.adjust(ms), soon))

const model = (name: string): Models.Model => Option.getOrThrow(Models.parse(name))

const claim = (id: string, name: string, parent = "root"): Claim => ({
  id,
  parent,
  model: model(name),
  agent: "explore"
})

/** Somebody who wants slots, holds them until told to let go, and may lend them meanwhile. */
interface Somebody {
  readonly id: string
  readonly fiber: Fiber.Fiber<string, string>
  readonly isIn: Effect.Effect<boolean>
  /** Ends the effect that runs in the slots. */
  readonly finish: (exit: Exit.Exit<string, string>) => Effect.Effect<void>
}

const somebody = Effect.fnUntraced(function*(claim: Claim): Effect.fn.Return<Somebody, never, Limits | Scope.Scope> {
  const limits = yield* Limits
  const entered = yield* Deferred.make<void>()
  const end = yield* Deferred.make<string, string>()
  const fiber = yield* Effect.forkScoped(
    Effect.andThen(Deferred.succeed(entered, undefined), Deferred.await(end)).pipe(limits.withSlots(claim))
  )
  yield* soon
  return {
    id: claim.id,
    fiber,
    isIn: Deferred.isDone(entered),
    finish: (exit) => Effect.andThen(Deferred.done(end, exit), soon)
  }
})

const used = Effect.gen(function*() {
  const { pools } = yield* Limits
  return Object.fromEntries((yield* pools).map(({ name, used }) => [name, used]))
})

const isIn = (all: ReadonlyArray<Somebody>) => Effect.forEach(all, ({ isIn }) => isIn)

/** Over what limits hold: the same is true of all. */
const kinds: Readonly<Record<string, Layer.Layer<Limits>>> = { "in this process": Limits.layer, "shared": shared }

const withLimits = <A, E>(
  name: string,
  settings: Partial<Settings.Settings>,
  story: (limits: Limits["Service"]) => Effect.Effect<A, E, Limits | Scope.Scope>
) => {
  for (const [kind, layer] of Object.entries(kinds)) {
    it.effect(`${name} (${kind})`, () =>
      Effect.flatMap(Limits, story).pipe(
        Effect.provide(layer),
        Effect.provideService(Settings.Current, { ...Settings.defaults, ...settings })
      ))
  }
}

const one = { modelConcurrency: { opus: 1 } }
const opus = "anthropic/opus"

describe("withSlots", () => {
  withLimits(
    "A1 lets in as many as the limit says, and the next one waits",
    { modelConcurrency: { opus: 2 } },
    () =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(["a", "b", "c"], (id) => somebody(claim(id, opus)))
        assert.deepStrictEqual(yield* isIn(all), [true, true, false])
        assert.deepStrictEqual(yield* used, { "model:opus": 2 })
        yield* pass(3_600_000)
        assert.deepStrictEqual(yield* isIn(all), [true, true, false], "time alone lets nobody in")
        yield* all[0]?.finish(Exit.succeed("done")) ?? Effect.void
        assert.deepStrictEqual(yield* isIn(all), [true, true, true])
      })
  )

  for (
    const [how, end] of [
      ["a success", (first: Somebody) => first.finish(Exit.succeed("done"))],
      ["a failure", (first: Somebody) => first.finish(Exit.fail("no"))],
      ["a defect", (first: Somebody) => first.finish(Exit.die("broken"))],
      ["an interruption while it runs", (first: Somebody) => Effect.andThen(Fiber.interrupt(first.fiber), soon)]
    ] as const
  ) {
    withLimits(
      `A1 A2 ${how} releases each slot exactly once`,
      { ...one, maxConcurrency: 1 },
      () =>
        Effect.gen(function*() {
          const first = yield* somebody(claim("first", opus))
          const [second, third] = yield* Effect.all([somebody(claim("second", opus)), somebody(claim("third", opus))])
          assert.deepStrictEqual(yield* used, { "model:opus": 1, total: 1 })
          yield* end(first)
          // One slot was released, so one of the two is in, not both.
          assert.deepStrictEqual(yield* isIn([second, third]), [true, false])
          assert.deepStrictEqual(yield* used, { "model:opus": 1, total: 1 })
          yield* second.finish(Exit.succeed("done"))
          yield* third.finish(Exit.succeed("done"))
          assert.deepStrictEqual(yield* used, { "model:opus": 0, total: 0 })
        })
    )
  }

  withLimits(
    "A1 A5 an interruption while it waits takes it out of the line, and nobody else",
    one,
    (limits) =>
      Effect.gen(function*() {
        const first = yield* somebody(claim("first", opus))
        const rest = yield* Effect.forEach(["b", "c", "d"], (id) => somebody(claim(id, opus)))
        const [b, c, d] = rest
        if (b === undefined || c === undefined || d === undefined) return assert.fail("there are three")
        yield* Fiber.interrupt(c.fiber)
        assert.isTrue(Option.isNone(yield* limits.place("c")))
        assert.deepStrictEqual(Option.map(yield* limits.place("d"), ({ ahead }) => ahead), Option.some(1))
        yield* first.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* isIn(rest), [true, false, false])
        yield* b.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* isIn(rest), [true, false, true])
        yield* d.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits("passes on what the effect ends with", one, (limits) =>
    Effect.gen(function*() {
      const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.exit(limits.withSlots(claim("x", opus))(effect))
      assert.deepStrictEqual(yield* run(Effect.succeed(1)), Exit.succeed(1))
      assert.deepStrictEqual(yield* run(Effect.fail("no")), Exit.fail("no"))
      assert.deepStrictEqual(yield* run(Effect.die("broken")), Exit.die("broken"))
    }))

  withLimits(
    "A10 a provider's limit bounds the sum over its models, and does not hold back another provider",
    { providerConcurrency: { anthropic: 2 } },
    () =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(
          [opus, "anthropic/haiku", "anthropic/sonnet", "openai/gpt"],
          (name) => somebody(claim(name, name))
        )
        assert.deepStrictEqual(yield* isIn(all), [true, true, false, true])
      })
  )

  withLimits(
    "A10 layered: all limits bind at once, and who waits for one holds no other",
    { ...one, providerConcurrency: { anthropic: 2 }, concurrencyPolicy: "layered" },
    () =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(["a", "b"], (id) => somebody(claim(id, opus)))
        assert.deepStrictEqual(yield* isIn(all), [true, false])
        // The second waits for its model and leaves the provider's other slot to whoever can use it.
        const other = yield* somebody(claim("c", "anthropic/haiku"))
        assert.isTrue(yield* other.isIn)
        assert.deepStrictEqual(yield* used, { "model:opus": 1, "default:anthropic/haiku": 1, "provider:anthropic": 2 })
      })
  )

  withLimits("A10 maxConcurrency binds over everything", { maxConcurrency: 2 }, () =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach([opus, "openai/gpt", "google/gemini"], (name) => somebody(claim(name, name)))
      assert.deepStrictEqual(yield* isIn(all), [true, true, false])
    }))

  withLimits(
    "A12 0 lets everybody in, and the counts stay true",
    { defaultConcurrency: 0 },
    (limits) =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, n) => `${n}`),
          (id) => somebody(claim(id, opus))
        )
        assert.isTrue((yield* isIn(all)).every((isIn) => isIn))
        assert.deepStrictEqual(yield* limits.pools, [
          { name: "default:anthropic/opus", used: 40, size: Number.POSITIVE_INFINITY }
        ])
        yield* Effect.forEach(all, ({ finish }) => finish(Exit.succeed("done")), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* used, { "default:anthropic/opus": 0 })
      })
  )

  withLimits(
    "A13 parents take turns: fifty of one do not keep two of another waiting for all of them",
    one,
    () =>
      Effect.gen(function*() {
        const order: Array<string> = []
        const limits = yield* Limits
        const enter = (id: string, parent: string) =>
          Effect.andThen(Effect.sync(() => order.push(id)), Effect.sleep(1)).pipe(
            limits.withSlots(claim(id, opus, parent)),
            Effect.forkScoped
          )
        yield* Effect.forEach(Array.from({ length: 50 }, (_, n) => n), (n) => enter(`greedy ${n}`, "greedy"))
        yield* Effect.forEach([0, 1], (n) => enter(`modest ${n}`, "modest"))
        yield* pass(0)
        for (let n = 0; n < 60; n++) yield* pass(1)
        assert.strictEqual(order.length, 52)
        assert.isBelow(order.indexOf("modest 1"), 5)
      })
  )
})

describe("place", () => {
  withLimits(
    "G7 says which pool is waited for, how full it is, and how many are ahead",
    one,
    (limits) =>
      Effect.gen(function*() {
        yield* Effect.forEach(["a", "b", "c"], (id) => somebody(claim(id, opus)))
        assert.deepStrictEqual(yield* limits.place("a"), Option.none())
        const at = (ahead: number) => Option.some({ pool: "model:opus", used: 1, size: 1, ahead, paused: false })
        assert.deepStrictEqual([yield* limits.place("b"), yield* limits.place("c")], [at(0), at(1)])
        assert.deepStrictEqual(yield* limits.place("nobody"), Option.none())
      })
  )

  withLimits(
    "G7 names the pool that is full, not the first that binds",
    { modelConcurrency: { opus: 5 }, maxConcurrency: 1 },
    (limits) =>
      Effect.gen(function*() {
        yield* Effect.forEach(["a", "b"], (id) => somebody(claim(id, opus)))
        assert.deepStrictEqual(
          yield* limits.place("b"),
          Option.some({ pool: "total", used: 1, size: 1, ahead: 0, paused: false })
        )
      })
  )
})

describe("resize", () => {
  for (const limit of [-1, 1.5, Number.NaN]) {
    it.effect(`A4 A12 to ${limit} is refused in words: it would keep everybody waiting, or hold back nobody`, () =>
      Effect.gen(function*() {
        const limits = yield* Limits
        const exit = yield* Effect.exit(limits.resize("model:opus", limit))
        assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", `${limit} is no limit of model:opus`)
        assert.deepStrictEqual(yield* limits.pools, [])
      }).pipe(Effect.provide(Limits.layer)))
  }

  withLimits("up lets in those who wait, at once", one, (limits) =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach(["a", "b", "c", "d"], (id) => somebody(claim(id, opus)))
      yield* limits.resize("model:opus", 3)
      yield* soon
      assert.deepStrictEqual(yield* isIn(all), [true, true, true, false])
      yield* limits.resize("model:opus", 0)
      yield* soon
      assert.deepStrictEqual(yield* isIn(all), [true, true, true, true])
    }))

  withLimits(
    "A1 down sends nobody away: the pool drains to its new size",
    { modelConcurrency: { opus: 3 } },
    (limits) =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(["a", "b", "c", "d", "e"], (id) => somebody(claim(id, opus)))
        yield* limits.resize("model:opus", 1)
        assert.deepStrictEqual(yield* limits.pools, [{ name: "model:opus", used: 3, size: 1 }])
        const [a, b, c] = all
        if (a === undefined || b === undefined || c === undefined) return assert.fail("there are five")
        yield* a.finish(Exit.succeed("done"))
        yield* b.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* isIn(all), [true, true, true, false, false])
        yield* c.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* isIn(all), [true, true, true, true, false])
        assert.deepStrictEqual(yield* limits.pools, [{ name: "model:opus", used: 1, size: 1 }])
      })
  )

  withLimits("of a pool that nobody has used yet is remembered", {}, (limits) =>
    Effect.gen(function*() {
      yield* limits.resize("default:anthropic/opus", 1)
      const all = yield* Effect.forEach(["a", "b"], (id) => somebody(claim(id, opus)))
      assert.deepStrictEqual(yield* isIn(all), [true, false])
      assert.deepStrictEqual(yield* limits.pools, [{ name: "default:anthropic/opus", used: 1, size: 1 }])
    }))
})

describe("pause", () => {
  withLimits(
    "lets nobody in, and lets those who run go on; resume lets in everybody who may",
    one,
    (limits) =>
      Effect.gen(function*() {
        const first = yield* somebody(claim("first", opus))
        yield* limits.pause
        const second = yield* somebody(claim("second", opus))
        const other = yield* somebody(claim("other", "openai/gpt"))
        yield* first.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* Fiber.join(first.fiber), "done")
        assert.deepStrictEqual(yield* isIn([second, other]), [false, false])
        assert.deepStrictEqual(
          yield* limits.place("second"),
          Option.some({ pool: "model:opus", used: 0, size: 1, ahead: 0, paused: true })
        )
        yield* limits.resume
        yield* soon
        assert.deepStrictEqual(yield* isIn([second, other]), [true, true])
      })
  )

  withLimits(
    "does not keep the slots from a task that lent them: it runs, and goes on",
    one,
    (limits) =>
      Effect.gen(function*() {
        const lent = yield* Effect.forkScoped(
          limits.lend("parent")(Effect.sleep(1_000)).pipe(limits.withSlots(claim("parent", opus)))
        )
        yield* soon
        yield* limits.pause
        yield* pass(1_000)
        assert.deepStrictEqual(lent.pollUnsafe(), Exit.void)
      })
  )
})

describe("lend", () => {
  withLimits(
    "A15 slots are free while they are lent, and back before the effect returns",
    one,
    (limits) =>
      Effect.gen(function*() {
        const during = yield* Ref.make<ReadonlyArray<number | undefined>>([])
        const note = Effect.flatMap(used, (all) => Ref.update(during, (seen) => [...seen, all["model:opus"]]))
        yield* Effect.gen(function*() {
          yield* note
          yield* limits.lend("x")(note)
          yield* note
        }).pipe(limits.withSlots(claim("x", opus)))
        assert.deepStrictEqual(yield* Ref.get(during), [1, 0, 1])
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits(
    "A15 with a limit of one, a task that waits for a child of the same pool gets somewhere",
    one,
    (limits) =>
      Effect.gen(function*() {
        const child = Effect.as(Effect.sleep(1_000), "from the child").pipe(limits.withSlots(claim("child", opus)))
        const parent = yield* Effect.forkScoped(
          limits.lend("parent")(child).pipe(limits.withSlots(claim("parent", opus)))
        )
        yield* pass(1_000)
        assert.deepStrictEqual(parent.pollUnsafe(), Exit.succeed("from the child"))
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits(
    "comes back in front of everybody who waits, but sends nobody away",
    one,
    (limits) =>
      Effect.gen(function*() {
        const back = yield* Deferred.make<void>()
        const lender = yield* Effect.forkScoped(
          limits.lend("lender")(Deferred.await(back)).pipe(limits.withSlots(claim("lender", opus)))
        )
        yield* soon
        const all = yield* Effect.forEach(["a", "b", "c"], (id) => somebody(claim(id, opus, id)))
        assert.deepStrictEqual(yield* isIn(all), [true, false, false])
        yield* Deferred.succeed(back, undefined)
        yield* soon
        // The first of them runs in the slot that was lent.
        assert.isUndefined(lender.pollUnsafe())
        assert.deepStrictEqual(Option.map(yield* limits.place("lender"), ({ ahead }) => ahead), Option.some(0))
        assert.deepStrictEqual(Option.map(yield* limits.place("b"), ({ ahead }) => ahead), Option.some(1))
        yield* all[0]?.finish(Exit.succeed("done")) ?? Effect.void
        assert.deepStrictEqual(lender.pollUnsafe(), Exit.void)
        assert.deepStrictEqual(yield* isIn(all), [true, true, false])
      })
  )

  withLimits("two at once: the slots are away until the last one is done", one, (limits) =>
    Effect.gen(function*() {
      const during: Array<number | undefined> = []
      const note = Effect.flatMap(used, (all) => Effect.sync(() => during.push(all["model:opus"])))
      yield* Effect.gen(function*() {
        const short = yield* Effect.forkChild(limits.lend("x")(Effect.sleep(1_000)))
        const long = yield* Effect.forkChild(limits.lend("x")(Effect.sleep(5_000)))
        yield* pass(1_000)
        yield* note
        assert.isUndefined(short.pollUnsafe(), "it returns when the slots are back, and they are not")
        yield* pass(4_000)
        yield* note
        assert.deepStrictEqual([short.pollUnsafe(), long.pollUnsafe()], [Exit.void, Exit.void])
      }).pipe(limits.withSlots(claim("x", opus)))
      assert.deepStrictEqual(during, [0, 1])
      assert.deepStrictEqual(yield* used, { "model:opus": 0 })
    }))

  withLimits(
    "A13 two at once: nobody stands in line for slots while they are still lent",
    one,
    (limits) =>
      Effect.gen(function*() {
        const lender = yield* Effect.forkScoped(
          Effect.all([limits.lend("lender")(Effect.sleep(1_000)), limits.lend("lender")(Effect.sleep(5_000))], {
            concurrency: 2
          }).pipe(limits.withSlots(claim("lender", opus)))
        )
        yield* soon
        const other = yield* somebody(claim("other", opus))
        assert.isTrue(yield* other.isIn)
        yield* pass(1_000)
        assert.isTrue(Option.isNone(yield* limits.place("lender")), "one of the two is still out")
        yield* pass(4_000)
        assert.isTrue(Option.isSome(yield* limits.place("lender")))
        yield* other.finish(Exit.succeed("done"))
        assert.isDefined(lender.pollUnsafe())
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits(
    "again while the slots are on their way back: they stay away until the last one is done",
    one,
    (limits) =>
      Effect.gen(function*() {
        const first = yield* Deferred.make<void>()
        const second = yield* Deferred.make<void>()
        const again = yield* Deferred.make<void>()
        const lender = yield* Effect.forkScoped(
          Effect.gen(function*() {
            const one = yield* Effect.forkChild(limits.lend("lender")(Deferred.await(first)))
            yield* Deferred.await(again)
            const two = yield* Effect.forkChild(limits.lend("lender")(Deferred.await(second)))
            yield* Fiber.join(one)
            yield* Fiber.join(two)
          }).pipe(limits.withSlots(claim("lender", opus)))
        )
        yield* soon
        const other = yield* somebody(claim("other", opus))
        assert.isTrue(yield* other.isIn)
        yield* Deferred.succeed(first, undefined)
        yield* soon
        assert.isTrue(Option.isSome(yield* limits.place("lender")), "on their way back")
        yield* Deferred.succeed(again, undefined)
        yield* soon
        yield* other.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
        const third = yield* somebody(claim("third", opus))
        assert.isTrue(yield* third.isIn)
        yield* third.finish(Exit.succeed("done"))
        assert.isUndefined(lender.pollUnsafe())
        yield* Deferred.succeed(second, undefined)
        yield* soon
        assert.deepStrictEqual(lender.pollUnsafe(), Exit.void)
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits(
    "A2 an interruption brings the slots back to the claim, which goes on",
    one,
    (limits) =>
      Effect.gen(function*() {
        yield* Effect.gen(function*() {
          const waiting = yield* Effect.forkChild(limits.lend("x")(Effect.never))
          yield* soon
          assert.deepStrictEqual(yield* used, { "model:opus": 0 })
          yield* Fiber.interrupt(waiting)
          yield* limits.restored("x")
          assert.deepStrictEqual(yield* used, { "model:opus": 1 })
        }).pipe(limits.withSlots(claim("x", opus)))
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits(
    "A1 a failure comes with the slots as well: nothing of the claim runs without them",
    one,
    (limits) =>
      Effect.gen(function*() {
        const after = yield* Effect.gen(function*() {
          yield* Effect.forkScoped(Effect.sleep(1_000).pipe(limits.withSlots(claim("other", opus))))
          yield* Effect.exit(limits.lend("x")(Effect.andThen(Effect.sleep(500), Effect.fail("no"))))
          return { used: yield* used, at: yield* Clock.currentTimeMillis }
        }).pipe(limits.withSlots(claim("x", opus)), Effect.forkScoped)
        yield* pass(500)
        yield* pass(500)
        assert.deepStrictEqual(after.pollUnsafe(), Exit.succeed({ used: { "model:opus": 1 }, at: 1_000 }))
      })
  )

  withLimits(
    "A2 the claim may end while its slots are lent: nothing is left, and the lender is not kept",
    one,
    (limits) =>
      Effect.gen(function*() {
        const back = yield* Deferred.make<void>()
        const claimed = yield* Effect.forkScoped(Effect.never.pipe(limits.withSlots(claim("x", opus))))
        yield* soon
        const lender = yield* Effect.forkScoped(limits.lend("x")(Deferred.await(back)))
        yield* soon
        const restored = yield* Effect.forkScoped(limits.restored("x"))
        yield* soon
        assert.isUndefined(restored.pollUnsafe())
        yield* Fiber.interrupt(claimed)
        yield* soon
        assert.deepStrictEqual(restored.pollUnsafe(), Exit.succeed(false))
        yield* limits.restored("x")
        const other = yield* somebody(claim("other", opus))
        assert.isTrue(yield* other.isIn)
        yield* Deferred.succeed(back, undefined)
        yield* soon
        assert.deepStrictEqual(lender.pollUnsafe(), Exit.void)
        assert.deepStrictEqual(yield* used, { "model:opus": 1 })
        yield* other.finish(Exit.succeed("done"))
        assert.deepStrictEqual(yield* used, { "model:opus": 0 })
      })
  )

  withLimits("A2 the claim may end while its slots are on their way back", one, (limits) =>
    Effect.gen(function*() {
      const back = yield* Deferred.make<void>()
      const lender = yield* Effect.forkScoped(
        limits.lend("x")(Deferred.await(back)).pipe(limits.withSlots(claim("x", opus)))
      )
      yield* soon
      const other = yield* somebody(claim("other", opus))
      yield* Deferred.succeed(back, undefined)
      yield* soon
      yield* Fiber.interrupt(lender)
      assert.isTrue(Option.isNone(yield* limits.place("x")))
      assert.deepStrictEqual(yield* used, { "model:opus": 1 })
      yield* other.finish(Exit.succeed("done"))
      assert.deepStrictEqual(yield* used, { "model:opus": 0 })
    }))

  withLimits(
    "by somebody who holds no slots just runs, and `restored` and `away` know nothing of them",
    one,
    (limits) =>
      Effect.gen(function*() {
        const first = yield* somebody(claim("first", opus))
        const waiting = yield* somebody(claim("waiting", opus))
        assert.strictEqual(yield* limits.lend("nobody")(Effect.succeed("ran")), "ran")
        assert.strictEqual(yield* limits.lend("waiting")(Effect.succeed("ran")), "ran")
        yield* limits.restored("nobody")
        yield* limits.restored("waiting")
        assert.deepStrictEqual([yield* limits.away("nobody"), yield* limits.away("waiting")], [0, 0])
        assert.isFalse(yield* waiting.isIn)
        yield* first.finish(Exit.succeed("done"))
        assert.isTrue(yield* waiting.isIn)
      })
  )

  withLimits(
    "G6 is told of once, however many lend at once, and says who is without slots; who has none has none to lend",
    one,
    (limits) =>
      Effect.gen(function*() {
        const loans: Array<Loan> = []
        yield* Effect.forkScoped(
          Stream.runForEach(limits.loans, (loan) => Effect.sync(() => loans.push(loan))),
          { startImmediately: true }
        )
        yield* limits.lend("nobody")(Effect.void)
        const twice = Effect.all([limits.lend("x")(Effect.sleep(1_000)), limits.lend("x")(Effect.sleep(2_000))], {
          concurrency: 2
        })
        const lender = yield* Effect.forkScoped(
          Effect.andThen(Effect.sleep(100), Effect.andThen(twice, limits.lend("x")(Effect.sleep(1_000)))).pipe(
            limits.withSlots(claim("x", opus))
          )
        )
        yield* pass(99)
        const lent = Effect.map(limits.lent, (ids) => [...ids])
        assert.deepStrictEqual(yield* lent, [])
        yield* pass(1)
        assert.deepStrictEqual(yield* lent, ["x"])
        yield* pass(3_000)
        assert.deepStrictEqual(loans, [{ id: "x", at: 100 }, { id: "x", at: 2_100 }])
        assert.deepStrictEqual(lender.pollUnsafe(), Exit.void)
        assert.deepStrictEqual(yield* lent, [])
      })
  )

  withLimits(
    "`restored` waits on where the slots are lent once more in the moment in which they are back",
    one,
    (limits) =>
      Effect.gen(function*() {
        const lender = yield* Effect.forkScoped(
          limits.lend("x")(Effect.sleep(1_000)).pipe(
            Effect.andThen(limits.lend("x")(Effect.sleep(1_000))),
            Effect.andThen(Effect.never),
            limits.withSlots(claim("x", opus))
          )
        )
        yield* soon
        const other = yield* somebody(claim("other", opus))
        yield* pass(1_000)
        // Asked after the lender has asked to have them back, so told after it.
        const restored = yield* Effect.forkScoped(limits.restored("x"))
        yield* soon
        yield* other.finish(Exit.succeed("done"))
        assert.isUndefined(restored.pollUnsafe())
        yield* pass(1_000)
        assert.deepStrictEqual(restored.pollUnsafe(), Exit.succeed(true))
        yield* Fiber.interrupt(lender)
      })
  )

  withLimits("`restored` waits until the slots are back", one, (limits) =>
    Effect.gen(function*() {
      const lender = yield* Effect.forkScoped(
        Effect.andThen(limits.lend("x")(Effect.sleep(1_000)), Effect.never).pipe(limits.withSlots(claim("x", opus)))
      )
      yield* soon
      const other = yield* somebody(claim("other", opus))
      const restored = yield* Effect.forkScoped(limits.restored("x"))
      yield* pass(1_000)
      assert.isUndefined(restored.pollUnsafe(), "the other has the slot")
      yield* other.finish(Exit.succeed("done"))
      assert.deepStrictEqual(restored.pollUnsafe(), Exit.succeed(true))
      assert.deepStrictEqual(yield* used, { "model:opus": 1 })
      yield* Fiber.interrupt(lender)
    }))

  withLimits(
    "B17 `away` counts the time without the slots, on the way back included, over several times",
    one,
    (limits) =>
      Effect.gen(function*() {
        const away: Array<number> = []
        const note = Effect.flatMap(limits.away("x"), (ms) => Effect.sync(() => away.push(ms)))
        const story = Effect.gen(function*() {
          yield* Effect.sleep(100)
          yield* note
          // For a second, and half a second more until the other lets go.
          yield* limits.lend("x")(Effect.sleep(1_000))
          yield* note
          yield* Effect.sleep(100)
          yield* note
          yield* limits.lend("x")(Effect.andThen(Effect.sleep(200), note))
          yield* note
        })
        const fiber = yield* Effect.forkScoped(story.pipe(limits.withSlots(claim("x", opus))))
        yield* pass(100)
        yield* Effect.forkScoped(Effect.sleep(1_500).pipe(limits.withSlots(claim("other", opus))))
        for (let n = 0; n < 20; n++) yield* pass(100)
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.void)
        assert.deepStrictEqual(away, [0, 1_500, 1_500, 1_700, 1_700])
      })
  )
})

/** A life in slots, to be drawn. */
const Life = Schema.Struct({
  parent: below(3),
  model: below(4),
  /** How long after the one before it asks (ms); never at the same time, so that it is known who came first. */
  after: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })),
  /** How long it runs before and after it lends (ms). */
  runs: below(100),
  end: Schema.Literals(["succeed", "succeed", "fail", "die"]),
  /** How long it lends its slots (ms), and to how many at once; 0 is not at all. */
  lends: Schema.Literals([0, 0, 0, 30, 90]),
  lenders: Schema.Literals([1, 1, 2]),
  /** How long after it asked it is interrupted (ms), and how long after it asked what it lends for is; -1 is never. */
  cancel: Schema.Literals([-1, -1, -1, 0, 5, 60, 150]),
  abort: Schema.Literals([-1, -1, -1, 20, 80])
})
type Life = typeof Life.Type

const Change = Schema.Struct({
  after: below(100),
  size: below(4),
  what: Schema.Literals(["resize", "resize", "pause"])
})

const models = [opus, "anthropic/haiku", "openai/gpt", "openai/mini"]

const policies: ReadonlyArray<Partial<Settings.Settings>> = [
  { defaultConcurrency: 2 },
  { providerConcurrency: { anthropic: 2 }, modelConcurrency: { gpt: 1 } },
  { concurrencyPolicy: "layered", providerConcurrency: { anthropic: 2, openai: 1 }, modelConcurrency: { opus: 1 } },
  { concurrencyPolicy: "layered", providerConcurrency: { anthropic: 3 }, defaultConcurrency: 2, maxConcurrency: 3 },
  { defaultConcurrency: 0, maxConcurrency: 2 }
]

/** Plays a schedule to its end, and checks at every moment that somebody enters what must hold. */
const schedule = Effect.fnUntraced(function*(
  settings: Settings.Settings,
  lives: ReadonlyArray<Life>,
  changes: ReadonlyArray<typeof Change.Type>
) {
  const limits = yield* Limits
  /** Who is inside, by pool, as those inside say themselves. */
  const inside = new Map<string, Set<string>>()
  const sizes = new Map<string, number>()
  const entered: Array<{ readonly line: string; readonly nth: number }> = []
  const resized = changes.length > 0

  const poolsBy = (life: Life) => poolsOf(settings, claimOf(life, 0))
  const claimOf = (life: Life, nth: number): Claim => claim(`${nth}`, models[life.model] ?? opus, `${life.parent}`)
  const enter = (life: Life, nth: number) =>
    Effect.sync(() => {
      for (const { name, size } of poolsBy(life)) {
        const holders = inside.get(name) ?? new Set()
        inside.set(name, holders.add(`${nth}`))
        if (!resized) assert.isAtMost(holders.size, sizes.get(name) ?? size, name)
      }
    })
  const leave = (life: Life, nth: number) =>
    Effect.sync(() => {
      for (const { name } of poolsBy(life)) inside.get(name)?.delete(`${nth}`)
    })

  /** What the limits count is what those inside say, or more: who lets go is counted until it has. */
  const honest = Effect.gen(function*() {
    for (const { name, used } of yield* limits.pools) {
      assert.isAtLeast(used, inside.get(name)?.size ?? 0, name)
    }
  })

  const live = (life: Life, nth: number) => {
    const away = limits.lend(`${nth}`)(Effect.sleep(life.lends))
    const lend = life.lends === 0 ? Effect.void : Effect.gen(function*() {
      yield* leave(life, nth)
      const lenders = yield* Effect.forEach(
        Array.from({ length: life.lenders }),
        () => Effect.forkChild(life.abort < 0 ? away : Effect.timeoutOption(away, life.abort))
      )
      yield* Effect.forEach(lenders, Fiber.await)
      yield* limits.restored(`${nth}`)
      yield* enter(life, nth)
    })
    return Effect.gen(function*() {
      entered.push({ line: `${life.parent} ${life.model}`, nth })
      yield* enter(life, nth)
      yield* honest
      yield* Effect.sleep(life.runs)
      yield* lend
      yield* honest
      yield* Effect.sleep(life.runs)
      if (life.end === "fail") return yield* Effect.fail("no")
      if (life.end === "die") return yield* Effect.die("broken")
      return "done"
    }).pipe(
      Effect.ensuring(leave(life, nth)),
      limits.withSlots(claimOf(life, nth))
    )
  }

  let at = 0
  const fibers: Array<Fiber.Fiber<string, string>> = []
  for (const [nth, life] of lives.entries()) {
    at += life.after
    const fiber = yield* Effect.forkScoped(Effect.delay(live(life, nth), at))
    fibers.push(fiber)
    if (life.cancel >= 0) yield* Effect.forkScoped(Effect.delay(Fiber.interrupt(fiber), at + life.cancel))
  }
  let when = 0
  for (const { after, size, what } of changes) {
    when += after
    yield* Effect.forkScoped(Effect.delay(
      what === "pause"
        ? Effect.andThen(limits.pause, Effect.andThen(Effect.sleep(size * 20), limits.resume))
        : Effect.suspend(() => limits.resize([...inside.keys()][size] ?? "total", size)),
      when
    ))
  }
  yield* pass(20_000)
  yield* limits.resume
  yield* pass(20_000)
  return { entered, exits: fibers.map((fiber) => fiber.pollUnsafe()), pools: yield* limits.pools }
})

/** What became of a life: it ended as it was drawn, or was interrupted where it was to be. */
const endedAsDrawn = (life: Life, exit: Exit.Exit<string, string> | undefined): boolean => {
  if (exit === undefined) return false
  if (Exit.hasInterrupts(exit)) return life.cancel >= 0
  return life.end === "succeed" ? Exit.isSuccess(exit) : Exit.isFailure(exit)
}

const probe = Effect.fnUntraced(function*() {
  const limits = yield* Limits
  const pools = (yield* limits.pools).filter(({ name }) => name !== "total")
  const full = (yield* limits.pools).find(({ name }) => name === "total")?.size ?? Number.POSITIVE_INFINITY
  return { pools, full }
})

/** How many steps a fiber does before others have their turn. In earnest it is 2048; with fewer everything interleaves. */
const yieldsAfter = Schema.Literals([3, 4, 5, 7, 11, 2_048])

describe("whatever happens, under any schedule", () => {
  const draw = [
    sequence(Life, 40),
    below(policies.length),
    yieldsAfter
  ] as const

  const inLimits = (
    policy: number,
    yields: number,
    story: (settings: Settings.Settings) => Effect.Effect<void, never, Limits | Scope.Scope>
  ) => {
    const settings = { ...Settings.defaults, ...policies[policy] }
    return Effect.forEach(Object.values(kinds), (layer) =>
      Effect.scoped(story(settings)).pipe(
        Effect.provide(layer),
        Effect.provideService(Settings.Current, settings),
        Effect.provideService(Scheduler.MaxOpsBeforeYield, yields)
      ), { discard: true })
  }

  it.effect.prop(
    "A1 A2 A4 A13 the limits hold at every moment, everybody ends, nothing leaks, and one parent's tasks keep their order",
    [...draw],
    ([lives, policy, yields]) =>
      inLimits(policy, yields, (settings) =>
        Effect.gen(function*() {
          const { entered, exits, pools } = yield* schedule(settings, lives, [])
          for (const [nth, life] of lives.entries()) {
            assert.isTrue(endedAsDrawn(life, exits[nth]), `${nth}: ${JSON.stringify(exits[nth])}`)
          }
          for (const { name, used } of pools) assert.strictEqual(used, 0, name)
          const last = new Map<string, number>()
          for (const { line, nth } of entered) {
            assert.isAbove(nth, last.get(line) ?? -1, line)
            last.set(line, nth)
          }
        })),
    thorough(120, 40)
  )

  it.effect.prop(
    "A1 A4 resizing and pausing meanwhile loses no slot and keeps nobody for ever",
    [...draw, sequence(Change, 8)],
    ([lives, policy, yields, changes]) =>
      inLimits(policy, yields, (settings) =>
        Effect.gen(function*() {
          const { exits, pools } = yield* schedule(settings, lives, changes)
          for (const [nth, life] of lives.entries()) {
            assert.isTrue(endedAsDrawn(life, exits[nth]), `${nth}: ${JSON.stringify(exits[nth])}`)
          }
          for (const { name, used } of pools) assert.strictEqual(used, 0, name)
          // As many as the limit says run at once again.
          const { full } = yield* probe()
          for (const name of models) {
            const size = Math.min(
              full,
              ...poolsOf(settings, claim("probe", name)).map((pool) => {
                const now = pools.find((other) => other.name === pool.name)
                return now?.size ?? pool.size
              }),
              20
            )
            const all = yield* Effect.forEach(
              Array.from({ length: size }, (_, n) => n),
              (n) => somebody(claim(`probe ${name} ${n}`, name))
            )
            yield* soon
            assert.isTrue((yield* isIn(all)).every((isIn) => isIn), `${size} of ${name}`)
            yield* Effect.forEach(all, ({ finish }) => finish(Exit.succeed("done")))
          }
        })),
    thorough(60, 30)
  )

  it.effect.prop(
    "A1 A2 a claim that is lent again and again, by several at once, holds its slots exactly when nobody lends",
    [
      sequence(Schema.Struct({ claim: below(3), after: below(12), for: below(12), fails: Schema.Boolean }), 40),
      yieldsAfter
    ],
    ([lends, yields]) =>
      inLimits(1, yields, () =>
        Effect.gen(function*() {
          const limits = yield* Limits
          let holders = 0
          const enter = Effect.gen(function*() {
            holders++
            assert.isAtMost(holders, 1)
            assert.deepStrictEqual(yield* used, { "model:gpt": 1 })
          })
          const leave = Effect.sync(() => holders--)
          const life = (nth: number) =>
            Effect.gen(function*() {
              const lenders = lends.filter(({ claim }) => claim === nth).map((lend) =>
                limits.lend(`${nth}`)(
                  Effect.andThen(Effect.sleep(lend.for), lend.fails ? Effect.fail("no") : Effect.void)
                ).pipe(Effect.exit, Effect.delay(lend.after))
              )
              const fibers = yield* Effect.forEach(lenders, (lender) => Effect.forkChild(lender))
              yield* Effect.forEach(fibers, Fiber.await)
              yield* limits.restored(`${nth}`)
              yield* enter
              yield* Effect.sleep(5)
              yield* leave
              return "done"
            }).pipe(limits.withSlots(claim(`${nth}`, "openai/gpt")))
          const fibers = yield* Effect.forEach([0, 1, 2], (nth) => Effect.forkScoped(life(nth)))
          yield* pass(10_000)
          assert.deepStrictEqual(fibers.map((fiber) => fiber.pollUnsafe()), [0, 1, 2].map(() => Exit.succeed("done")))
          assert.deepStrictEqual(yield* used, { "model:gpt": 0 })
        })),
    thorough(150, 40)
  )

  it.effect(
    "A1 A4 a second loan may end at any moment of the way back: the slots come back, and once",
    () =>
      Effect.gen(function*() {
        // Every turn of the way back against the end of the loan.
        for (let turns = 0; turns < 60; turns++) {
          yield* inLimits(1, 3, () =>
            Effect.gen(function*() {
              const limits = yield* Limits
              const everything = Effect.repeat(Effect.yieldNow, { times: 150 })
              const [first, again, second, free] = yield* Effect.all([
                Deferred.make<void>(),
                Deferred.make<void>(),
                Deferred.make<void>(),
                Deferred.make<void>()
              ])
              const lender = yield* Effect.gen(function*() {
                const one = yield* Effect.forkChild(limits.lend("x")(Deferred.await(first)))
                yield* Deferred.await(again)
                yield* limits.lend("x")(Deferred.await(second))
                yield* Fiber.join(one)
                return yield* used
              }).pipe(limits.withSlots(claim("x", "openai/gpt")), Effect.forkScoped)
              yield* everything
              yield* Effect.forkScoped(Deferred.await(free).pipe(limits.withSlots(claim("other", "openai/gpt"))))
              yield* everything
              yield* Deferred.succeed(first, undefined)
              yield* everything
              yield* Deferred.succeed(again, undefined)
              yield* everything
              yield* Deferred.succeed(free, undefined)
              yield* Effect.repeat(Effect.yieldNow, { times: turns })
              yield* Deferred.succeed(second, undefined)
              yield* everything
              assert.deepStrictEqual(lender.pollUnsafe(), Exit.succeed({ "model:gpt": 1 }), `after ${turns} turns`)
              assert.deepStrictEqual(yield* used, { "model:gpt": 0 })
            }))
        }
      }),
    patient
  )

  it.effect(
    "A2 a claim may end at any moment of a loan: no lender waits for it for ever, and nothing leaks",
    () =>
      Effect.gen(function*() {
        // Every step of the one against every step of the other.
        for (const yields of [3, 4, 5, 7]) {
          for (let steps = 0; steps < 40; steps++) {
            yield* inLimits(1, yields, () =>
              Effect.gen(function*() {
                const limits = yield* Limits
                const end = yield* Deferred.make<void>()
                const fiber = yield* Effect.forkScoped(
                  Deferred.await(end).pipe(limits.withSlots(claim("x", "openai/gpt")))
                )
                const lenders = yield* Effect.forEach([0, 1, 2, 3, 4, 5], (more) =>
                  Effect.gen(function*() {
                    yield* Deferred.await(end)
                    for (let n = 0; n < steps + more; n++) yield* Effect.void
                    yield* limits.lend("x")(Effect.yieldNow)
                  }).pipe(Effect.forkScoped))
                yield* soon
                yield* Deferred.succeed(end, undefined)
                yield* Effect.repeat(Effect.yieldNow, { times: 300 })
                const left = [fiber, ...lenders].filter((ended) => ended.pollUnsafe() === undefined)
                assert.deepStrictEqual(left.length, 0, `after ${steps} steps of ${yields}`)
                assert.deepStrictEqual(yield* used, { "model:gpt": 0 })
              }))
          }
        }
      }),
    patient
  )
})
