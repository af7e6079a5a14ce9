/**
 * The report says what the figures say: all figures here are made up.
 */
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import type { Figure } from "../src/Figure.ts"
import { apart, axisOf, share } from "../src/report/axis.ts"
import * as chart from "../src/report/chart.ts"
import * as page from "../src/report/page.ts"
import * as readme from "../src/report/readme.ts"
import * as Results from "../src/report/Results.ts"
import * as summary from "../src/report/summary.ts"
import * as table from "../src/report/table.ts"

const omo3 = "oh-my-opencode 3.1.3"
const omo4 = "oh-my-opencode 4.19.4"

const figure = (peer: string, values: ReadonlyArray<number>, more: Partial<Figure> = {}): Figure => ({
  measure: "B1",
  peer,
  what: "time",
  unit: "ms",
  values,
  ...more
})

const measured = (
  id: string,
  figures: ReadonlyArray<Figure>,
  more: Partial<Results.Measured> = {}
): Results.Measured => ({
  id,
  title: `Title of ${id}`,
  about: "Why.",
  date: "2026-11-24",
  runs: 3,
  machine: { processor: "Any", cores: 2, memory: 8, system: "Linux 6" },
  versions: { Bun: "1.4.5" },
  figures,
  lines: [],
  ...more
})

const sizes = [1, 10, 100]
const grown = (peer: string, factor: number) =>
  sizes.map((at) => figure(peer, [at * factor, at * factor + 1, at * factor + 2], { at }))

describe("results", () => {
  it("what was measured anew replaces that measure only, and measures stay in order", () => {
    const before = { measures: [measured("B2", []), measured("B10", []), measured("B11", [])] }
    const now = { measures: [measured("B10", [], { date: "2027-01-01" }), measured("B3", [], { date: "2027-01-01" })] }
    expect(Results.merge(before, now).measures.map(({ date, id }) => `${id} ${date}`)).toEqual([
      "B2 2026-11-24",
      "B3 2027-01-01",
      "B10 2027-01-01",
      "B11 2026-11-24"
    ])
  })

  it.effect("what is printed is read again as it was", () =>
    Effect.gen(function*() {
      const all = { measures: [measured("B1", grown("Errand", 2), { absent: ["Somebody takes no part"] })] }
      expect(yield* Results.parse(Results.print(all))).toEqual(all)
    }))

  it.effect("what is no document of results is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Results.parse(`{"measures":[{"id":"B1"}]}`))
      expect(error.message).toContain("these are no results")
    }))
})

describe("the best of a row", () => {
  const yardsticks = ["Floor", "No plugin", "A plugin that does nothing"].map((peer) => figure(peer, [1]))
  const names = (row: ReadonlyArray<Figure>) => table.best(row).map(({ peer }) => peer)

  it("is the least median, whoever has it, yardsticks aside", () => {
    expect(names([figure("Errand", [5, 6, 9]), figure(omo3, [4, 1, 3]), ...yardsticks])).toEqual([omo3])
  })

  it("is nobody where the runs of the best and of another overlap, or touch; a run without a value wins nothing", () => {
    expect(names([figure("Errand", [5, 1, 9]), figure(omo3, [4, 4, 100])])).toEqual([])
    expect(names([figure("Errand", [3, 4, 5]), figure(omo3, [5, 6, 7])])).toEqual([])
    expect(names([figure("Errand", [3, 4]), figure(omo3, [5, 6]), figure(omo4, [7, 5.5])])).toEqual(["Errand"])
    expect(names([figure("Errand", [3, 4], { missing: 1 }), figure(omo3, [5, 6, 7]), figure(omo4, [8, 8, 8])]))
      .toEqual([omo3])
  })

  it("is the most where more is better", () => {
    const more = { better: "more" as const }
    expect(names([figure("Errand", [5], more), figure(omo3, [4], more)])).toEqual(["Errand"])
  })

  it("of counts has the best mean: what is lost in one run of three is lost", () => {
    const lost = { unit: "count" as const }
    expect(names([figure("Errand", [0, 0, 1], lost), figure(omo3, [0, 0, 0], lost)])).toEqual([omo3])
  })

  it("is a plain queue where that is quicker, and never a part of Errand beside another part alone", () => {
    const parts = [figure("Errand, the limiter alone", [30]), figure("Errand, whole tasks", [300])]
    expect(names([figure("p-queue", [8]), ...parts])).toEqual(["p-queue"])
    expect(names(parts)).toEqual([])
  })

  it("is nobody where all are alike, where nothing is better, and where only one takes part", () => {
    expect(names([figure("Errand", [5]), figure(omo3, [5])])).toEqual([])
    expect(names([figure("Errand", [5], { better: "neither" }), figure(omo3, [4], { better: "neither" })])).toEqual([])
    expect(names([figure("Errand", [5]), figure(omo3, [])])).toEqual([])
  })
})

