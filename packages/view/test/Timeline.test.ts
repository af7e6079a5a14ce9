/**
 * What a timeline is made of, and what can be counted in it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task, type TaskEvent } from "@errand/core"
import type { Item } from "../src/Board.ts"
import { allUsed } from "../src/timeline/counts.ts"
import * as Timeline from "../src/timeline/index.ts"
import { momentAt, positionOf, scaleOf, ticksOf } from "../src/timeline/scale.ts"
import { journals } from "./support/draws.ts"

const thorough = { timeout: 120_000, arbitrary: { runs: 300, size: 60 } }

const id = (n: number) => Task.TaskId.make(`bg_0000000${n}`)
const root = Task.SessionId.make("ses_root")

const queued = (n: number, at: number, more: Partial<Task.Request> = {}): TaskEvent.TaskEvent => ({
  _tag: "Queued",
  id: id(n),
  run: 1,
  at,
  request: {
    description: `task ${n}`,
    prompt: "p",
    agent: "explore",
    model: { provider: "anthropic", id: "opus" },
    parent: root,
    ancestors: [root],
    background: true,
    ...more
  }
})
const anthropic = [{ name: "provider:anthropic", size: 1 }]
const started = (n: number, at: number, pools = anthropic): TaskEvent.TaskEvent => ({
  _tag: "Started",
  id: id(n),
  run: 1,
  at,
  pools
})
const ended = (n: number, at: number): TaskEvent.TaskEvent => ({
  _tag: "Ended",
  id: id(n),
  run: 1,
  at,
  outcome: { _tag: "Completed", answer: "a" },
  progress: { toolCalls: 0 }
})

const lanesOf = ({ pools }: Timeline.Timeline) => pools.flatMap(({ lanes }) => lanes)

/** The spans of the nth task as `kind from-to`, in seconds. */
const spansOf = (timeline: Timeline.Timeline, nth: number): ReadonlyArray<string> =>
  lanesOf(timeline).filter((lane) => lane.id === id(nth)).flatMap(({ spans }) =>
    spans.map(({ from, kind, to }) => `${kind} ${from / 1_000}-${to / 1_000}`)
  )

