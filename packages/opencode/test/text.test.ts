import { assert, describe, it } from "@effect/vitest"
import { Notice, Task } from "@errand/core"
import { Schema } from "effect"
import { cancelledAll, cancelledOne, notCancelled } from "../src/text/cancelled.ts"
import { duration } from "../src/text/duration.ts"
import { happened } from "../src/text/ending.ts"
import * as errors from "../src/text/errors.ts"
import { cell, clip, neutral, oneLine, quoted } from "../src/text/inline.ts"
import { continued, launched } from "../src/text/launched.ts"
import { nearest } from "../src/text/nearest.ts"
import { forModel, forPerson } from "../src/text/notice.ts"
import { page } from "../src/text/page.ts"
import { poolLabel, waits } from "../src/text/place.ts"
import { returned } from "../src/text/returned.ts"
import { clean, completed, failed, pending, running, starting, t0, timedOut, withFields } from "./fixtures.ts"

const text = (...lines: ReadonlyArray<string>): string => lines.join("\n")
const intro = "Its agent or the model's provider ended in an error"
const place = { pool: "provider:anthropic", used: 2, size: 2, ahead: 1, paused: false }

describe("duration", () => {
  it("is in whole seconds, minutes and hours, and never negative", () => {
    const words = [-5, 0, 999, 15_000, 66_000, 135_900, 3_785_000, 90_000_000, Number.NaN, Infinity].map(duration)
    assert.deepStrictEqual(
      words,
      ["0s", "0s", "0s", "15s", "1m 6s", "2m 15s", "1h 3m 5s", "25h 0m 0s", "0s", "0s"]
    )
  })
})

describe("what a person is told of the tasks of before", () => {
  const back = (description: string, more: Partial<Task.Task> = {}) =>
    withFields(running, {
      adopted: { times: 1, ranMs: 0 },
      request: { ...running.request, description },
      ...more
    })
  const news = "There is news of tasks that have ended: their agent is told when you write to it."

  it("names those that go on, and says how to hear of the others (D8)", () => {
    assert.strictEqual(returned([], false), "")
    assert.strictEqual(returned([running], false), "", "it was launched here")
    assert.strictEqual(returned([back("Find\nit")], false), "1 earlier task goes on: Find it.")
    const some = ["a", "b", "c", "d", "e"].map((name) => back(name))
    assert.strictEqual(returned(some.slice(0, 3), false), "3 earlier tasks go on: a, b, c.")
    assert.strictEqual(returned(some, true), `5 earlier tasks go on: a, b, c, 2 more. ${news}`)
    assert.strictEqual(returned([withFields(completed, { adopted: { times: 1, ranMs: 0 } })], true), news)
  })
})

describe("inline", () => {
  it("keeps foreign text on one line, in its cell and without force", () => {
    assert.strictEqual(oneLine("  a\r\n b\u2028c\u200b\u0000 "), "a b c")
    assert.strictEqual(cell("a | b\n\\| c"), "a \\| b \\\\\\| c")
    assert.strictEqual(clip("ab😀c", 3), "ab...")
    assert.strictEqual(
      neutral("</system-reminder><SYSTEM-Reminder>< / system_reminder><system>"),
      "&lt;/system-reminder>&lt;SYSTEM-Reminder>&lt; / system_reminder><system>"
    )
    assert.strictEqual(quoted("a\r[b]\n\nc"), "> a\n> [b]\n>\n> c")
  })
})

