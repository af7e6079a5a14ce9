import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Alarms } from "../src/Alarms.ts"
import * as TimeLimit from "../src/TimeLimit.ts"

const soon = Effect.repeat(Effect.yieldNow, { times: 10 })

const pass = (ms: number) => Effect.andThen(TestClock.adjust(ms), soon)

const limited = (limit: number) => Effect.map(Alarms, (alarms) => TimeLimit.make(alarms, limit))

/** Somebody who begins now; `before` is what they have spent already, and `stood` for how long their clock stood still. */
const somebody = Effect.fnUntraced(function*(limit: TimeLimit.TimeLimit, before = 0) {
  const began = yield* Clock.currentTimeMillis
  const stood = yield* Ref.make(0)
  const late = yield* Ref.make(0)
  const spent = Effect.zipWith(Clock.currentTimeMillis, Ref.get(stood), (now, stood) => before + now - began - stood)
  const fiber = yield* Effect.forkChild(
    limit({ spent, late: Ref.update(late, (n) => n + 1) })(Effect.never),
    { startImmediately: true }
  )
  yield* soon
  return { fiber, late: Ref.get(late), stand: (ms: number) => Ref.update(stood, (all) => all + ms) }
})

describe("a time limit", () => {
  it.effect("D4 is for each their own, and said once", () =>
    Effect.gen(function*() {
      const limit = yield* limited(10_000)
      const first = yield* somebody(limit)
      yield* pass(4_000)
      const second = yield* somebody(limit)
      yield* pass(5_999)
      assert.deepStrictEqual([yield* first.late, yield* second.late], [0, 0])
      yield* pass(1)
      assert.deepStrictEqual([yield* first.late, yield* second.late], [1, 0])
      yield* pass(4_000)
      assert.deepStrictEqual([yield* first.late, yield* second.late], [1, 1])
      yield* pass(60_000)
      assert.deepStrictEqual([yield* first.late, yield* second.late], [1, 1])
    }).pipe(Effect.provide(Alarms.layer)))

  it.effect("D4 comes sooner for one who has spent some before, though others came first", () =>
    Effect.gen(function*() {
      const limit = yield* limited(10_000)
      const first = yield* somebody(limit)
      const second = yield* somebody(limit, 9_000)
      yield* pass(1_000)
      assert.deepStrictEqual([yield* first.late, yield* second.late], [0, 1])
    }).pipe(Effect.provide(Alarms.layer)))

  it.effect("D4 waits while a clock stands still", () =>
    Effect.gen(function*() {
      const limit = yield* limited(10_000)
      const one = yield* somebody(limit)
      yield* one.stand(5_000)
      yield* pass(14_999)
      assert.strictEqual(yield* one.late, 0)
      yield* pass(1)
      assert.strictEqual(yield* one.late, 1)
    }).pipe(Effect.provide(Alarms.layer)))

  it.effect("D4 is nothing to one who is through, nor where there is none", () =>
    Effect.gen(function*() {
      const through = yield* somebody(yield* limited(10_000))
      yield* Fiber.interrupt(through.fiber)
      const free = yield* somebody(yield* limited(0))
      yield* pass(60_000)
      assert.deepStrictEqual([yield* through.late, yield* free.late], [0, 0])
    }).pipe(Effect.provide(Alarms.layer)))
})
