import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Alarms } from "../src/Alarms.ts"
import { Census, counted } from "./support/Census.ts"
import { onSleepyComputer } from "./support/time.ts"

const soon = Effect.repeat(Effect.yieldNow, { times: 10 })

const pass = (ms: number) => Effect.andThen(TestClock.adjust(ms), soon)

/** Alarms that write down when they ring. */
const world = Effect.gen(function*() {
  const alarms = yield* Alarms
  const rang = yield* Ref.make<ReadonlyArray<string>>([])
  const set = (name: string, ms: number) =>
    Effect.sync(() =>
      alarms.setUnsafe(
        ms,
        Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.update(rang, (all) => [...all, `${name} at ${now}`]))
      )
    )
  return { set, rang: Ref.get(rang) }
})

const inWorld = <A, E>(story: Effect.Effect<A, E, Alarms>) => Effect.provide(story, Alarms.layer)

describe("an alarm", () => {
  it.effect("D4 rings once, at its time, whichever was set first", () =>
    inWorld(Effect.gen(function*() {
      const { rang, set } = yield* world
      yield* set("late", 9_000)
      yield* soon
      yield* set("early", 2_000)
      yield* set("early too", 2_000)
      yield* set("in an hour", 3_600_000)
      yield* pass(1_999)
      assert.deepStrictEqual(yield* rang, [])
      yield* pass(1)
      yield* set("after that", 500)
      yield* pass(7_200_000)
      assert.deepStrictEqual(yield* rang, [
        "early at 2000",
        "early too at 2000",
        "after that at 2500",
        "late at 9000",
        "in an hour at 3600000"
      ])
    })))

  it.effect("D4 that is called off does not ring, and takes no other along", () =>
    inWorld(Effect.gen(function*() {
      const { rang, set } = yield* world
      const off = yield* set("off", 2_000)
      yield* set("on", 2_000)
      yield* pass(1_000)
      off()
      off()
      yield* pass(60_000)
      assert.deepStrictEqual(yield* rang, ["on at 2000"])
    })))

  it.effect("D4 D6 rings in its time on a computer that slept, and on one whose clock was set back", () =>
    Effect.forEach([3_600_000, -3_600_000], (jump) =>
      onSleepyComputer((sleep) =>
        inWorld(Effect.gen(function*() {
          const { rang, set } = yield* world
          yield* set("late", 1_800_000)
          yield* soon
          yield* sleep(jump)
          yield* set("early", 10_000)
          yield* pass(10_000)
          assert.strictEqual((yield* rang).length, 1)
          yield* pass(1_790_000)
          assert.strictEqual((yield* rang).length, 2)
        }))
      )))

  it.effect("that is slow, or fails, holds up nobody", () =>
    inWorld(Effect.gen(function*() {
      const alarms = yield* Alarms
      const { rang, set } = yield* world
      alarms.setUnsafe(1_000, Effect.never)
      alarms.setUnsafe(1_000, Effect.die("no"))
      alarms.setUnsafe(1_000, Effect.interrupt)
      yield* set("next", 1_000)
      yield* set("later", 2_000)
      yield* pass(2_000)
      assert.deepStrictEqual(yield* rang, ["next at 1000", "later at 2000"])
    })))

  it.effect("D9 leaves no timer behind when the last was called off", () =>
    counted(Effect.gen(function*() {
      const living = yield* Census
      yield* inWorld(Effect.gen(function*() {
        const { set } = yield* world
        yield* soon
        const asleep = yield* living
        const off = yield* set("off", 3_600_000)
        yield* soon
        assert.isAbove((yield* living).timers, asleep.timers)
        off()
        yield* soon
        assert.deepStrictEqual(yield* living, asleep)
      }))
    })))
})
