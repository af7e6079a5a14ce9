/**
 * A board is made of what is known of a family's tasks: it says nothing that is not so, and stays small.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Limits, Task } from "@errand/core"
import { Schema } from "effect"
import * as Board from "../src/Board.ts"
import { boardOf, chosen, type Sources } from "../src/boardOf.ts"
import * as CallText from "../src/callText.ts"
import * as Rows from "../src/rows/index.ts"
import { t0 } from "./fixtures.ts"

const decode = Schema.decodeUnknownSync(Task.Task)

const id = (n: number) => `bg_${n.toString(16).padStart(8, "0")}`

const request: typeof Task.Request.Encoded = {
  description: "Find the auth code",
  prompt: "a secret prompt",
  agent: "explore",
  model: { provider: "anthropic", id: "opus" },
  parent: "ses_root",
  ancestors: ["ses_root"],
  background: true
}

const task = (n: number, fields: Partial<typeof Task.Task.Encoded> = {}) =>
  decode({ id: id(n), run: 1, request, status: "pending", queuedAt: t0 + n, progress: { toolCalls: 0 }, ...fields })

const running = (n: number, fields: Partial<typeof Task.Task.Encoded> = {}) =>
  task(n, { status: "running", startedAt: t0 + n, session: `ses_${n}`, ...fields })

const ended = (n: number, fields: Partial<typeof Task.Task.Encoded> = {}) =>
  running(n, {
    status: "completed",
    endedAt: t0 + 1_000 + n,
    outcome: { _tag: "Completed", answer: "a secret answer" },
    ...fields
  })

const pool: Limits.PoolStatus = { name: "provider:anthropic", used: 2, size: 2 }

const place = (ahead: number): Limits.Place => ({ pool: pool.name, used: 2, size: 2, ahead, paused: false })

const make = (tasks: ReadonlyArray<Task.Task>, more: Partial<Sources> = {}) =>
  boardOf({
    session: "ses_root",
    owner: "boot1",
    at: t0 + 5_000,
    tasks,
    pools: [pool, { name: "default:openai/gpt", used: 1, size: 5 }],
    poolsOf: () => [pool.name],
    places: new Map(),
    lent: new Set(),
    doing: new Map(),
    why: () => "",
    ...more
  })

const nothing = { last: undefined, asks: [], retry: undefined, stretches: [] }

it("shortens paths by the project's folder, and by nothing where that is the root", () => {
  assert.strictEqual(CallText.below("/work/app/")("read /work/app/src/a.ts"), "read src/a.ts")
  assert.strictEqual(CallText.below("/")("read /etc/hosts"), "read /etc/hosts")
})

describe("a board", () => {
  it("has the limits of tasks that are over, so that a timeline can show that they held", () => {
    assert.deepStrictEqual(make([ended(1)]).pools, [{ name: pool.name, used: 2, size: 2, waiting: 0 }])
  })

  it("says of those in line what they wait for, how many go before them and who holds the slots (G6, G7)", () => {
    const board = make([running(1), running(2), task(3), task(4)], {
      places: new Map([[id(3), place(0)], [id(4), place(4)]])
    })
    assert.deepStrictEqual(board.pools, [{ name: pool.name, used: 2, size: 2, waiting: 2 }])
    const waiting = board.tasks.filter(({ status }) => status === "pending")
    assert.deepStrictEqual(waiting.map(({ ahead, holders, pool }) => ({ ahead, holders, pool })), [
      { ahead: 0, holders: [id(1), id(2)], pool: pool.name },
      { ahead: 4, holders: [id(1), id(2)], pool: pool.name }
    ])
  })

  it("names a few of those who hold the slots, the ones that have run longest", () => {
    const board = make([...[5, 4, 3, 2, 1].map((n) => running(n)), task(9)])
    assert.deepStrictEqual(board.tasks.at(-1)?.holders, [id(1), id(2), id(3)])
  })

  it("says who has lent their slots: they hold none (G6)", () => {
    const board = make([running(1), running(2), task(3)], { lent: new Set([id(1)]) })
    assert.deepStrictEqual(board.tasks.map(({ lent }) => lent), [true, undefined, undefined])
    assert.deepStrictEqual(board.tasks.at(-1)?.holders, [id(2)])
  })

  it("says what a session does, asks and is held up by", () => {
    const doing = {
      last: "grep login",
      asks: [{ id: "per_1", what: "bash npm test", at: t0 }],
      retry: { attempt: 1, message: "429", nextAt: t0 },
      stretches: [{ kind: "ask" as const, from: t0 }]
    }
    const [item] = make([running(1)], { doing: new Map([["ses_1", doing]]) }).tasks
    assert.deepInclude(item, doing)
    // What is over has nothing to ask.
    const [over] = make([ended(1)], { doing: new Map([["ses_1", doing]]) }).tasks
    assert.deepStrictEqual([over?.asks, over?.retry, over?.last, over?.stretches], [
      undefined,
      undefined,
      undefined,
      doing.stretches
    ])
  })

  it("is of one family", () => {
    const other = task(2, { request: { ...request, parent: "ses_other", ancestors: ["ses_other"] } })
    const below = task(3, { request: { ...request, parent: "ses_1", ancestors: ["ses_1", "ses_root"] } })
    const board = make([running(1), other, below])
    assert.deepStrictEqual(
      board.tasks.map(({ depth, id }) => [id, depth]),
      [[id(1), 1], [id(3), 2]].map(([id, depth]) => [id, depth])
    )
    assert.strictEqual(board.session, "ses_root")
  })

  it("says of what is asked first what allowing it always would allow, where there is room for all of that", () => {
    const ask = { id: "per_1", what: "edit a.ts", always: "every edit", at: t0 }
    const asks = [ask, { ...ask, id: "per_2" }]
    const [item] = make([running(1)], { doing: new Map([["ses_1", { ...nothing, asks }]]) }).tasks
    assert.deepStrictEqual(item?.asks, [ask, { id: "per_2", what: "edit a.ts", at: t0 }])
    const long = [{ ...ask, always: "x".repeat(501) }]
    const [cut] = make([running(1)], { doing: new Map([["ses_1", { ...nothing, asks: long }]]) }).tasks
    assert.deepStrictEqual(cut?.asks, [{ id: "per_1", what: "edit a.ts", at: t0 }])
  })

  it("holds no prompts and no answers, and stays small whatever people write", () => {
    const long = "查找认证实现\u001b[31m\n".repeat(1_000)
    const tasks = Array.from(
      { length: 300 },
      (_, n) =>
        (n % 3 === 0 ? ended : n % 3 === 1 ? running : task)(n, {
          request: { ...request, description: long, agent: long }
        })
    )
    const doing = {
      last: long,
      asks: [{ id: "per_1", what: long, at: t0 }],
      retry: { attempt: 1, message: long, nextAt: t0 },
      stretches: Array.from({ length: 100 }, () => ({ kind: "ask" as const, from: t0, what: long }))
    }
    const board = make(tasks, { doing: new Map(tasks.map(({ session }) => [`${session}`, doing])), why: () => long })
    const text = JSON.stringify(board)
    assert.notInclude(text, "secret")
    assert.notInclude(text, "\\u001b")
    assert.lengthOf(board.tasks, Board.maxTasks)
    assert.strictEqual(board.more, 250)
    assert.isBelow(text.length, 70_000)
    assert.deepStrictEqual(Schema.decodeUnknownSync(Board.Board)(JSON.parse(text)), board)
  })
})

it("of more tasks than it has room for it says how many there are of each kind (G6)", () => {
  const board = make([
    ...Array.from({ length: 40 }, (_, n) => running(n)),
    ...Array.from({ length: 30 }, (_, n) => task(n + 100)),
    ...Array.from({ length: 20 }, (_, n) => ended(n + 200))
  ])
  assert.deepInclude(board, { more: 40, moreInLine: 20 })
  const look = { now: board.at }
  assert.deepStrictEqual(Rows.countsOf(board, look), { needsYou: 0, out: 40, inLine: 30, lost: 0, finished: 20 })
  assert.strictEqual(Rows.headLine(board, look), "40 out · 30 in line")
  assert.strictEqual(Rows.sidebar(board, look, 8).more, 62)
  assert.strictEqual(board.pools[0]?.waiting, 30)
})

it("of a session that was continued it says what this run waited for", () => {
  const stretches = [
    { kind: "ask" as const, from: t0 - 10, to: t0 - 5 },
    { kind: "ask" as const, from: t0 + 10, to: t0 + 20 }
  ]
  const doing = { last: undefined, asks: [], retry: undefined, stretches }
  const [item] = make([running(1, { run: 2 })], { doing: new Map([["ses_1", doing]]) }).tasks
  assert.deepStrictEqual(item?.stretches, stretches.slice(1))
})

it("of many tasks those that are out come first, and then the latest that ended", () => {
  const tasks = [
    ended(1),
    ended(2),
    task(3),
    running(4),
    running(5),
    ...Array.from({ length: 60 }, (_, n) => ended(n + 10))
  ]
  const ids = chosen(tasks, ({ session }) => session === "ses_5").map(({ id }) => id)
  assert.lengthOf(ids, Board.maxTasks)
  assert.deepStrictEqual(ids.slice(0, 4), [id(5), id(4), id(3), id(69)])
  assert.notInclude(ids, id(1))
})
