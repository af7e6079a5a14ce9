/**
 * The fake OpenCode as a process: it is there as long as its scope is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Server } from "../src/server/index.ts"

const isAlive = (pid: number) =>
  Effect.isSuccess(Effect.try({ try: () => process.kill(pid, 0), catch: () => "gone" as const }))

describe("The fake OpenCode as a process", () => {
  it.live("answers while its scope is open, each on a port of its own, and is gone with it", () =>
    Effect.gen(function*() {
      const [one, two] = yield* Effect.scoped(Effect.gen(function*() {
        const both = yield* Effect.all([Server.start, Server.start], { concurrency: 2 })
        for (const { control, pid } of both) {
          assert.deepStrictEqual(yield* control.working, [])
          assert.isTrue(yield* isAlive(pid))
        }
        return both
      }))
      assert.notStrictEqual(one.url, two.url)
      for (const { control, pid } of [one, two]) {
        assert.isFalse(yield* isAlive(pid))
        assert.strictEqual((yield* Effect.flip(control.working))._tag, "ControlError")
      }
    }))
})
