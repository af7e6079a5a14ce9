/**
 * The checks find what is wrong: evidence of a good story, spoilt in one place each.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Checks from "../src/checks.ts"
import type { Evidence, TaskSession, ToolUse } from "../src/Evidence.ts"
import * as Story from "../src/Story.ts"

const ids = ["bg_1", "bg_2", "bg_3"]
const agents = ["explore", "librarian", "oracle"]

const launch = (id: string, status: string, message = "m1", at = 1_000): ToolUse => ({
  message,
  tool: "delegate_task",
  from: at,
  to: at + 100,
  output: `Background task launched successfully.\n\nTask ID: ${id}\nStatus: ${status}\n\n`
    + (status === "pending" ? "It waits for the limit of provider anthropic (2 of 2 in use; x), next in line." : "")
})

const session = (n: number, createdAt: number, firstEndAt: number, answer: string, prompts = 1): TaskSession => ({
  id: `ses_${n}`,
  task: `bg_${n}`,
  createdAt,
  firstEndAt,
  prompts,
  answer
})

const list = (heading: string, ...names: ReadonlyArray<string>) =>
  `[${heading}]\n\n**Completed:**\n${names.map((name) => `- \`${name}\`: x`).join("\n")}`

const quiet = (id: string) => `[BACKGROUND TASK COMPLETED]\n**ID:** \`${id}\`\n`

const good: Evidence = {
  tools: [
    launch("bg_1", "running"),
    launch("bg_2", "running"),
    launch("bg_3", "pending"),
    { message: "m2", tool: "read", output: "text", from: 2_000, to: 2_010 },
    launch("bg_4", "running", "m3", 10_000),
    {
      message: "m4",
      tool: "background_cancel",
      output: "Cancelled 1 background task(s):\n`bg_4`",
      from: 11_000,
      to: 11_010
    },
    {
      message: "m5",
      tool: "delegate_task",
      output: "Background task continued successfully.\n\nTask ID: bg_4\nSession ID: ses_4\nStatus: running",
      from: 12_000,
      to: 12_010
    }
  ],
  notices: [
    { id: "nt_1", text: quiet("bg_1") },
    { id: "nt_2", text: quiet("bg_2") },
    { id: "nt_3", text: list("ALL BACKGROUND TASKS COMPLETE", ...ids) },
    { id: "nt_4", text: list("ALL BACKGROUND TASKS COMPLETE", "bg_4") }
  ],
  texts: ["off they go", "From all: one two three."],
  sessions: [
    session(1, 1_050, 5_000, "Found one."),
    session(2, 1_050, 7_000, "Found two."),
    session(3, 5_001, 9_000, "Found three."),
    session(4, 10_050, 11_000, "Fine.", 2)
  ],
  stillBusy: [],
  model: {
    mostAtOnce: 2,
    aborted: ["ses_4"],
    open: 0,
    headings: [
      "[BACKGROUND TASK COMPLETED]",
      "[BACKGROUND TASK COMPLETED]",
      "[ALL BACKGROUND TASKS COMPLETE]",
      "[ALL BACKGROUND TASKS COMPLETE]"
    ]
  }
}

const errand = (n: number, startedAt: number, endedAt: number): Story.Errand => ({
  id: `bg_${n}`,
  session: `ses_${n}`,
  agent: agents[n - 1] ?? "momus",
  description: "x",
  last: undefined,
  runs: [{ queuedAt: 1_000, startedAt, endedAt, end: "completed" }]
})

const story: Story.Story = {
  ...Story.begin("root", 0),
  errands: [errand(1, 1_050, 5_000), errand(2, 1_050, 7_000), errand(3, 5_000, 9_000), errand(4, 12_000, 13_000)]
}

const found = /Found (\w+)/
const expected = { limit: 2, pieces: { explore: found, librarian: found, oracle: found } }
const times = { names: agents, oneByOne: 14_000, together: 8_000 }

const failed = (evidence: Evidence, errands = story.errands, saving = times) =>
  Checks.scripted(evidence, { story: { ...story, errands }, isOver: true, endedAt: 14_000 }, saving, expected)
    .filter(({ ok }) => !ok).map(({ promise }) => promise)

const model = (changed: object) => ({
  ...good,
  model: { mostAtOnce: 2, aborted: [], open: 0, headings: [], ...good.model, ...changed }
})
const without = (tool: string) => ({ ...good, tools: good.tools.filter((use) => use.tool !== tool) })

describe("checks", () => {
  it("hold for the story as it should be", () => {
    assert.deepStrictEqual(failed(good), [])
  })

  it("fail where it was not so", () => {
    const cases: ReadonlyArray<readonly [RegExp, ReadonlyArray<string>]> = [
      [/one turn/, failed({ ...good, tools: good.tools.with(2, launch("bg_3", "pending", "m9")) })],
      [/one turn/, failed({ ...good, tools: good.tools.with(2, launch("bg_3", "pending", "m1", 6_000)) })],
      [/third one waited/, failed({ ...good, tools: good.tools.with(2, launch("bg_3", "running")) })],
      [
        /third one waited/,
        failed({ ...good, sessions: good.sessions.with(2, session(3, 4_000, 9_000, "Found three.")) })
      ],
      [/session of its own/, failed({ ...good, sessions: good.sessions.slice(1) })],
      [/never more than 2/, failed(good, story.errands.with(2, errand(3, 4_000, 9_000)))],
      [/server saw 2 at once/, failed(model({ mostAtOnce: 3 }))],
      [/server saw 2 at once/, failed(model({ mostAtOnce: 1 }))],
      [/server saw 2 at once/, failed(model({ open: 1 }))],
      [/left at work/, failed({ ...good, stillBusy: ["ses_4"] })],
      [/delivered once/, failed({ ...good, notices: [...good.notices, { id: "nt_1", text: quiet("bg_1") }] })],
      [/delivered once/, failed({ ...good, notices: good.notices.toSpliced(2, 1) })],
      [/read each notice once/, failed(model({ headings: ["[ALL BACKGROUND TASKS COMPLETE]"] }))],
      [/went on working/, failed(without("read"))],
      [/three results/, failed({ ...good, texts: ["From two: one two."] })],
      [/cut off/, failed(model({ aborted: [] }))],
      [/cut off/, failed(without("background_cancel"))],
      [/continued/, failed({ ...good, tools: good.tools.slice(0, -1) })],
      [/continued/, failed({ ...good, sessions: good.sessions.with(3, session(4, 10_050, 11_000, "Fine.", 1)) })],
      [/less time/, failed(good, story.errands, { ...times, together: 15_000 })]
    ]
    for (const [promise, found] of cases) assert.match(found.join("\n"), promise)
  })
})