describe("a timeline of a journal", () => {
  it.prop(
    "has spans that go forward and never overlap, in every lane, whatever was kept",
    [journals],
    ([events]) => {
      const now = (events.at(-1)?.at ?? 0) + 5_000
      const timeline = Timeline.ofHistory({ events }, now)
      for (const { ends, spans } of lanesOf(timeline)) {
        spans.forEach(({ from, to }, nth) => {
          assert.isBelow(from, to)
          assert.isAtMost(spans[nth - 1]?.to ?? from, from)
          assert.isAtLeast(from, timeline.from)
          assert.isAtMost(to, timeline.to)
        })
        ends.forEach(({ at }, nth) => assert.isAtMost(ends[nth - 1]?.at ?? at, at))
      }
    },
    thorough
  )

  it.prop("counts as in use, at every moment, the lanes that have a slot then: no more and no fewer", [journals], ([
    events
  ]) => {
    const timeline = Timeline.ofHistory({ events }, (events.at(-1)?.at ?? 0) + 5_000)
    const lanes = lanesOf(timeline)
    const moments = [...new Set(lanes.flatMap(({ spans }) => spans.flatMap(({ from, to }) => [from, to - 1, to])))]
    for (const { name, used } of timeline.pools) {
      for (const at of moments) {
        const holders = lanes.filter(({ spans }) =>
          spans.some(({ from, kind, pools = [], to }) =>
            from <= at && at < to && kind !== "waiting" && kind !== "lent" && pools.includes(name)
          )
        )
        assert.strictEqual(Timeline.usedAt(used, at), holders.length)
      }
      assert.isTrue(used.every((step, nth) => nth === 0 || step.at > (used[nth - 1]?.at ?? 0)))
      if (moments.length > 0) assert.strictEqual(Timeline.usedAt(used, timeline.to), 0, "all of it is in the picture")
    }
  }, thorough)

  it.prop("shows a session's tasks, and counts the others beside them: together they are everybody's", [journals], ([
    events
  ]) => {
    const now = (events.at(-1)?.at ?? 0) + 5_000
    const whole = Timeline.ofHistory({ events }, now)
    const part = Timeline.ofHistory({ events }, now, { session: "ses_1" })
    for (const pool of part.pools) {
      const all = whole.pools.find(({ name }) => name === pool.name)
      for (const { at } of all?.used ?? []) {
        assert.strictEqual(Timeline.usedAt(allUsed(pool), at), Timeline.usedAt(all?.used ?? [], at))
      }
    }
    const shown = new Set(lanesOf(part).map(({ id }) => id))
    assert.isTrue([...shown].every((id) => /[13]$/.test(id)))
  }, thorough)

  it("tells apart line, work, a person, the provider and lent slots, and says what was waited for", () => {
    const stamp = { id: id(1), run: 1 }
    const timeline = Timeline.ofHistory({
      events: [
        queued(1, 0),
        started(1, 10_000),
        { _tag: "Asked", ...stamp, at: 20_000, what: "bash npm test" },
        { _tag: "Answered", ...stamp, at: 25_000 },
        { _tag: "Retried", ...stamp, at: 30_000, attempt: 1, message: "overloaded", nextAt: 34_000 },
        { _tag: "Retried", ...stamp, at: 36_000, attempt: 2, message: "overloaded", nextAt: 99_000 },
        { _tag: "Lent", ...stamp, at: 40_000 },
        { _tag: "Restored", ...stamp, at: 50_000 },
        ended(1, 60_000)
      ]
    }, 99_000)
    // Its slots come back, and the provider has not failed since: what it said before is old.
    assert.deepStrictEqual(spansOf(timeline, 1), [
      "waiting 0-10",
      "running 10-20",
      "ask 20-25",
      "running 25-30",
      "retry 30-34",
      "running 34-36",
      "retry 36-40",
      "lent 40-50",
      "running 50-60"
    ])
    const [lane] = lanesOf(timeline)
    assert.deepStrictEqual(lane?.spans.flatMap(({ what }) => what ?? []), ["bash npm test", "overloaded", "overloaded"])
    assert.deepStrictEqual(lane?.ends, [{ at: 60_000, status: "completed" }])
    assert.deepStrictEqual(timeline.pools.map(({ name, size, used }) => [name, size, used]), [
      ["provider:anthropic", 1, [{ at: 10_000, used: 1 }, { at: 40_000, used: 0 }, { at: 50_000, used: 1 }, {
        at: 60_000,
        used: 0
      }]]
    ])
  })

  it("shows that a limit held, and what it cost: a slot that is handed on counts once", () => {
    const timeline = Timeline.ofHistory({
      events: [queued(1, 0), started(1, 0), queued(2, 1_000), ended(1, 9_000), started(2, 9_000), ended(2, 12_000)]
    }, 12_000)
    const [pool] = timeline.pools
    assert.isDefined(pool)
    assert.deepStrictEqual(Timeline.summaryOf(pool), {
      tasks: 2,
      most: 1,
      waited: 8_000,
      longestWait: 8_000,
      ran: 12_000,
      asked: 0,
      retried: 0
    })
  })

  it("shows a run that a kill cut off as cut off where its process was last seen, and what came of it", () => {
    const timeline = Timeline.ofHistory({
      events: [
        queued(1, 0),
        queued(2, 1_000),
        started(1, 0),
        { _tag: "Opened", id: id(1), run: 1, at: 2_000, session: Task.SessionId.make("ses_1") },
        { _tag: "Asked", id: id(1), run: 1, at: 20_000, what: "bash" },
        { _tag: "Adopted", id: id(1), run: 1, at: 60_000, ranMs: 18_000 },
        { _tag: "Adopted", id: id(2), run: 1, at: 60_000, ranMs: 0 },
        started(1, 61_000),
        ended(1, 70_000)
      ]
    }, 80_000)
    assert.deepStrictEqual(spansOf(timeline, 1), ["running 0-20", "waiting 60-61", "running 61-70"])
    assert.deepStrictEqual(lanesOf(timeline).map(({ ends }) => ends.map(({ at, status }) => [status, at])), [
      [["cut-off", 20_000], ["completed", 70_000]],
      [["cut-off", 20_000]]
    ])
    // It stood in line while there was one, and stands in it again.
    assert.deepStrictEqual(spansOf(timeline, 2), ["waiting 1-20", "waiting 60-80"])
  })

  it("does not let a task go on that was left behind by a process that is gone", () => {
    const left = new Map([[id(1), 30_000]])
    const timeline = Timeline.ofHistory({ events: [queued(1, 0), started(1, 5_000)], left }, 9_000_000)
    assert.deepStrictEqual(spansOf(timeline, 1), ["waiting 0-5", "running 5-30"])
    assert.deepStrictEqual(lanesOf(timeline)[0]?.ends.map(({ status }) => status), ["cut-off"])
  })

  it("puts who never started into the line that others of its model stand in, or says that it is not known", () => {
    const openai = { provider: "openai", id: "gpt" }
    const timeline = Timeline.ofHistory({
      events: [
        queued(1, 0),
        started(1, 0),
        queued(2, 0),
        queued(3, 0, { model: { provider: "anthropic", id: "haiku" } }),
        queued(4, 0, { model: openai })
      ]
    }, 5_000)
    assert.deepStrictEqual(timeline.pools.map(({ lanes, name }) => [name, lanes.map((lane) => lane.id)]), [
      ["provider:anthropic", [id(1), id(2), id(3)]],
      ["unknown", [id(4)]]
    ])
  })

  it("knows what a limit was before it was changed", () => {
    const five = [{ name: "provider:anthropic", size: 5 }]
    const timeline = Timeline.ofHistory({
      events: [
        queued(1, 0),
        queued(2, 0),
        started(1, 0, five),
        started(2, 1_000, five),
        queued(3, 2_000),
        ended(1, 8_000),
        started(3, 9_000)
      ]
    }, 12_000)
    const [pool] = timeline.pools
    assert.isDefined(pool)
    assert.deepStrictEqual(pool.sizes, [{ at: 0, size: 5 }, { at: 9_000, size: 1 }])
    assert.deepStrictEqual([-5, 0, 8_999, 9_000, 99_000].map((at) => Timeline.sizeAt(pool, at)), [5, 5, 5, 1, 1])
    assert.strictEqual(pool.size, 1)
  })

  it("names the session that was used last, and none where nothing was ever asked for", () => {
    const other = Task.SessionId.make("ses_other")
    const events = [
      queued(1, 0),
      queued(2, 5, { parent: Task.SessionId.make("ses_2"), ancestors: [other] }),
      started(1, 6)
    ]
    assert.strictEqual(Timeline.lastSession(events), "ses_other")
    assert.isUndefined(Timeline.lastSession([]))
    assert.deepStrictEqual(Timeline.ofHistory({ events: [] }, 7).pools, [])
  })
})

