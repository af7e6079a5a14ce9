/**
 * How far the bench is, in words.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { ahead, type AtWork, known, line, type State } from "../src/progress.ts"

const one: AtWork = { id: "B2", nth: 2, done: 3, of: 12, began: 0, last: 30_000, what: "Errand, 100 tasks" }
const state: State = {
  of: 4,
  runs: 3,
  known: new Map([["B1", 10_000], ["B3", 20_000]]),
  atWork: [one],
  groups: [["B3"], ["B4", "B1"]]
}

describe("the line", () => {
  it("says which measure of how many, how far that is, what is left of it and in all, and what is done now", () => {
    assert.strictEqual(
      line(state, 30_000),
      // 90 s here, three runs of 20 s, and three of 15 s, what a measure takes on average and more than the 10 s beside.
      "2 of 4: B2 · 3 of 12 done · about 1m30s left, 3m15s in all · Errand, 100 tasks"
    )
  })

  it("says nothing that nobody knows, and nothing at all while nothing is measured", () => {
    assert.strictEqual(
      line({ ...state, known: new Map() }, 30_000),
      "2 of 4: B2 · 3 of 12 done · about 1m30s left · Errand, 100 tasks"
    )
    assert.strictEqual(
      line({ ...state, known: new Map(), atWork: [{ ...one, done: 0 }] }, 30_000),
      "2 of 4: B2 · 0 of 12 done · Errand, 100 tasks"
    )
    assert.strictEqual(
      line({ ...state, groups: [] }, 30_000),
      "2 of 4: B2 · 3 of 12 done · about 1m30s left · Errand, 100 tasks"
    )
    assert.strictEqual(line({ ...state, atWork: [] }, 30_000), "")
  })

  it("says before the first step what a measure took the last time, and of several at once the longest", () => {
    const begun = { ...one, id: "B3", done: 0, of: 1 }
    assert.strictEqual(
      line({ ...state, groups: [], atWork: [begun] }, 10_000),
      "2 of 4: B3 · about 50s left · Errand, 100 tasks"
    )
    assert.strictEqual(
      line({ ...state, groups: [], atWork: [one, { ...begun, nth: 3 }] }, 30_000),
      "2 to 3 of 4: B2, B3 · about 1m30s left · Errand, 100 tasks"
    )
  })
})

describe("what is ahead", () => {
  it("is what it took the last time, by run; nothing is nothing, and nobody knows what nobody measured", () => {
    assert.deepStrictEqual(ahead([], 3, new Map()), Option.some(0))
    assert.deepStrictEqual(ahead([["B1"]], 3, new Map()), Option.none())
    const about = {
      title: "",
      about: "",
      date: "",
      machine: { processor: "", cores: 2, memory: 1, system: "" },
      versions: {},
      figures: [],
      lines: []
    }
    const results = { measures: [{ ...about, id: "B1", runs: 3, seconds: 30 }, { ...about, id: "B2", runs: 3 }] }
    assert.deepStrictEqual(ahead([["B1"]], 2, known(results)), Option.some(20_000))
  })
})