describe("launched", () => {
  it("has the tutorial's lines", () => {
    assert.strictEqual(
      launched(running),
      text(
        "Background task launched successfully.",
        "",
        "Task ID: bg_abc12345",
        "Session ID: ses_xyz789",
        "Description: Explore: 查找认证实现",
        "Agent: explore",
        "Status: running",
        "",
        "The system will notify you when it ends: go on with other work and do not poll; "
          + "use background_output(task_id=\"bg_abc12345\") only if you need to look at it before."
      )
    )
  })

  it("G5 G7 a queued task says (not started), which limit it waits for and its place in line", () => {
    assert.strictEqual(
      launched(pending, place),
      text(
        "Background task launched successfully.",
        "",
        "Task ID: bg_abc12345",
        "Session ID: (not started)",
        "Description: Explore: 查找认证实现",
        "Agent: explore",
        "Status: pending",
        "",
        "The system will notify you when it ends: go on with other work and do not poll; "
          + "use background_output(task_id=\"bg_abc12345\") only if you need to look at it before.",
        "It waits for the limit of provider anthropic (2 of 2 in use; setting providerConcurrency.anthropic), "
          + "1 task ahead, and starts by itself."
      )
    )
    assert.include(launched(pending), "It waits for a free slot and starts by itself.")
    assert.include(
      launched(pending, { ...place, ahead: 0, paused: true, size: Infinity }),
      "It is next in line and starts by itself, but the line is paused for now: nothing starts until it is resumed."
    )
  })

  it("D4 a task that failed at once says so", () => {
    const words = launched(failed)
    assert.include(
      words,
      "It has already ended. Its agent or the model's provider ended in an error: 401 from the provider."
    )
    assert.notInclude(words, "notify")
    assert.include(launched(completed), "It has already ended: read its answer with background_output")
  })

  it("says continued when it was", () => {
    assert.strictEqual(continued(running).split("\n")[0], "Background task continued successfully.")
  })
})

describe("poolLabel", () => {
  const label = (pool: string): string => poolLabel({ ...place, pool })
  it("G7 names the limit and the setting behind it", () => {
    assert.strictEqual(
      label("model:anthropic/claude-opus-4-5"),
      "the limit of model anthropic/claude-opus-4-5 (2 of 2 in use; setting modelConcurrency[\"anthropic/claude-opus-4-5\"])"
    )
    assert.strictEqual(
      label("provider:github-copilot"),
      "the limit of provider github-copilot (2 of 2 in use; setting providerConcurrency[\"github-copilot\"])"
    )
    assert.strictEqual(
      label("default:openai/gpt-5"),
      "the default limit of model openai/gpt-5 (2 of 2 in use; setting defaultConcurrency)"
    )
    assert.strictEqual(
      label("default:@explore"),
      "the default limit of agent explore, whose model is not known (2 of 2 in use; setting defaultConcurrency)"
    )
    assert.strictEqual(label("total"), "the limit over all tasks (2 of 2 in use; setting maxConcurrency)")
    assert.strictEqual(
      poolLabel({ ...place, pool: "total", size: Infinity }),
      "the limit over all tasks (2 in use; setting maxConcurrency)"
    )
  })
})

describe("waits", () => {
  it("G7 says how many slots other processes use, and that the task goes on by itself", () => {
    assert.strictEqual(
      waits({ ...place, ahead: 0, elsewhere: 1 }),
      "It waits for the limit of provider anthropic (2 of 2 in use, 1 of them by other OpenCode instances on this machine; "
        + "setting providerConcurrency.anthropic), next in line, and starts by itself."
    )
    assert.notInclude(waits({ ...place, elsewhere: 0 }), "other")
  })
})

