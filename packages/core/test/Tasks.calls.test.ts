import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { Step } from "../src/testing/SimulatedHost.ts"
import { inWorld, pass, say } from "./support/world.ts"

const read = (filePath: string): Step => ({ do: "tool", name: "read", ms: 100, input: { filePath } })

const times = (n: number, step: (nth: number) => Step): ReadonlyArray<Step> =>
  Array.from({ length: n }, (_, nth) => step(nth))

describe("the loop limit", () => {
  inWorld(
    "ends an agent that goes in a circle, at once, names its setting, aborts, frees the slot, tells the parent (F4, B18, E5)",
    {
      settings: { defaultConcurrency: 1, maxRepeatedCalls: 3 },
      scripts: { circles: [...times(100, () => read("a")), say("never")] }
    },
    ({ atRest, callsOf, end, get, launch, sessionOf, told }) =>
      Effect.gen(function*() {
        const task = yield* launch("circles")
        const next = yield* launch("next")
        yield* pass(299)
        assert.strictEqual(yield* end(task), "running")
        yield* pass(1)
        const ended = yield* get(task)
        assert.deepStrictEqual(ended.outcome, {
          _tag: "Cancelled",
          reason: "loop-limit",
          setting: "maxRepeatedCalls",
          message: "it called read 4 times in a row with the same input; the limit is maxRepeatedCalls = 3"
        })
        assert.strictEqual(ended.progress.toolCalls, 4)
        assert.deepStrictEqual((yield* callsOf("abort")).map(({ session }) => session), [yield* sessionOf(task)])
        assert.strictEqual((yield* get(next)).startedAt, ended.endedAt)
        yield* pass(2_000)
        assert.deepStrictEqual(yield* told(), ["progress: loop-limit", "final: loop-limit, completed"])
        yield* atRest
      })
  )

  const works: Record<string, ReadonlyArray<Step>> = {
    "calls the same tool with one input after the other": times(10, (nth) => read(`file ${nth}`)),
    "comes back to the same input": times(10, (nth) => read(nth % 3 === 2 ? "b" : "a")),
    "makes calls of which the host does not tell the input": times(10, () => ({ do: "tool", name: "read", ms: 100 })),
    "answers right after the last call that it may make": times(4, () => read("a"))
  }
  for (const [what, steps] of Object.entries(works)) {
    inWorld(`is not for an agent that ${what} (F4, B17)`, {
      settings: { maxRepeatedCalls: 4 },
      scripts: { works: [...steps, say("done")] }
    }, ({ atRest, end, launch }) =>
      Effect.gen(function*() {
        const task = yield* launch("works")
        yield* pass(1_000)
        assert.strictEqual(yield* end(task), "completed")
        yield* atRest
      }))
  }

  inWorld("counts from the beginning when the agent is told something new (F4)", {
    settings: { maxRepeatedCalls: 4 },
    scripts: { first: [...times(4, () => read("a")), say("once")], more: [...times(4, () => read("a")), say("again")] }
  }, ({ atRest, end, launch, parent, sessionOf, tasks }) =>
    Effect.gen(function*() {
      const task = yield* launch("first")
      yield* pass(400)
      assert.strictEqual(yield* end(task), "completed")
      yield* tasks.resume({ session: yield* sessionOf(task), prompt: "more", parent })
      yield* pass(400)
      assert.strictEqual(yield* end(task), "completed")
      yield* atRest
    }))

  inWorld("can be turned off, and the call limit remains (F4)", {
    settings: { maxRepeatedCalls: 0, maxToolCalls: 49, taskTtlMs: 0 },
    scripts: { circles: [...times(100, () => read("a")), say("never")] }
  }, ({ atRest, get, launch }) =>
    Effect.gen(function*() {
      const task = yield* launch("circles")
      yield* pass(4_900)
      assert.deepStrictEqual((yield* get(task)).outcome, {
        _tag: "Cancelled",
        reason: "call-limit",
        setting: "maxToolCalls",
        message: "it made 50 tool calls; the limit is maxToolCalls = 49"
      })
      yield* atRest
    }))
})
