/**
 * A very long line. In a file of its own as it takes seconds: what plants faults and runs the tests on each leaves it out.
 */
import { assert, describe } from "@effect/vitest"
import { Array, Effect, Option } from "effect"
import * as Task from "../src/Task.ts"
import { inWorld, pass, say, wait } from "./support/world.ts"

describe("ten thousand waiting tasks", () => {
  inWorld(
    "all run, in order, never more than the limit at once, and in the end only the retained are left (A4, A13, D9)",
    { settings: { defaultConcurrency: 100 }, behave: () => [wait(1_000), say("done")] },
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, host, launch, tasks } = world
        const all = yield* Effect.forEach(Array.range(1, 10_000), (i) => launch(`${i}`, { background: false }))
        assert.strictEqual(all.filter(({ status }) => status === "pending").length, 9_900)
        const last = all.at(-1)?.id ?? ""
        assert.deepStrictEqual(
          Option.map(yield* tasks.place(Task.TaskId.make(last)), ({ ahead }) => ahead),
          Option.some(9_899)
        )
        yield* pass("100 seconds")
        const prompts = yield* callsOf("prompt")
        assert.deepStrictEqual(prompts.map(({ at }) => at), all.map((_, i) => Math.floor(i / 100) * 1_000))
        assert.strictEqual(yield* host.peak, 100)
        yield* atRest
        assert.deepStrictEqual((yield* tasks.list).map(({ id }) => id), all.slice(-200).map(({ id }) => id))
      }),
    60_000
  )
})