describe("cancelled", () => {
  it("one that waited, one that ran, one that is over", () => {
    assert.strictEqual(
      cancelledOne({ before: pending, confirmed: true }),
      text(
        "Pending task cancelled successfully",
        "",
        "Task ID: bg_abc12345",
        "Description: Explore: 查找认证实现",
        "Status: cancelled"
      )
    )
    assert.strictEqual(
      cancelledOne({ before: running, confirmed: true }),
      text(
        "Task cancelled successfully",
        "",
        "Task ID: bg_abc12345",
        "Description: Explore: 查找认证实现",
        "Session ID: ses_xyz789",
        "Status: cancelled",
        "",
        "To continue it: delegate_task(session_id=\"ses_xyz789\", prompt=\"Continue: <your follow-up>\")"
      )
    )
    assert.include(cancelledOne({ before: starting, confirmed: true }), "Session ID: (not started)")
    assert.strictEqual(
      notCancelled(completed),
      text(
        "[ERROR] Cannot cancel task: current status is \"completed\".",
        "Only running or pending tasks can be cancelled."
      )
    )
    assert.strictEqual(
      notCancelled(running),
      text(
        "[ERROR] Cannot cancel task: it is running, and not in this OpenCode but in another one on this directory, "
          + "which may have stopped.",
        "It can be cancelled there, and its end can be waited for here: background_output with block=true."
      )
    )
  })

  it("E1 says that the session may still run when the host did not confirm", () => {
    const note = "Note: OpenCode did not confirm that `bg_abc12345` stopped. "
      + "Cancelled all the same, but the session may still be running for a while."
    assert.include(cancelledOne({ before: running, confirmed: false }), note)
    assert.include(cancelledAll([{ before: running, confirmed: false }]), note)
    assert.notInclude(cancelledAll([{ before: running, confirmed: true }]), "confirm")
  })

  it("E7 all: the tutorial's table and how to continue", () => {
    const oracle = withFields(pending, { id: "bg_0ac1e000", request: { description: "Oracle: a|b" } })
    const tasks = [{ before: running, confirmed: true }, { before: oracle, confirmed: true }]
    assert.strictEqual(
      cancelledAll(tasks),
      text(
        "Cancelled 2 background task(s):",
        "",
        "| Task ID | Description | Status | Session ID |",
        "|--- | --- | --- | ---|",
        "| `bg_abc12345` | Explore: 查找认证实现 | running | `ses_xyz789` |",
        "| `bg_0ac1e000` | Oracle: a\\|b | pending | (not started) |",
        "",
        "## Continue Instructions",
        "",
        "To continue a cancelled task, use:",
        "",
        "    delegate_task(session_id=\"<session_id>\", prompt=\"Continue: <your follow-up>\")",
        "",
        "Continuable sessions:",
        "- `ses_xyz789` (Explore: 查找认证实现)"
      )
    )
    assert.notInclude(cancelledAll([{ before: oracle, confirmed: true }]), "Continue")
    assert.strictEqual(cancelledAll([]), "No running or pending background tasks to cancel.")
  })
})

describe("errors", () => {
  it("D7 an unknown task id: what it looks like decides what to say", () => {
    assert.strictEqual(
      errors.taskNotFound("ses_1"),
      "Task not found: ses_1. That is a session id, and no task that is known here ran in that session. "
        + "Pass the id of a task (bg_ and eight hex digits), as in the text that delegate_task returned."
    )
    assert.include(errors.taskNotFound("sess_xyz789"), "That is a session id")
    assert.include(
      errors.taskNotFound("bg_00000000"),
      "It is older than what is kept (with \"journal\": \"memory\" nothing outlives OpenCode)"
    )
    assert.strictEqual(
      errors.taskNotFound("nope\n</system-reminder>"),
      "Task not found: nope &lt;/system-reminder>. "
        + "A task id is bg_ and eight hex digits, as in the text that delegate_task returned."
    )
    assert.include(errors.foreignTask("bg_00000000"), "Task bg_00000000 belongs to another session.")
  })

  it("D7 agents and models: lists what there is, guesses what was meant", () => {
    const agents = ["general", "explore", "oracle"]
    assert.strictEqual(
      errors.unknownAgent("explor", agents),
      "Unknown agent: \"explor\". Did you mean explore? Pass one of these as agent: explore, general, oracle."
    )
    assert.strictEqual(
      errors.primaryAgent("build", agents),
      "\"build\" is a primary agent: it works for a person and cannot be sent on an errand. "
        + "Pass one of these as agent: explore, general, oracle."
    )
    assert.strictEqual(
      errors.unknownModel("openai/gpt5", ["openai/gpt-5", "anthropic/claude", "openai/o3"]),
      "Unknown model: \"openai/gpt5\". Did you mean openai/gpt-5? Known models: openai/gpt-5, openai/o3. "
        + "Leave model out to use the agent's own."
    )
    assert.include(errors.unknownModel("x/y", []), "Known models: none.")
    assert.include(
      errors.unknownModel("x/y", Array.from({ length: 33 }, (_, n) => `p/m${n}`)),
      " and 3 more."
    )
    assert.strictEqual(
      errors.badModel("gpt-5"),
      "model is \"gpt-5\", but must be written provider/model, for example \"anthropic/claude-opus-4-5\". "
        + "Leave it out to use the agent's own."
    )
    assert.strictEqual(
      errors.badModel("GPT-5", ["openai/gpt-5", "anthropic/claude", "router/gpt-5", "router/openai/gpt-5"]),
      "model is \"GPT-5\", but must be written provider/model. Did you mean openai/gpt-5 or router/gpt-5? "
        + "Leave it out to use the agent's own."
    )
    assert.include(errors.badModel("opus", ["openai/o3"]), "-4-5\". Known models: openai/o3. Leave")
    assert.include(errors.badModel(undefined), "model is nothing, but must be")
  })

  it("A16 D7 sessions: unknown, running, not yet started", () => {
    assert.include(errors.sessionUnknown("ses_1"), "Session not found: ses_1.")
    assert.strictEqual(
      errors.stillRunning(running),
      "Task bg_abc12345 is still running in session ses_xyz789 and cannot take a continuation yet. "
        + "Wait for the notice that it has ended, or cancel it first: background_cancel(task_id=\"bg_abc12345\")."
    )
    assert.include(errors.stillRunning(pending), "Task bg_abc12345 has not started yet and")
    assert.include(errors.nothingToContinue(pending), "never had a session")
  })

  it("F1 too deep: names the depth and the setting", () => {
    assert.strictEqual(
      errors.tooDeep(4, 3),
      "This task would be at depth 4, and the limit is 3 (setting maxDepth). Do the work yourself, in this session."
    )
  })

  it("guesses only near names", () => {
    assert.strictEqual(nearest("Librarain", ["librarian", "momus"]), "librarian")
    assert.strictEqual(nearest("banana", ["librarian", "momus"]), undefined)
    assert.strictEqual(nearest("", ["a"]), "a")
  })
})

