/**
 * What is logged inside goes to OpenCode's log, and nowhere else.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer } from "effect"
import { Client } from "../src/host/Client.ts"
import * as Logs from "../src/Logs.ts"

describe("what is logged", () => {
  it.effect("is in OpenCode's log with its level and its cause, and not on the console", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const client = Layer.mock(Client)({
        log: (level, message) => Effect.sync(() => void lines.push(`${level} ${message}`))
      })
      const printed: Array<unknown> = []
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = console.log
          console.log = (...what: ReadonlyArray<unknown>) => void printed.push(what)
          return before
        }),
        (before) => Effect.sync(() => void (console.log = before))
      )
      yield* Effect.gen(function*() {
        yield* Effect.logInfo("began")
        yield* Effect.logWarning("it could not be kept", new Error("a full disk"))
        yield* Effect.logError("it broke", Cause.die(new Error("a fault")))
        // Noted at once, and written a moment later.
        yield* Effect.repeat(Effect.yieldNow, { until: () => lines.length === 3 })
      }).pipe(Effect.provide(Logs.layer.pipe(Layer.provide(client))))
      assert.deepStrictEqual(lines.slice(0, 2), ["info began", "warn it could not be kept: Error: a full disk"])
      assert.match(lines[2] ?? "", /^error it broke: Error: a fault\n +at /)
      assert.deepStrictEqual(printed, [])
    }))
})