describe("tables", () => {
  it("have a row for each size, the median, the spread, and a mark at the best", () => {
    const [only] = table.tables([...grown("Errand", 2), ...grown(omo3, 1)], (text) => `**${text}**`)
    expect(only?.heading).toBe("time (ms)")
    expect(only?.rows).toEqual([
      ["", "Errand", omo3],
      // Here they overlap.
      ["1", "3 (2–4)", "2 (1–3)"],
      ["10", "21 (20–22)", "**11 (10–12)**"],
      ["100", "201 (200–202)", "**101 (100–102)**"]
    ])
  })

  it("what has no size stands in one table, a row for each", () => {
    const [only, none] = table.tables([
      figure("Errand", [1], { what: "normal" }),
      figure(omo3, [2], { what: "normal" }),
      figure("Errand", [3], { what: "early" }),
      figure(omo3, [4], { what: "early" })
    ])
    expect(none).toBeUndefined()
    expect(only?.rows).toEqual([["", "Errand", omo3], ["normal (ms)", "1", "2"], ["early (ms)", "3", "4"]])
  })

  it("who takes no part has the reason in the place of the value; a note stands behind the value", () => {
    expect(table.cell(figure(omo3, [], { note: "cannot wait" }))).toBe("cannot wait")
    expect(table.cell(figure(omo3, [7], { note: "in 1 of 3 runs" }))).toBe("7; in 1 of 3 runs")
  })

  it("what is less than a hundredth is not nothing", () => {
    expect([0, 0.0029, 0.0912, 0.1].map(table.shown)).toEqual(["0", "0.0029", "0.09", "0.1"])
  })

  it("nothing in a cell ends it", () => {
    expect(table.grid([["a"], ["x|y"]])).toBe("| a    |\n| ---- |\n| x\\|y |")
  })
})

describe("the summary", () => {
  it("names everybody who is better than Errand, not only the best, with all sizes in one sentence", () => {
    const all = { measures: [measured("B1", [...grown("Errand", 3), ...grown(omo3, 2), ...grown(omo4, 1)])] }
    expect(summary.betterWords(all)).toEqual([
      `B1, time (ms): ${omo3}, 3 against 4 at 1, 21 against 31 at 10, 201 against 301 at 100`,
      `B1, time (ms): ${omo4}, 2 against 4 at 1, 11 against 31 at 10, 101 against 301 at 100`
    ])
  })

  it("names who has a value where Errand has none", () => {
    const all = { measures: [measured("B1", [figure("Errand", []), figure(omo3, [8])])] }
    expect(summary.betterWords(all)).toEqual([`B1, time (ms): ${omo3}, 8 against nothing`])
  })

  it("names who is better than a part of Errand that is measured by itself", () => {
    const figures = [
      figure("p-queue", [8]),
      figure("Errand, the limiter alone", [30]),
      figure("Errand, whole tasks", [5])
    ]
    expect(summary.betterWords({ measures: [measured("B8", figures)] })).toEqual([
      "B8, time (ms) (Errand, the limiter alone): p-queue, 8 against 30"
    ])
  })

  it("does not name who is alike, who is worse, the floor, and what nobody is better for", () => {
    const figures = [
      figure("Errand", [5]),
      figure(omo3, [5]),
      figure(omo4, [6]),
      figure("Floor", [1]),
      figure("Errand", [5], { what: "seen", better: "neither" }),
      figure(omo3, [1], { what: "seen", better: "neither" }),
      figure("Errand", [1], { what: "ended", unit: "count", better: "more" }),
      figure(omo3, [0], { what: "ended", unit: "count", better: "more" })
    ]
    expect(summary.betterWords({ measures: [measured("B1", figures)] })).toEqual([])
  })
})

describe("pictures", () => {
  it.effect("the same figures give the same bytes", () =>
    Effect.gen(function*() {
      const draw = () => page.make({ measures: [measured("B1", [...grown("Errand", 1), ...grown(omo3, 90)])] })
      const [one, two] = [yield* draw(), yield* draw()]
      expect([...one.pictures.keys()]).toEqual(["b1.svg"])
      expect(two).toEqual(one)
      expect(one.pictures.get("b1.svg")).toContain(omo3)
    }))

  it("there is none where there is no growth to see", () => {
    expect(chart.specOf([figure("Errand", [1], { at: 5 }), figure(omo3, [2], { at: 5 })])).toBeUndefined()
    expect(chart.specOf([figure("Errand", [1])])).toBeUndefined()
  })

  it("a scale shows both ends: even near each other, decades far apart, and nothing has a place", () => {
    expect(axisOf([3, 9])).toEqual({ type: "linear", domain: [0, 10], ticks: [0, 2, 4, 6, 8, 10] })
    expect(axisOf([3, 900])).toEqual({ type: "log", domain: [1, 1_000], ticks: [1, 10, 100, 1_000] })
    expect(axisOf([0, 900])).toEqual({ type: "symlog", domain: [0, 1_000], ticks: [0, 1, 10, 100, 1_000] })
    expect(axisOf([0.1, 0.3]).ticks).toEqual([0, 0.1, 0.2, 0.3])
    expect(axisOf([0, 0]).domain).toEqual([0, 1])
    expect(axisOf([-0.2, 0.4]).domain).toEqual([-0.2, 0.4])
    expect(share(axisOf([3, 900]), 10)).toBeCloseTo(1 / 3)
  })

  it("names at the ends of lines do not cover each other and stay in the picture", () => {
    expect(apart([50, 10, 52], 14, 190)).toEqual([50, 10, 64])
    expect(apart([188, 189, 190], 14, 190)).toEqual([162, 176, 190])
  })
})

