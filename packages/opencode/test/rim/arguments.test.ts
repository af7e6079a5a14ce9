/**
 * The rim, tools: whatever a model passes to a tool, it reads a sentence that helps.
 *
 * OpenCode validates no arguments, so each call here goes to the very function that OpenCode calls.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { clean } from "../fixtures.ts"
import { anyJson, below, isPlain, objectOf, oneOf } from "./support/arbitraries.ts"
import { make, Plugin } from "./support/plugin.ts"

const tools = ["delegate_task", "background_output", "background_cancel"] as const
type Tool = typeof tools[number]

const names = [
  "prompt",
  "description",
  "agent",
  "subagent_type",
  "model",
  "background",
  "run_in_background",
  "session_id",
  "category",
  "task_id",
  "taskId",
  "id",
  "block",
  "timeout",
  "offset",
  "all",
  "__proto__",
  "constructor"
]

/** What every refusal has one of: what is expected, or what to do instead. */
const help =
  /expected |must be written |Either provide |Pass one of these |Leave it out |Leave model out |A task id is |takes a task id |launch it again|Launch a new task|Use an id|use an id/

/** What is so of everything that a tool answers, whatever it was passed. */
const helps = (tool: string, output: string, input: unknown): void => {
  assert.isTrue(isPlain(output), JSON.stringify(output))
  assert.isTrue(clean(output, input), output)
  assert.notStrictEqual(output.trim(), "")
  assert.notInclude(output, "by a fault in Errand")
  if (/^(Background task|Task Result|## Task Status|Cancelled|No running|Task cancelled|Pending)/.test(output)) return
  assert.notInclude(output, "\n", "a complaint is one line")
  if (output.startsWith("[ERROR]") && !output.startsWith("[ERROR] Cannot cancel")) {
    assert.isTrue(output.startsWith(`[ERROR] Invalid arguments of ${tool}: `), output)
  }
  assert.match(output, help)
}

/** Values of the wrong type, by what is wanted. Nothing at all (null, blanks) counts as left out, and is not among them. */
const wrong = {
  text: [7, -0, Infinity, true, false, [], ["a"], {}, { prompt: "p" }],
  switch: [7, "maybe", "yes", "nothing", [], [true], {}, "\u0000true"],
  amount: [-1, -0.5, Infinity, "soon", "1e3", "NaN", "-1", true, [], [1], {}]
}

/** A call in which all is well, and of each argument what is wanted. */
const calls: Record<Tool, { readonly good: object; readonly wants: Readonly<Record<string, keyof typeof wrong>> }> = {
  delegate_task: {
    good: { description: "Find it", prompt: "Find it", agent: "explore", model: "fake/m1", background: true },
    wants: {
      description: "text",
      prompt: "text",
      agent: "text",
      model: "text",
      background: "switch",
      session_id: "text"
    }
  },
  background_output: {
    good: { task_id: "bg_1a2b3c4d", block: false, timeout: 1, offset: 0 },
    wants: { task_id: "text", block: "switch", timeout: "amount", offset: "amount" }
  },
  background_cancel: { good: { task_id: "bg_1a2b3c4d" }, wants: { task_id: "text", all: "switch" } }
}

describe("tool arguments", () => {
  it.effect("F8 D7 one argument of the wrong type: the sentence names it and says what is expected", () =>
    Effect.gen(function*() {
      const { openCode, use } = yield* make()
      for (const tool of tools) {
        for (const [argument, wanted] of Object.entries(calls[tool].wants)) {
          for (const value of wrong[wanted]) {
            const output = yield* use(tool, { ...calls[tool].good, [argument]: value })
            assert.isTrue(output.startsWith(`[ERROR] Invalid arguments of ${tool}: ${argument} is `), output)
            assert.match(output, /but expected .+\.|but must be written provider\/model/)
            helps(tool, output, value)
          }
        }
      }
      assert.deepStrictEqual(openCode.sent.filter(({ path }) => path === "/session"), [], "nothing was launched")
    }))

  it.effect("F8 what is required and left out is named; what may be left out is not missed", () =>
    Effect.gen(function*() {
      const { use } = yield* make()
      for (const nothing of [undefined, null, "", " \n"]) {
        assert.include(yield* use("delegate_task", { agent: "explore", prompt: nothing }), "prompt is ")
        assert.include(yield* use("delegate_task", { agent: nothing, prompt: "p" }), "agent is missing")
        assert.include(yield* use("background_output", { task_id: nothing }), "task_id is ")
        assert.include(yield* use("background_cancel", { task_id: nothing, all: nothing }), "task_id or set all=true")
        const launched = yield* use("delegate_task", {
          prompt: "p",
          agent: "explore",
          description: nothing,
          model: nothing,
          background: nothing,
          session_id: nothing
        })
        assert.isTrue(launched.startsWith("Background task launched successfully."), launched)
      }
      const words = { model: "null", session_id: "undefined", background: "NULL" }
      const launched = yield* use("delegate_task", { prompt: "null", agent: "explore", ...words })
      assert.isTrue(launched.startsWith("Background task launched successfully."), launched)
      assert.include(yield* use("background_cancel", { task_id: "null", all: true }), "cancelled")
    }))

  it.effect("D7 names and ids of nothing that there is: the sentence shows them, and what to pass instead", () =>
    Effect.gen(function*() {
      const { use } = yield* make()
      const delegate = (more: object) => use("delegate_task", { prompt: "p", ...more })
      assert.include(yield* delegate({ agent: "explor" }), "Did you mean explore? Pass one of these as agent: explore.")
      assert.include(yield* delegate({ agent: "build" }), "\"build\" is a primary agent")
      assert.include(yield* delegate({ agent: "explore", model: "fake/m3" }), "Unknown model: \"fake/m3\"")
      assert.include(yield* delegate({ session_id: "ses_9" }), "Session not found: ses_9.")
      assert.include(yield* delegate({ task_id: "bg_12345678" }), "Task not found: bg_12345678.")
      for (const tool of ["background_output", "background_cancel"]) {
        assert.include(yield* use(tool, { task_id: "__proto__" }), "Task not found: __proto__.")
        assert.include(yield* use(tool, { task_id: "ses_root" }), "That is a session id")
      }
    }))

  it.effect("D7 G5 a caller that OpenCode does not name is told so; a call never rejects", () =>
    Effect.gen(function*() {
      const { useIn } = yield* make()
      for (const tool of tools) {
        for (
          const context of [undefined, null, 7, {}, { sessionID: "" }, { sessionID: 7 }, { sessionID: null, abort: {} }]
        ) {
          const output = yield* useIn(tool, { all: true }, context)
          assert.match(output, /^OpenCode did not say which session calls \w+, so nothing was done/)
        }
        const output = yield* useIn(tool, {}, { sessionID: "ses_root", abort: { aborted: true } })
        assert.match(output, /^\[ERROR\] Invalid arguments/)
      }
    }))

  const known = objectOf(names, anyJson)
  const whole: Arbitrary.Arbitrary<unknown> = oneOf<unknown>(
    anyJson,
    known,
    known,
    Arbitrary.map(known, (args) => ({ prompt: "p", agent: "explore", task_id: "bg_1a2b3c4d", ...args })),
    // As a parser makes it of a text: with `__proto__` for a member.
    Arbitrary.map(
      anyJson,
      (value): unknown => JSON.parse(`{"__proto__":${JSON.stringify(value) ?? "null"},"agent":"x"}`)
    )
  )

  layer(Plugin.layer({ defaultConcurrency: 0 }))((it) => {
    it.effect.prop(
      "F8 D7 G5 any JSON at all: a text that helps, in one line where it is a complaint",
      { args: whole, nth: below(3) },
      ({ args, nth }) =>
        Effect.gen(function*() {
          const { use } = yield* Plugin
          const tool = tools[nth] ?? "delegate_task"
          helps(tool, yield* use(tool, args), args)
        }),
      { arbitrary: { runs: 400, size: 30 } }
    )
  })
})
