/**
 * What `tasks` makes of a journal.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task, TaskEvent } from "@errand/core"
import { Schema } from "effect"
import { choose, plain } from "../../src/cli/Style.ts"
import { below } from "../../src/cli/tasks/below.ts"
import { boards } from "../../src/cli/tasks/boards.ts"
import { lines, List, list, shown } from "../../src/cli/tasks/list.ts"

const decode = Schema.decodeUnknownSync(Schema.Array(TaskEvent.TaskEvent))
const idOf = (nth: number) => Task.TaskId.make(`bg_0000000${nth}`)
const start = Date.UTC(2026, 0, 26)

const request = (description: string, ancestors: ReadonlyArray<string> = ["ses_root"]) => ({
  description,
  prompt: "p",
  agent: "explore",
  model: { provider: "anthropic", id: "opus" },
  parent: ancestors[0],
  ancestors,
  background: true
})

const queued = (nth: number, at: number, description: string, ancestors?: ReadonlyArray<string>) => ({
  _tag: "Queued",
  id: idOf(nth),
  run: 1,
  at: start + at,
  request: request(description, ancestors)
})
const event = (_tag: string, nth: number, at: number, more: object = {}) => ({
  _tag,
  id: idOf(nth),
  run: 1,
  at: start + at,
  ...more
})
const pools = [{ name: "provider:anthropic", size: 2 }]
const done = { outcome: { _tag: "Completed", answer: "yes" }, progress: { toolCalls: 2 } }
const failed = { outcome: { _tag: "Failed", reason: "agent-error", message: "401" }, progress: { toolCalls: 0 } }

const history = {
  events: decode([
    queued(1, 0, "Find the auth code"),
    event("Started", 1, 0, { pools }),
    event("Opened", 1, 10, { session: "ses_one" }),
    queued(2, 1_000, "Run the tests", ["ses_one", "ses_root"]),
    event("Started", 2, 1_000, { pools }),
    event("Asked", 2, 5_000, { what: "bash npm test" }),
    queued(3, 2_000, "Review it"),
    queued(4, 3_000, "Read the docs"),
    event("Started", 4, 3_000, { pools }),
    event("Ended", 4, 20_000, done),
    queued(5, 3_000, "Ask the oracle", ["ses_other"]),
    event("Started", 5, 3_000, { pools }),
    event("Ended", 5, 30_000, failed),
    queued(6, 4_000, "Left behind"),
    event("Started", 6, 4_000, { pools })
  ]),
  notices: [],
  left: new Map([[idOf(6), start + 6_000]])
}
const now = start + 60_000
const all = shown(boards(history, now), now)

describe("tasks", () => {
  it("in groups: needs you, out, in line, lost, finished; of those that ended the latest first", () => {
    assert.deepStrictEqual(lines(all, plain, false).map((line) => line.replace(/^ {2}⠋/, "  *")), [
      "Needs you",
      "  ▲ bg_00000002  Run the tests         59s  explore · bash npm test",
      "",
      "Out",
      "  * bg_00000001  Find the auth code  1m00s  explore · thinks · anthropic/opus",
      "",
      "In line",
      "  ◌ bg_00000003  Review it             58s  waits for a slot · anthropic 2/2",
      "",
      "Left behind",
      "  ? bg_00000006  Left behind                explore · left when OpenCode stopped",
      "  The next OpenCode in this directory takes them up, and their sessions are told when they are used.",
      "",
      "Finished",
      "  ✗ bg_00000005  Ask the oracle        27s  explore · 401 · just now",
      "  ✓ bg_00000004  Read the docs         17s  explore · just now"
    ])
  })

  it("the JSON has them in the same order, as its schema says", () => {
    const made = Schema.decodeUnknownSync(List)(Schema.encodeSync(List)(list(all, "/j.sqlite", now)))
    assert.deepStrictEqual(made.tasks.map(({ group }) => group), [
      "needs you",
      "out",
      "in line",
      "lost",
      "finished",
      "finished"
    ])
    assert.deepStrictEqual(made.tasks[0]?.asks, [{ id: "", what: "bash npm test", at: start + 5_000 }])
  })

  it("what was asked and is answered, and what was tried again by now, is not said any more", () => {
    const later = decode([
      event("Opened", 2, 39_000, { session: "ses_two" }),
      event("Answered", 2, 40_000),
      event("Retried", 1, 50_000, { attempt: 1, message: "429", nextAt: start + 70_000 })
    ])
    const said = (now: number) => {
      const events = [...history.events, ...later]
      return shown(boards({ ...history, events }, now), now).slice(0, 2).map(({ row }) => `${row.word}: ${row.doing}`)
    }
    assert.deepStrictEqual(said(start + 60_000), ["tries again: try 2 in 10s · 429", "running: thinks"])
    assert.deepStrictEqual(said(start + 80_000), ["running: thinks", "running: thinks"])
  })

  it("of one session: those that it sent out, and theirs", () => {
    const ids = (session: string) => below(all, history.events, session).map(({ item }) => item.id)
    assert.deepStrictEqual(ids("ses_one"), [idOf(2)])
    assert.deepStrictEqual(ids("ses_other"), [idOf(5)])
    assert.lengthOf(ids("ses_root"), 5)
    assert.deepStrictEqual(ids("ses_none"), [])
  })

  it("a long description leaves room at 80 columns for what became of its task", () => {
    const events = decode([
      queued(4, 3_000, "Find out which of all the services that we have still use the old tokens"),
      event("Started", 4, 3_000, { pools }),
      event("Ended", 4, 20_000, done)
    ])
    const [, line] = lines(
      shown(boards({ ...history, events, left: new Map() }, now), now),
      { ...plain, width: 80 },
      false
    )
    assert.match(line ?? "", /^ {2}✓ bg_00000004 {2}Find out which of al.*… {2}17s {2}explore · just now$/)
  })

  it("are cut at the terminal's width, and of those that ended only ten are shown until all are asked for", () => {
    const narrow = { ...plain, width: 40 }
    for (const line of lines(all, narrow, false)) assert.isAtMost(line.length, 40)
    const many = shown(
      boards({
        ...history,
        left: new Map(),
        events: decode(
          Array.from({ length: 9 }, (_, nth) => [queued(nth, nth, `Old ${nth}`), event("Ended", nth, nth + 50, done)])
            .flat().concat(
              Array.from({ length: 9 }, (_, nth) => [
                { ...queued(nth, nth, `New ${nth}`), id: Task.TaskId.make(`bg_1000000${nth}`) },
                { ...event("Ended", nth, nth + 90, done), id: Task.TaskId.make(`bg_1000000${nth}`) }
              ]).flat()
            )
        )
      }, now),
      now
    )
    const some = lines(many, plain, false)
    assert.lengthOf(some, 12)
    assert.strictEqual(some.at(-1), "  8 more: --all")
    assert.lengthOf(lines(many, plain, true), 19)
  })

  it("are painted on a terminal only", () => {
    assert.include(lines(all, choose({ isTTY: true, columns: 100 }, {}), false).join("\n"), "\u001b[")
    for (
      const [output, env] of [[{}, {}], [{ isTTY: true }, { NO_COLOR: "1" }], [{ isTTY: true }, {
        TERM: "dumb"
      }]] as const
    ) {
      assert.notInclude(lines(all, choose(output, env), false).join("\n"), "\u001b[")
    }
  })
})