describe("the page", () => {
  it.effect("says which lines are missed, who is better and who is absent", () =>
    Effect.gen(function*() {
      const lines = [
        { measure: "B1", asked: "quick", found: "slow", passed: false },
        { measure: "B1", asked: "small", found: "small", passed: true }
      ]
      const { text } = yield* page.make({
        measures: [measured("B1", [figure("Errand", [5]), figure(omo3, [4])], { lines, absent: ["Nobody is home"] })]
      })
      expect(text).toContain("asked to pass 2 lines, and passes 1.")
      expect(text).toContain("- ✗ quick: slow")
      expect(text).toContain(`- B1, time (ms): ${omo3}, 4 against 5`)
      expect(text).toContain("Nobody is home")
      expect(text).toContain("2026-11-24, 3 runs, Any (2 cores, 8 GB), Linux 6; Bun 1.4.5.")
    }))

  it.effect("says how a measure was made that is not as a reader would think", () =>
    Effect.gen(function*() {
      const { text } = yield* page.make({ measures: [measured("B3", [figure("Errand", [5])])] })
      expect(text).toContain("then the two releases of oh-my-opencode, which mostly wait, up to six at the same time.")
    }))

  it.effect("says what keeps Errand from a line where it is missed, and only there", () =>
    Effect.gen(function*() {
      const pageOf = (passed: boolean) =>
        page.make({
          measures: [measured("B4", [], { lines: [{ measure: "B4", asked: "quick", found: "slow", passed }] })]
        })
      expect((yield* pageOf(false)).text).toContain("What keeps Errand from passing: There are two round trips")
      expect((yield* pageOf(true)).text).not.toContain("What keeps Errand from passing")
    }))
})

describe("the README", () => {
  const silent = { what: "requests per minute, agents that are silent", at: 50, unit: "requests/min" as const }
  const asking = { what: "of 1 task that waits for its own (by asking), ended", unit: "count", better: "more" } as const
  const all: Results.Results = {
    measures: [
      measured("B1", [figure("Errand", [30], silent), figure(omo3, [1_500], silent), figure(omo4, [20], silent)]),
      measured("B11", [figure("Errand", [1, 1, 0], asking), figure(omo3, [0, 0], asking), figure(omo4, [1, 1], asking)])
    ]
  }
  const marked = "before\n\n<!-- bench -->\n\nstale\n\n<!-- /bench -->\n\nafter\n"

  it("has its rows in place of the old ones, the best in bold, and everything around them as it was", () => {
    const text = readme.written(marked, all, "en")
    expect(text).toMatch(/^before\n\n<!-- bench -->\n\nMeasured in the same way/)
    expect(text).toMatch(/<!-- \/bench -->\n\nafter\n$/)
    expect(text).not.toContain("stale")
    expect(text).toMatch(/50 agents think +\| 30 +\| 1,500 +\| \*\*20\*\* /)
    expect(readme.written(text, all, "en")).toBe(text)
  })

  it("a text without the marks is told from one that has them", () => {
    expect(readme.isMarked(marked)).toBe(true)
    expect(readme.isMarked("before\n\nafter\n")).toBe(false)
  })

  it("what did not happen in one of three runs has not a plain tick", () => {
    expect(readme.written(marked, all, "en")).toMatch(/: ends +\| ✗ \(2\/3 ✓\) +\| ✗ +\| \*\*✓\*\* +\|/)
  })

  it("a row whose words are no longer those of its measure is told of", () => {
    const renamed = { measures: [measured("B2", [figure("Errand", [1], { what: "other words", at: 1_000 })])] }
    expect(readme.unfound(renamed)).toEqual(["B2, kB fetched"])
    expect(readme.unfound(all)).toEqual([])
  })

  it("is kept in both languages", () => {
    expect(readme.written(marked, all, "zh")).toContain("| 50 个子代理思考时,每分钟的请求数")
  })
})
