/**
 * What a person sees of a board: the words of the mock-up, and for every board that the order is right, the numbers are
 * right and no line is longer than it may be.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { widthOf } from "../src/format.ts"
import * as Rows from "../src/rows/index.ts"
import { anyItem, board, item, mockUp, t0 } from "./fixtures.ts"

const now = t0 + 65_000
const width = 37

const lines = (rows: ReadonlyArray<Rows.Row>, width: number) =>
  rows.flatMap((row) => [Rows.firstLine(row, width), Rows.secondLine(row, width)]).filter((line) => line !== "")

describe("the mock-up", () => {
  it("in a narrow list: whoever needs a person, then who runs, who waits and what ended (G6, G7)", () => {
    const { more, rows } = Rows.sidebar(mockUp, { now })
    assert.deepStrictEqual(lines(rows, width), [
      "▲ Run the tests                   42s",
      "  needs you: bash npm test",
      "⠋ Find the auth code            1m05s",
      "  explore · grep login",
      "◌ Review the architecture          6s",
      "  1st in line · anthropic 2/2",
      "✓ Read the OAuth docs             17s"
    ])
    assert.strictEqual(more, 0)
    assert.strictEqual(Rows.headLine(mockUp, { now }), "2 out · 1 in line")
  })

  it("in a wide list: in groups, with what frees the slot", () => {
    assert.deepStrictEqual(
      Rows.groups(mockUp, { now }).map(({ rows, title }) => [title, rows.map(({ about }) => about)]),
      [
        ["Needs you", ["general · bash npm test"]],
        ["Out", ["explore · grep login · anthropic/opus"]],
        ["In line", ["1st of 1 · anthropic 2/2, frees with bg_00000001"]],
        ["Finished", ["librarian · just now"]]
      ]
    )
  })

  it("beside the prompt: whoever needs a person before all else, and nothing when nothing is out", () => {
    assert.deepStrictEqual(Rows.promptStatus(mockUp, { now }), { text: "▲ 1 needs you", tone: "attention" })
    const calm = board(mockUp.tasks.filter(({ asks }) => asks === undefined), { at: mockUp.at })
    assert.strictEqual(Rows.promptStatus(calm, { now })?.text, "⠋ 1 out · 1 in line · 1m05s")
    const line = board(calm.tasks.filter(({ status }) => status === "pending"))
    assert.strictEqual(Rows.promptStatus(line, { now })?.text, "◌ 1 in line · 6s")
    const over = board(calm.tasks.filter(({ status }) => status === "completed"))
    assert.isUndefined(Rows.promptStatus(over, { now }))
    assert.strictEqual(Rows.headLine(over, { now }), "")
  })

  it("what ended goes from a narrow list after a minute, and stays in a wide one", () => {
    const ended = t0 + 27_000
    assert.strictEqual(Rows.nextDeparture(mockUp, now), ended + 60_000)
    const group = (now: number) => Rows.sidebar(mockUp, { now }).rows.map(({ group }) => group)
    assert.include(group(ended + 59_999), "finished")
    assert.notInclude(group(ended + 60_000), "finished")
    assert.isUndefined(Rows.nextDeparture(mockUp, ended + 60_000))
    assert.strictEqual(
      Rows.groups(mockUp, { now: ended + 3_600_000 }).at(-1)?.rows[0]?.about,
      "librarian · 1 h ago"
    )
  })

  it("a list that is too short says how many more there are", () => {
    const { more, rows } = Rows.sidebar(mockUp, { now }, 2)
    assert.deepStrictEqual([rows.length, more], [2, 2])
  })
})

describe("a row", () => {
  const only = (fields: Parameters<typeof item>[0], look: Partial<Rows.Look> = {}) => {
    const [row] = Rows.rowsOf(board([item(fields)], { at: t0 }), { now, ...look })
    if (row === undefined) return assert.fail("no row")
    return row
  }

  it("says when the provider is tried again, and what it said", () => {
    const row = only({
      session: "ses_1",
      startedAt: t0,
      retry: { attempt: 2, message: "429 too many requests", nextAt: now + 4_200 }
    })
    assert.deepInclude(row, { mark: "↻", word: "tries again", group: "out", tone: "attention" })
    assert.strictEqual(row.detail, "explore · try 3 in 5s · 429 too many requests")
  })

  it("says what a task does that does nothing of its own", () => {
    assert.strictEqual(only({ startedAt: t0 }).detail, "explore · starts")
    assert.strictEqual(only({ startedAt: t0, session: "ses_1" }).detail, "explore · thinks")
    assert.strictEqual(only({ startedAt: t0, session: "ses_1", lent: true }).detail, "explore · waits for a slot again")
    const child = item({ id: "bg_00000002", parent: "ses_1", depth: 2, startedAt: t0, session: "ses_2" })
    const parent = item({ startedAt: t0 - 1, session: "ses_1", lent: true })
    const [row] = Rows.rowsOf(board([child, parent]), { now })
    assert.strictEqual(row?.detail, "explore · waits for its own (1 out)")
  })

  it("says that the line is paused, and where it does not know its place does not make one up", () => {
    assert.strictEqual(only({ status: "pending", ahead: 2, paused: true }).detail, "paused · 3rd in line")
    assert.strictEqual(only({ status: "pending" }).detail, "waits for a slot")
  })

  it("says why a task has no answer", () => {
    const row = only({ status: "error", startedAt: t0, endedAt: t0 + 2_000, why: "its agent never began to answer" })
    assert.deepInclude(row, { mark: "✗", word: "failed", tone: "bad", detail: "its agent never began to answer" })
    assert.strictEqual(row.about, "explore · its agent never began to answer · 1 min ago")
    assert.deepInclude(only({ status: "cancelled", endedAt: t0 }), { mark: "⊘", word: "cancelled", time: "0s" })
  })
})

describe("a board whose keeper is gone", () => {
  const at = mockUp.at
  const look = (ms: number, busy: ReadonlyArray<string> = []): Rows.Look => ({
    now: at + ms,
    isBusy: (session) => busy.includes(session)
  })

  it("is asked for a sign after ten seconds, and then shows what was out as lost, with no time that ticks (G6)", () => {
    assert.isFalse(Rows.isSilent(mockUp, look(10_000)))
    assert.isTrue(Rows.isSilent(mockUp, look(10_001)))
    assert.isFalse(Rows.isLost(mockUp, look(12_000)))
    assert.isTrue(Rows.isLost(mockUp, look(12_001)))
    const { rows } = Rows.sidebar(mockUp, look(12_001))
    assert.deepStrictEqual(rows.map(({ group, mark, time }) => [group, mark, time]), [
      ["lost", "?", ""],
      ["lost", "?", ""],
      ["lost", "?", ""],
      ["finished", "✓", "17s"]
    ])
    assert.strictEqual(Rows.headLine(mockUp, look(12_001)), "3 lost")
    assert.isUndefined(Rows.promptStatus(mockUp, look(12_001)))
  })

  it("is not called lost while whoever goes on with it has had no time to say so (G6)", () => {
    const left = { ...look(12_001), isLeft: true }
    const [row] = Rows.rowsOf(mockUp, left)
    assert.deepInclude(row, { group: "lost", mark: "?", word: "left", time: "", detail: "left when OpenCode stopped" })
    assert.notStrictEqual(row?.tone, "bad")
    assert.strictEqual(Rows.headLine(mockUp, left), "3 left behind")
    assert.isUndefined(Rows.promptStatus(mockUp, left))
    assert.strictEqual(Rows.groups(mockUp, left)[0]?.title, "Left behind")
  })

  it("is believed while anything of it is at work, and where nobody can tell (G6)", () => {
    assert.isFalse(Rows.isLost(mockUp, look(3_600_000, ["ses_1"])))
    assert.isTrue(Rows.isLost(mockUp, look(3_600_000, ["ses_4"])), "what has ended there is no sign")
    assert.isFalse(Rows.isLost(mockUp, { now: at + 3_600_000 }))
    assert.isFalse(Rows.isLost(board([item({ status: "completed" })]), look(3_600_000)), "nothing is out")
  })
})

const width100 = Schema.Int.check(Schema.isBetween({ minimum: 8, maximum: 160 }))
const at = Schema.Int.check(Schema.isBetween({ minimum: t0, maximum: t0 + 5_000_000 }))
const thorough = { arbitrary: { runs: 300, size: 40 }, timeout: 120_000 }
const items = Arbitrary.array(anyItem, { maxLength: 12 })

describe("for every board", () => {
  const order: ReadonlyArray<Rows.Group> = ["needs you", "out", "in line", "lost", "finished"]

  it.prop("every task has one row, in the order of the groups (G6)", { items, now: at }, ({ items, now }) => {
    const tasks = items.map(item)
    const rows = Rows.rowsOf(board(tasks), { now })
    assert.deepStrictEqual(rows.map(({ id }) => id).sort(), tasks.map(({ id }) => `${id}`).sort())
    const places = rows.map(({ group }) => order.indexOf(group))
    assert.deepStrictEqual(places, places.toSorted((a, b) => a - b))
    assert.deepStrictEqual(Rows.groups(board(tasks), { now }).flatMap(({ rows }) => rows), rows)
  }, thorough)

  it.prop("the numbers are those of the statuses (G6)", { items, now: at }, ({ items, now }) => {
    const tasks = items.map(item)
    const counts = Rows.countsOf(board(tasks), { now })
    const running = tasks.filter(({ status }) => status === "running").length
    const pending = tasks.filter(({ status }) => status === "pending").length
    assert.deepInclude(counts, { out: running, inLine: pending, lost: 0, finished: tasks.length - running - pending })
    const rows = Rows.rowsOf(board(tasks), { now })
    assert.strictEqual(rows.filter(({ group }) => group === "needs you").length, counts.needsYou)
    assert.strictEqual(Rows.headLine(board(tasks), { now }) === "", running + pending === 0)
  }, thorough)

  it.prop(
    "no line is longer than it may be, nor says what is missing (G5)",
    { items, now: at, width: width100 },
    ({ items, now, width }) => {
      const rows = Rows.rowsOf(board(items.map(item)), { now })
      for (const row of rows) {
        assert.strictEqual(widthOf(Rows.firstLine(row, width)), width)
        assert.isAtMost(widthOf(Rows.secondLine(row, width)), width)
        for (const text of [row.label, row.agent, row.time, row.doing, row.detail, row.about, row.word]) {
          assert.notMatch(text, /undefined|NaN|Infinity/)
          assert.notMatch(text, /\p{Cc}/u)
        }
      }
    },
    thorough
  )
})
