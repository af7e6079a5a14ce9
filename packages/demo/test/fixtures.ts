/**
 * A short story: two launched with one slot, then one cancelled and continued. Times in ms, from 0.
 */
import type { Happening } from "../src/Happening.ts"
import * as Story from "../src/Story.ts"

const root = "ses_root"

const page = (head: string, id: string, agent: string, status: string) =>
  `Background task ${head} successfully.\n\nTask ID: ${id}\nSession ID: ses_${agent}\nDescription: Ask ${agent}\n`
  + `Agent: ${agent}\nStatus: ${status}\n\nThe system will notify you.`
  + (status === "pending"
    ? "\nIt waits for the limit of provider anthropic (1 of 1 in use; setting providerConcurrency.anthropic), next in line."
    : "")

const returned = (at: number, call: string, tool: string, output: string, input = {}): Happening => ({
  _tag: "Returned",
  at,
  session: root,
  message: "m",
  call,
  tool,
  input,
  output,
  from: at
})

const opened = (at: number, task: string, agent: string): Happening => ({
  _tag: "Opened",
  at,
  session: `ses_${agent}`,
  task,
  title: `Ask ${agent} (@${agent} subagent)`
})

const called = (at: number, session: string, call: string, tool: string, input: Readonly<Record<string, unknown>>) =>
  ({ _tag: "Called", at, session, message: "m", call, tool, input }) satisfies Happening

const noticed = (at: number, notice: string, text: string, forPerson: boolean): Happening => ({
  _tag: "Noticed",
  at,
  session: root,
  notice,
  text,
  forPerson
})

export const happenings: ReadonlyArray<Happening> = [
  { _tag: "Busy", at: 500, session: root },
  { _tag: "Began", at: 700, session: root, message: "m", part: "p1", text: "" },
  { _tag: "Wrote", at: 800, session: root, part: "p1", text: "I send two." },
  called(900, root, "c1", "delegate_task", {}),
  opened(1_000, "bg_1", "explore"),
  returned(1_000, "c1", "delegate_task", page("launched", "bg_1", "explore", "running")),
  returned(1_000, "c2", "delegate_task", page("launched", "bg_2", "oracle", "pending")),
  called(2_000, "ses_explore", "c3", "read", { filePath: "/tmp/x/project/src/auth/login.ts" }),
  { _tag: "Said", at: 2_500, session: root, part: "p1", text: "I send two." },
  { _tag: "Idle", at: 2_500, session: root },
  { _tag: "Idle", at: 6_000, session: "ses_explore" },
  opened(6_000, "bg_2", "oracle"),
  { _tag: "Idle", at: 9_000, session: "ses_oracle" },
  noticed(9_000, "nt_1", "[ALL BACKGROUND TASKS COMPLETE]\n\n**Completed:**\n- `bg_1`: x\n- `bg_2`: y", false),
  noticed(9_000, "nt_1", "✓ 2 errands back · 8s together, 8s one after another", true),
  { _tag: "Busy", at: 9_000, session: root },
  opened(10_000, "bg_3", "momus"),
  returned(10_000, "c4", "delegate_task", page("launched", "bg_3", "momus", "running")),
  called(12_000, root, "c5", "background_cancel", { all: true }),
  { _tag: "Failed", at: 12_000, session: "ses_momus", error: "MessageAbortedError", message: "Aborted" },
  { _tag: "Idle", at: 12_000, session: "ses_momus" },
  returned(12_000, "c5", "background_cancel", "Cancelled 1 background task(s):\n\n`bg_3`", { all: true }),
  returned(13_000, "c6", "delegate_task", page("continued", "bg_3", "momus", "running")),
  { _tag: "Idle", at: 14_000, session: root },
  { _tag: "Idle", at: 16_000, session: "ses_momus" }
]

/** The story as it stood at a time. */
export const told = (until = Infinity): Story.Story =>
  happenings.filter(({ at }) => at <= until).reduce(Story.apply, Story.begin(root, 0))
