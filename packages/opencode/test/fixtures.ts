/**
 * Tasks as they stand in the tests: the tutorial's first one, in every state.
 */
import { Task } from "@errand/core"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Task.Task)

export const t0 = Date.UTC(2026, 0, 26)

const request = {
  description: "Explore: 查找认证实现",
  prompt: "查找 src/auth 目录下的认证实现,包括登录、注册、Token 管理等",
  agent: "explore",
  parent: "ses_parent",
  ancestors: ["ses_parent"],
  background: true
}

const base = { id: "bg_abc12345", run: 1, request, status: "pending", queuedAt: t0, progress: { toolCalls: 0 } }

export const pending = decode(base)
export const starting = decode({ ...base, status: "running", startedAt: t0 })
export const running = decode({ ...base, status: "running", startedAt: t0, session: "ses_xyz789" })

const ended = { ...base, startedAt: t0, endedAt: t0 + 332_000, session: "ses_xyz789" }

export const completed = decode({
  ...ended,
  status: "completed",
  outcome: { _tag: "Completed", answer: "找到了 3 个认证实现" }
})
export const failed = decode({
  ...ended,
  status: "error",
  outcome: { _tag: "Failed", reason: "agent-error", message: "401 from the provider" }
})
export const cancelled = decode({
  ...ended,
  status: "cancelled",
  outcome: { _tag: "Cancelled", reason: "requested", message: "" }
})
export const timedOut = decode({
  ...ended,
  status: "cancelled",
  outcome: { _tag: "Cancelled", reason: "time-limit", message: "it ran for longer than 1800 s", setting: "taskTtlMs" }
})

/** A task with other particulars. Checked against the schema. */
export const withFields = (
  task: Task.Task,
  fields: Omit<Partial<typeof Task.Task.Encoded>, "request"> & {
    readonly request?: Partial<typeof Task.Request.Encoded>
  }
): Task.Task => decode({ ...task, ...fields, request: { ...task.request, ...fields.request } })

/** A task that ended with this answer. */
export const answered = (answer: string, more: { readonly note?: string; readonly cutFrom?: number } = {}): Task.Task =>
  withFields(completed, { outcome: { _tag: "Completed", answer, ...more } })

/** Words that only a missing value puts into a sentence. */
export const stray = /undefined|NaN|Infinity|\[object/

/** Whether no missing value shows, for inputs that do not bring such a word along. */
export const clean = (text: string, input: unknown): boolean =>
  stray.test(JSON.stringify(input) ?? "") || !stray.test(text)
