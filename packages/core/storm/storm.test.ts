/**
 * The storm, as far as there is time for it in every run of the tests; and that it finds what it is there to find.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Result } from "effect"
import { hunt } from "./hunt.ts"
import { planted } from "./planted.ts"
import { movesOf } from "./Program.ts"
import * as Report from "./Report.ts"
import * as words from "./words.ts"
import { InFile } from "./World.ts"

/** Two thousand programs, in parts that run side by side. */
const parts = 4
const programs = 500

/** Long, on a machine that does much besides. */
const timeout = 240_000

describe.concurrent("the storm", () => {
  for (const part of Array.range(0, parts - 1)) {
    const first = 1 + part * programs
    it.live(
      `seeds ${first} to ${first + programs - 1}: whatever happens, everything that was promised holds (A-F)`,
      () =>
        Effect.gen(function*() {
          let report = Report.empty
          for (const seed of Array.range(first, first + programs - 1)) {
            const told = yield* hunt(seed)
            if (Result.isFailure(told)) assert.fail(words.found(told.failure))
            report = Report.add(report, told.success)
          }
          // A storm in which nothing happens shows nothing.
          for (
            const end of ["completed", "requested", "quiet-limit", "loop-limit", "agent-error", "deleted", "shutdown"]
          ) {
            assert.isAbove(report.ends[end] ?? 0, 20, end)
          }
        }),
      timeout
    )
  }
})

describe("the storm with a journal in a file", () => {
  it.live(
    "three hundred programs: the same promises hold (A-F, D8)",
    () =>
      Effect.gen(function*() {
        for (const seed of Array.range(1, 300)) {
          const told = yield* Effect.provideService(hunt(seed), InFile, true)
          if (Result.isFailure(told)) assert.fail(words.found(told.failure))
        }
      }),
    timeout
  )
})

describe("the storm finds a fault that is planted in the service", () => {
  for (const { breaks, name, service } of planted) {
    it.live(name, () =>
      Effect.gen(function*() {
        for (const seed of Array.range(1, 400)) {
          const told = yield* hunt(seed, service)
          if (Result.isSuccess(told)) continue
          assert.match(told.failure.broken.promise, breaks, words.found(told.failure))
          assert.isAtMost(movesOf(told.failure.smallest).length, 8, words.found(told.failure))
          return
        }
        assert.fail("400 programs did not find it")
      }), timeout)
  }
})
