import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import type { BadArguments } from "../src/tools/BadArguments.ts"
import { cancelArguments } from "../src/tools/CancelArguments.ts"
import { delegateArguments } from "../src/tools/DelegateArguments.ts"
import { outputArguments } from "../src/tools/OutputArguments.ts"
import { clean } from "./fixtures.ts"

const good = <A>(result: Result.Result<A, BadArguments>): A => Result.getOrThrow(result)
const bad = <A>(result: Result.Result<A, BadArguments>): string => Result.getOrThrow(Result.flip(result)).message

describe("delegate_task", () => {
  it("F8 needs a prompt and an agent, and nothing else", () => {
    assert.deepStrictEqual(good(delegateArguments({ prompt: "Find it", agent: "explore" })), {
      description: "Find it",
      isDescribed: false,
      prompt: "Find it",
      target: { _tag: "Agent", agent: "explore" },
      model: undefined,
      background: true
    })
  })

  it("takes everything under its own name", () => {
    assert.deepStrictEqual(
      good(delegateArguments({
        description: "Auth",
        prompt: "Find it",
        agent: "explore",
        model: "openrouter/anthropic/claude",
        background: false
      })),
      {
        description: "Auth",
        isDescribed: true,
        prompt: "Find it",
        target: { _tag: "Agent", agent: "explore" },
        model: "openrouter/anthropic/claude",
        background: false
      }
    )
  })

  it("prompts written for the older tool keep working", () => {
    const old = { description: "d", prompt: "p", subagent_type: "explore", run_in_background: false, load_skills: [] }
    assert.deepStrictEqual(good(delegateArguments(old)), {
      description: "d",
      isDescribed: true,
      prompt: "p",
      target: { _tag: "Agent", agent: "explore" },
      model: undefined,
      background: false
    })
    const target = (args: object) => good(delegateArguments({ prompt: "p", ...args })).target
    assert.deepStrictEqual(target({ session_id: "ses_1" }), { _tag: "Session", session: "ses_1" })
    assert.deepStrictEqual(target({ task_id: "ses_1" }), { _tag: "Session", session: "ses_1" })
    assert.deepStrictEqual(target({ task_id: "bg_1a2b3c4d", category: "quick" }), { _tag: "Task", task: "bg_1a2b3c4d" })
    assert.deepStrictEqual(target({ session_id: "bg_1a2b3c4d" }), { _tag: "Task", task: "bg_1a2b3c4d" })
    assert.deepStrictEqual(target({ session_id: "ses_1", agent: "oracle" }), {
      _tag: "Session",
      session: "ses_1",
      agent: "oracle"
    })
    assert.deepStrictEqual(target({ agent: "oracle", category: "quick" }), { _tag: "Agent", agent: "oracle" })
  })

  it("F8 understands what is meant", () => {
    const args = {
      prompt: " p ",
      agent: " `@Explore` ",
      background: "False",
      session_id: "",
      task_id: null,
      model: null
    }
    assert.deepStrictEqual(good(delegateArguments(args)), {
      description: "p",
      isDescribed: false,
      prompt: " p ",
      target: { _tag: "Agent", agent: "Explore" },
      model: undefined,
      background: false
    })
    assert.isTrue(
      good(delegateArguments({ prompt: "p", agent: "a", background: null, run_in_background: "true" })).background
    )
  })

  it("F8 takes the first words of the prompt for a description", () => {
    const described = (prompt: string) => good(delegateArguments({ prompt, agent: "a" })).description
    assert.strictEqual(
      described("one two\nthree four five six seven eight nine"),
      "one two three four five six seven eight..."
    )
    assert.strictEqual(described("认".repeat(80)), `${"认".repeat(60)}...`)
  })

  it("D7 F8 says which argument is wrong, what was found and what is expected", () => {
    const says = (args: unknown) => bad(delegateArguments(args))
    assert.strictEqual(says({}), "prompt is missing: expected the full instruction for the agent, as text.")
    assert.strictEqual(says(undefined), "prompt is missing: expected the full instruction for the agent, as text.")
    assert.strictEqual(says(null), "prompt is missing: expected the full instruction for the agent, as text.")
    assert.strictEqual(
      says({ prompt: null }),
      "prompt is null, but expected the full instruction for the agent, as text."
    )
    assert.strictEqual(
      says({ prompt: ["a"] }),
      "prompt is a list, but expected the full instruction for the agent, as text."
    )
    assert.strictEqual(says([1]), "arguments is a list, but expected an object with the tool's arguments.")
    assert.strictEqual(
      says({ prompt: "p" }),
      "agent is missing: expected the name of an agent, for example \"explore\" "
        + "(or session_id, to continue a task that has ended)."
    )
    assert.strictEqual(
      says({ prompt: "p", category: "quick" }),
      "category \"quick\" was given and no agent, but categories are not supported: "
        + "expected the name of an agent as agent, for example \"explore\"."
    )
    assert.strictEqual(
      says({ prompt: "p", subagent_type: 7 }),
      "subagent_type is 7, but expected the name of an agent, for example \"explore\"."
    )
    assert.strictEqual(
      says({ prompt: "p", agent: "a", background: "maybe" }),
      "background is \"maybe\", but expected true (go on meanwhile) or false (wait for the answer)."
    )
    assert.include(
      says({ prompt: "p", agent: "a", model: { providerID: "a" } }),
      ", but must be written provider/model, for example"
    )
  })
})

