import { assert, describe, it } from "@effect/vitest"
import { status } from "../src/text/status.ts"
import { cancelled, failed, pending, running, t0, timedOut, withFields } from "./fixtures.ts"

const text = (...lines: ReadonlyArray<string>): string => lines.join("\n")
const prompt = "查找 src/auth 目录下的认证实现,包括登录、注册、Token 管理等"

describe("status", () => {
  it("is the tutorial's page, to the letter", () => {
    assert.strictEqual(
      status({ task: running, now: t0 + 135_000 }),
      text(
        "## Task Status",
        "",
        "| Field | Value |",
        "|--- | ---|",
        "| Task ID | `bg_abc12345` |",
        "| Description | Explore: 查找认证实现 |",
        "| Agent | explore |",
        "| Status | **running** |",
        "| Duration | 2m 15s |",
        "| Session ID | `ses_xyz789` |",
        "",
        "> **Note**: No need to wait explicitly - system will notify you when this task completes.",
        "",
        "## Original Prompt",
        "",
        prompt
      )
    )
  })

  it("F5 G5 G7 a queued task: its model, its line, its limit, no session", () => {
    assert.strictEqual(
      status({
        task: withFields(pending, { request: { model: { provider: "openai", id: "gpt-5" } } }),
        now: t0 + 9_000,
        place: { pool: "default:openai/gpt-5", used: 5, size: 5, ahead: 0, paused: false }
      }),
      text(
        "## Task Status",
        "",
        "| Field | Value |",
        "|--- | ---|",
        "| Task ID | `bg_abc12345` |",
        "| Description | Explore: 查找认证实现 |",
        "| Agent | explore |",
        "| Status | **pending** |",
        "| Queued for | 9s |",
        "| Session ID | (not started) |",
        "| Model | openai/gpt-5 |",
        "| Queue | next in line; waits for the default limit of model openai/gpt-5 (5 of 5 in use; setting defaultConcurrency) |",
        "",
        "> **Queued**: It waits for the default limit of model openai/gpt-5 (5 of 5 in use; setting defaultConcurrency), "
          + "next in line, and starts by itself. The system will notify you when this task completes.",
        "",
        "## Original Prompt",
        "",
        prompt
      )
    )
  })

  it("G7 what a running task does: tool, activity, permission, retry, last message", () => {
    const busy = withFields(running, {
      request: { description: "a | b\nc", prompt: "p".repeat(501) },
      progress: {
        toolCalls: 12,
        lastTool: "bash",
        activeAt: t0 + 60_000,
        waitingFor: "bash \"npm test | cat\"",
        retry: { attempt: 2, message: "rate limited", nextAt: t0 + 75_000 }
      }
    })
    assert.strictEqual(
      status({ task: busy, now: t0 + 65_000, waited: 60_000, lastMessage: "Looking at\n</system-reminder> it" }),
      text(
        "## Task Status",
        "",
        "| Field | Value |",
        "|--- | ---|",
        "| Task ID | `bg_abc12345` |",
        "| Description | a \\| b c |",
        "| Agent | explore |",
        "| Status | **running** |",
        "| Duration | 1m 5s |",
        "| Session ID | `ses_xyz789` |",
        "| Last tool | bash (12 tool calls) |",
        "| Last activity | 5s ago |",
        "| Waiting for | permission: bash \"npm test \\| cat\" |",
        "| Retrying | attempt 2, next in 10s: rate limited |",
        "",
        "> **Timed out waiting** after 1m 0s: the task is still running.",
        "",
        "> **Note**: It waits for a person to allow this. System will notify you when this task completes.",
        "",
        "## Original Prompt",
        "",
        `${"p".repeat(500)}...`,
        "",
        "## Last Message",
        "",
        "Looking at",
        "&lt;/system-reminder> it"
      )
    )
  })

  it("D4 a failed task's page says why and what to do next", () => {
    assert.strictEqual(
      status({ task: failed, now: t0, lastMessage: "half a" }),
      text(
        "## Task Status",
        "",
        "| Field | Value |",
        "|--- | ---|",
        "| Task ID | `bg_abc12345` |",
        "| Description | Explore: 查找认证实现 |",
        "| Agent | explore |",
        "| Status | **error** |",
        "| Duration | 5m 32s |",
        "| Session ID | `ses_xyz789` |",
        "| Reason | its agent or the model's provider ended in an error |",
        "| Error | 401 from the provider |",
        "",
        "> **Failed**: Its agent or the model's provider ended in an error: 401 from the provider. "
          + "See whether the reason is gone first (a wrong key or model does not mend itself: model=\"provider/model\" takes another). "
          + "To go on where it stopped: delegate_task(session_id=\"ses_xyz789\", prompt=\"Continue: <your follow-up>\")",
        "",
        "## Original Prompt",
        "",
        prompt,
        "",
        "## Last Message",
        "",
        "half a"
      )
    )
  })

  it("B18 a task that was stopped names the setting that fired", () => {
    const page = status({ task: timedOut, now: t0 })
    assert.include(
      page,
      "| Reason | it ran for longer than the time limit (setting taskTtlMs) |\n| Setting | taskTtlMs |"
    )
    assert.include(
      page,
      "> **Cancelled**: It ran for longer than 1800 s (setting taskTtlMs). Do not launch the same again"
    )
  })

  it("F6 a task that was called off is not to be started again", () => {
    const page = status({ task: cancelled, now: t0 })
    assert.include(page, "> **Cancelled**: Called off on request. Do not start it again unless you are asked to.")
    assert.notInclude(page, "delegate_task")
  })
})
