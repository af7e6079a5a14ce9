/**
 * A computer that sleeps: that is nobody's silence, and no time that anybody had.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Sleep from "../src/Sleep.ts"
import { onSleepyComputer } from "./support/time.ts"
import { hang, inAWorld, type Options, pass, say, wait, type World } from "./support/world.ts"

const minutes = (n: number): number => n * 60_000

const asleep = <A, E>(
  name: string,
  options: Options,
  story: (world: World, sleep: (ms: number) => Effect.Effect<void>) => Effect.Effect<A, E>
): void => it.effect(name, () => onSleepyComputer((sleep) => inAWorld(options, (world) => story(world, sleep))))

describe("between two looks at the clock", () => {
  it("nobody slept who looks as often as expected, or a little later; who looks much later did", () => {
    assert.strictEqual(Sleep.between(1_000, 13_000, 12_000), 0)
    assert.strictEqual(Sleep.between(1_000, 18_000, 12_000), 0)
    assert.strictEqual(Sleep.between(1_000, 18_001, 12_000), 5_001)
    assert.strictEqual(Sleep.between(1_000, 600_000, 12_000), 587_000)
  })

  it("a clock that was set back is no sleep", () => {
    assert.strictEqual(Sleep.between(600_000, 0, 12_000), 0)
  })
})

describe("a computer that slept", () => {
  asleep(
    "has silenced nobody: the quiet limit is for those who show nothing while it is awake (B15)",
    { scripts: { writes: [{ do: "stream", ms: 5_000, every: 1_000 }, hang] } },
    ({ atRest, end, launch }, sleep) =>
      Effect.gen(function*() {
        const task = yield* launch("writes")
        yield* pass(60_000)
        yield* sleep(minutes(600))
        yield* pass(60_000)
        assert.strictEqual(yield* end(task), "running")
        yield* pass(90_000)
        assert.strictEqual(yield* end(task), "quiet-limit")
        yield* atRest
      })
  )

  asleep("has taken no time from a task, whatever wakes it up (D4)", {
    settings: { taskTtlMs: minutes(10), staleTimeoutMs: 0 },
    scripts: {
      writes: [{ do: "stream", ms: minutes(8), every: 1_000 }, say("done")],
      asks: [{ do: "ask", what: "bash" }, hang]
    }
  }, ({ atRest, end, host, launch, sessionOf }, sleep) =>
    Effect.gen(function*() {
      const writes = yield* launch("writes")
      const asks = yield* launch("asks")
      yield* pass(minutes(2))
      // Its alarm rings two minutes too early then, and it is found out how much of its time it has spent.
      yield* host.answer(yield* sessionOf(asks))
      yield* pass(minutes(3))
      yield* sleep(minutes(60))
      yield* pass(minutes(4))
      assert.strictEqual(yield* end(writes), "completed")
      yield* pass(minutes(2))
      assert.strictEqual(yield* end(asks), "running")
      yield* pass(minutes(2))
      assert.strictEqual(yield* end(asks), "time-limit")
      yield* atRest
    }))

  asleep("has kept nobody from starting, nor the host from answering (B8, D6)", {
    settings: { hostTimeoutMs: 60_000 },
    scripts: { starts: [wait(20_000), say("done")] }
  }, ({ atRest, end, host, launch }, sleep) =>
    Effect.gen(function*() {
      const task = yield* launch("starts")
      yield* pass(3_000)
      yield* host.faults(() => "fail")
      yield* pass(10_000)
      yield* sleep(minutes(60))
      yield* pass(5_000)
      assert.strictEqual(yield* end(task), "running")
      yield* host.faults(() => "ok")
      yield* pass(20_000)
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  asleep("counts once for a task that had lent its slots, and its time goes on after that (D4)", {
    settings: { taskTtlMs: minutes(10), staleTimeoutMs: 0, defaultConcurrency: 1 },
    scripts: { child: [hang], outer: [wait(1_000), say("I wait")], "notice final": [hang] }
  }, ({ end, launch, sessionOf, tasks }, sleep) =>
    Effect.gen(function*() {
      const outer = yield* launch("outer")
      yield* pass(100)
      const session = yield* sessionOf(outer)
      const inner = yield* launch("child", { parent: session })
      yield* pass(3_000)
      yield* sleep(minutes(60))
      yield* pass(minutes(1))
      assert.deepStrictEqual([yield* end(outer), yield* end(inner)], ["running", "running"])
      yield* tasks.cancel(inner.id, "by-person")
      yield* pass(minutes(9))
      assert.strictEqual(yield* end(outer), "running")
      yield* pass(minutes(2))
      assert.strictEqual(yield* end(outer), "time-limit")
    }))
})
