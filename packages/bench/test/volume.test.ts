/**
 * What B4, B5, B6, B13 and B14 make of what they measured: who was told of what, and which lines are passed. Figures are made up.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Figure, Line } from "../src/Figure.ts"
import { B13 } from "../src/measures/B13.ts"
import { B14 } from "../src/measures/B14.ts"
import { B4 } from "../src/measures/B4.ts"
import { B5 } from "../src/measures/B5.ts"
import { B6 } from "../src/measures/B6.ts"
import { hear, silence } from "../src/measures/heard.ts"
import type { Entry } from "../src/server/Reports.ts"

const figure = (peer: string, what: string, values: ReadonlyArray<number>, at?: number): Figure => ({
  measure: "",
  peer,
  what,
  unit: "ms",
  values,
  ...(at === undefined ? {} : { at })
})

const passed = (lines: ReadonlyArray<Line>) => lines.map(({ passed }) => passed)

describe("who was told", () => {
  const entry = (kind: Entry["kind"], session: string, text: string, parent?: string): Entry => ({
    n: 1,
    at: 7,
    kind,
    session,
    text,
    ...(parent === undefined ? {} : { parent })
  })
  const [one, two] = ["errand-00001", "errand-00002"]
  const heard = (...entries: ReadonlyArray<Entry>) => {
    const { last, missing } = entries.reduce(hear, silence(["ses_p"], [one, two]))
    return { last, missing: [...missing] }
  }

  it("a notice names a task by its description", () => {
    assert.deepStrictEqual(heard(entry("told", "ses_p", `${one} is over`)), { last: 7, missing: [two] })
  })

  it("a notice names a task by its session", () => {
    const created = entry("created", "ses_c", `${two} (@explore)`, "ses_p")
    assert.deepStrictEqual(heard(created, entry("told", "ses_p", "Task (ses_c) is over")), { last: 7, missing: [one] })
  })

  it("what a task is told itself is no notice", () => {
    assert.deepStrictEqual(heard(entry("told", "ses_c", one, "ses_p")).missing, [one, two])
  })
})

describe("launching at once", () => {
  const figures = (ms: number, floor: number) =>
    ["until all run, the first launch of the process", "until all run, later launches"].flatMap((what) =>
      [1, 5, 20, 100].flatMap((at) => [
        figure("Errand", what, [at === 100 ? ms : 80], at),
        figure("Floor", what, [at === 100 ? floor : 76], at)
      ])
    )

  it("two round trips and what the machine adds pass, a third one does not", () => {
    assert.deepStrictEqual(passed(B4.lines(figures(115, 95))), [true, true])
    assert.deepStrictEqual(passed(B4.lines(figures(95 + 50, 95))), [false, false])
  })

  it("who was not measured does not pass", () => {
    assert.deepStrictEqual(passed(B4.lines([])), [false, false])
  })
})

describe("many tasks under limits", () => {
  const many = "a thousand of 5 ms: from the first call until all were told"
  const line = (figures: ReadonlyArray<Figure>) => passed(B5.lines(figures))[0]

  it("as fast as the fastest with limits passes, slower does not; the floor has none", () => {
    const others = [figure("Floor", many, [1]), figure("one", many, [9]), figure("two", many, [5])]
    assert.isTrue(line([figure("Errand", many, [5]), ...others]))
    assert.isFalse(line([figure("Errand", many, [5.1]), ...others]))
  })

  it("who does not come to an end is slower than everybody", () => {
    assert.isTrue(line([figure("Errand", many, [5]), figure("one", many, [])]))
    assert.isFalse(line([figure("Errand", many, []), figure("one", many, [])]))
  })
})

describe("memory", () => {
  const figures = (waits: number, runs: number, half: number, whole: number) => {
    const grown = "the most that the heap has grown since the start, while so many have finished"
    return [
      figure("Errand", "memory of one that waits", [waits]),
      figure("Errand", "memory of one that runs", [runs]),
      figure("Errand", grown, [half], 5_000),
      figure("Errand", grown, [whole], 10_000)
    ]
  }

  it("each line can be passed and missed", () => {
    assert.deepStrictEqual(passed(B6.lines(figures(8_000, 16_000, 100, 110))), [true, true, true])
    assert.deepStrictEqual(passed(B6.lines(figures(8_001, 16_000, 100, 110))), [false, true, true])
    assert.deepStrictEqual(passed(B6.lines(figures(8_000, 16_001, 100, 110))), [true, false, true])
    assert.deepStrictEqual(passed(B6.lines(figures(8_000, 16_000, 100, 111))), [true, true, false])
  })
})

describe("loading the plugin", () => {
  const figures = (kB: number, ms: number) => [
    figure("Errand", "what is loaded a moment after the start", [kB]),
    figure("Errand", "added to the first request", [ms])
  ]

  it("each line can be passed and missed", () => {
    assert.deepStrictEqual(passed(B13.lines(figures(799, 99))), [true, true])
    assert.deepStrictEqual(passed(B13.lines(figures(800, 99))), [false, true])
    assert.deepStrictEqual(passed(B13.lines(figures(799, 100))), [true, false])
  })
})

describe("what the journal costs", () => {
  const figures = (answer: number, work: number) =>
    (["In memory", "In a file"] as const).flatMap((peer) => [
      figure(peer, "a launch, from the call to its answer, p50", [peer === "In memory" ? 10 : answer]),
      figure(peer, "a launch, from the call until the agent is at work, p50", [peer === "In memory" ? 20 : work])
    ])

  it("5 ms more than in memory pass, in both; more does not", () => {
    assert.deepStrictEqual(passed(B14.lines(figures(15, 25))), [true])
    assert.deepStrictEqual(passed(B14.lines(figures(15.1, 25))), [false])
    assert.deepStrictEqual(passed(B14.lines(figures(15, 25.1))), [false])
  })

  it("what was not measured does not pass", () => {
    assert.deepStrictEqual(passed(B14.lines([])), [false])
  })
})