describe("every text", () => {
  it.prop(
    "G5 no text ever contains undefined, for any task",
    { task: Task.Task, now: Schema.Int, last: Schema.String },
    ({ task, now, last }) => {
      const view = { task, now, lastMessage: last, waited: now, offset: now, place: { ...place, ahead: now } }
      const texts = [
        launched(task, place),
        continued(task),
        page(view),
        page({ task, now }),
        cancelledOne({ before: task, confirmed: false }),
        cancelledAll([{ before: task, confirmed: false }]),
        notCancelled(task),
        errors.stillRunning(task),
        errors.nothingToContinue(task)
      ]
      return texts.every((text) => clean(text, [task, last]))
    },
    { arbitrary: { runs: 300 } }
  )

  it.prop(
    "G5 no notice ever contains undefined",
    { notice: Notice.Notice },
    ({ notice }) =>
      [forModel(notice), forModel(notice, { maxChars: 3 }), forPerson(notice)].every((text) => clean(text, notice)),
    {
      arbitrary: { runs: 300 }
    }
  )

  it.prop(
    "D3 the page of a task that is over does not change with the clock",
    { task: Task.Task, a: Schema.Int, b: Schema.Int },
    ({ task, a, b }) => {
      const over = { ...task, endedAt: t0 }
      return task.outcome === undefined || page({ task: over, now: t0 + a }) === page({ task: over, now: t0 + b })
    },
    { arbitrary: { runs: 300 } }
  )

  it("D4 the page of a task that was stopped names the setting that fired", () => {
    assert.include(page({ task: timedOut, now: t0 }), "| Setting | taskTtlMs |")
  })

  it("says what happened once: the core's words, an introduction only for a provider's", () => {
    const of = (outcome: Task.Outcome) => happened(outcome)
    assert.strictEqual(of({ _tag: "Failed", reason: "agent-error", message: "401" }), `${intro}: 401.`)
    assert.strictEqual(of({ _tag: "Failed", reason: "agent-error", message: " " }), `${intro}.`)
    assert.strictEqual(
      of({ _tag: "Failed", reason: "start-failed", message: "it could not be started: 500" }),
      "It could not be started: 500."
    )
    assert.strictEqual(
      of({ _tag: "Cancelled", reason: "time-limit", message: "the limit is taskTtlMs = 5", setting: "taskTtlMs" }),
      "The limit is taskTtlMs = 5."
    )
    assert.strictEqual(of({ _tag: "Cancelled", reason: "requested", message: "" }), "Called off on request.")
  })
})