describe("a timeline of a board", () => {
  const item = (n: number, more: Partial<Item> = {}): Item => ({
    id: id(n),
    run: 1,
    parent: "ses_root",
    depth: 1,
    agent: "explore",
    description: `task ${n}`,
    status: "running",
    queuedAt: 0,
    pool: "provider:anthropic",
    toolCalls: 0,
    ...more
  })
  const boardOf = (tasks: ReadonlyArray<Item>) => ({
    v: 1 as const,
    session: "ses_root",
    owner: "o",
    at: 50_000,
    pools: [{ name: "provider:anthropic", used: 1, size: 2, waiting: 1 }],
    tasks
  })

  it("goes on until now where its tasks do, and shows what each waited for", () => {
    const timeline = Timeline.ofBoard(
      boardOf([
        item(1, {
          startedAt: 1_000,
          stretches: [
            { kind: "ask", from: 5_000, to: 8_000, what: "bash" },
            { kind: "ask", from: 7_000, to: 9_000, what: "edit" },
            { kind: "retry", from: 10_000, to: 12_000 },
            { kind: "lent", from: 20_000 }
          ]
        }),
        item(2, { status: "pending", queuedAt: 2_000 }),
        item(3, { status: "error", startedAt: 0, endedAt: 4_000, why: "overloaded" })
      ]),
      30_000
    )
    assert.deepStrictEqual(spansOf(timeline, 1), [
      "waiting 0-1",
      "running 1-5",
      "ask 5-9",
      "running 9-10",
      "retry 10-12",
      "running 12-20",
      "lent 20-30"
    ])
    assert.deepStrictEqual(spansOf(timeline, 2), ["waiting 2-30"])
    assert.deepStrictEqual(lanesOf(timeline).flatMap(({ ends }) => ends), [
      { at: 4_000, status: "error", why: "overloaded" }
    ])
    assert.deepStrictEqual(timeline.pools.map(({ name, size }) => [name, size]), [["provider:anthropic", 2]])
    assert.strictEqual(Timeline.usedAt(timeline.pools[0]?.used ?? [], 3_000), 2)
  })
})

describe("the scale of a timeline", () => {
  const now = (events: ReadonlyArray<TaskEvent.TaskEvent>) => (events.at(-1)?.at ?? 0) + 5_000

  it.prop("keeps the order of moments, fills its width, and folds only times in which nothing went on", [journals], ([
    events
  ]) => {
    const timeline = Timeline.ofHistory({ events }, now(events))
    for (const [width, fold] of [[20, 1], [80, 1], [900, 34]] as const) {
      const scale = scaleOf(timeline, { width, fold, whole: fold === 1 })
      const spans = lanesOf(timeline).flatMap(({ spans }) => spans)
      const moments = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b)
      const places = moments.map((at) => positionOf(scale, at))
      places.forEach((place, nth) => {
        assert.isAtLeast(place, places[nth - 1] ?? 0)
        assert.isAtMost(place, width)
      })
      for (const piece of scale.pieces.filter(({ folded }) => folded)) {
        assert.isFalse(spans.some(({ from, to }) => from < piece.to && to > piece.from))
        assert.isAbove(piece.to - piece.from, 30_000)
      }
      const ticks = ticksOf(scale, 8)
      ticks.forEach(({ x }, nth) => {
        assert.isAtLeast(x - (ticks[nth - 1]?.x ?? -8), 7)
      })
      // However short all of it was.
      assert.lengthOf(new Set(ticks.map(({ label }) => label)), ticks.length)
      if (scale.pieces.length > 0) {
        assert.approximately(positionOf(scale, timeline.to), width, 1e-6)
        assert.approximately(positionOf(scale, momentAt(scale, width / 3)), width / 3, width / 500)
      }
    }
  }, thorough)
})