describe("background_output", () => {
  it("F8 needs an id, under any of its names", () => {
    const expected = { task: "bg_1", block: false, timeout: 60_000, offset: 0 }
    for (const args of [{ task_id: "bg_1" }, { taskId: " 'bg_1' " }, { id: "bg_1", block: null, timeout: "" }]) {
      assert.deepStrictEqual(good(outputArguments(args)), expected)
    }
  })

  it("D6 clamps the time to wait, refuses what is no time", () => {
    const timeout = (timeout: unknown) => outputArguments({ task_id: "bg_1", timeout })
    const taken = [0, 1.9, "5000", " 10 ", 600_001, 1e12].map((value) => good(timeout(value)).timeout)
    assert.deepStrictEqual(taken, [0, 1, 5_000, 10, 600_000, 600_000])
    for (const value of [-1, -0.5, "-1", Number.NaN, Infinity, "60s", true, []]) {
      assert.match(bad(timeout(value)), /^timeout is .*, but expected a number of milliseconds from 0 to 600000\.$/)
    }
    assert.include(bad(timeout(-1)), "timeout is -1,")
  })

  it("D7 says which argument is wrong", () => {
    assert.strictEqual(
      bad(outputArguments({})),
      "task_id is missing: expected the id of a task, for example \"bg_1a2b3c4d\"."
    )
    assert.strictEqual(
      bad(outputArguments({ task_id: "bg_1", offset: -3 })),
      "offset is -3, but expected a number of characters, 0 or more."
    )
    assert.include(bad(outputArguments({ task_id: "bg_1", block: 1 })), "block is 1, but expected true")
  })
})

describe("background_cancel", () => {
  it("takes one or all, and the narrower of both", () => {
    assert.deepStrictEqual(good(cancelArguments({ task_id: "bg_1" })), { _tag: "One", task: "bg_1" })
    assert.deepStrictEqual(good(cancelArguments({ taskId: "bg_1", all: false })), { _tag: "One", task: "bg_1" })
    assert.deepStrictEqual(good(cancelArguments({ all: "true", taskId: "" })), { _tag: "All" })
    assert.deepStrictEqual(good(cancelArguments({ all: true, task_id: "bg_1" })), { _tag: "One", task: "bg_1" })
  })

  it("D7 refuses neither", () => {
    const sentence = "Either provide a task_id or set all=true to cancel all of your running and pending tasks."
    assert.strictEqual(bad(cancelArguments({})), sentence)
    assert.strictEqual(bad(cancelArguments({ all: false })), sentence)
    assert.strictEqual(bad(cancelArguments({ all: 3 })), "all is 3, but expected true (every task of yours) or false.")
  })
})

describe("any arguments", () => {
  const names = [
    "prompt",
    "agent",
    "model",
    "background",
    "session_id",
    "task_id",
    "taskId",
    "subagent_type",
    "category",
    "description",
    "block",
    "timeout",
    "offset",
    "all"
  ]
  // Known names with any value, so that the reading goes beyond the first missing argument.
  const Call = Schema.Array(Schema.Tuple([Schema.Literals(names), Schema.Json]))
  const readers = [delegateArguments, outputArguments, cancelArguments]

  const harmless = (input: unknown): boolean =>
    readers.every((read) => {
      const result: Result.Result<unknown, BadArguments> = read(input)
      return Result.isSuccess(result) || clean(result.failure.message, input)
    })

  it.prop(
    "F8 G5 any JSON value never throws and no complaint says undefined",
    { input: Schema.Json },
    ({ input }) => harmless(input),
    { arbitrary: { runs: 300 } }
  )

  it.prop(
    "F8 G5 any values of known arguments never throw and no complaint says undefined",
    { call: Call },
    ({ call }) => harmless(Object.fromEntries(call)) && harmless({ prompt: "p", ...Object.fromEntries(call) }),
    { arbitrary: { runs: 300 } }
  )
})
