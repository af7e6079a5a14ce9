/**
 * Spans around what is asked for: there where somebody traces, and nothing elsewhere.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Tracer } from "effect"
import * as Traced from "../src/Traced.ts"

const seen = Effect.map(Effect.option(Effect.currentSpan), Option.map(({ name }) => name)).pipe(Traced.named("asked"))

describe("what is asked for", () => {
  it.effect("has a span of its name where somebody traces (G7)", () =>
    Effect.gen(function*() {
      const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
      assert.deepStrictEqual(yield* Effect.withTracer(seen, tracer), Option.some("asked"))
    }))

  it.effect("has none where nobody does: it would cost a tenth of a launch", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* seen, Option.none())
    }))
})
