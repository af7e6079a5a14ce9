/**
 * What the terminal shows, as text.
 */
import { assert, describe, it } from "@effect/vitest"
import { clip, clock, fit, ordinal, widthOf, wrap } from "@errand/view/format"
import * as Style from "@errand/view/style"
import { checkLines } from "../src/checkLines.ts"
import { beat, live, type Look } from "../src/lines.ts"
import { saving, savingLines, timeline } from "../src/timeline.ts"
import { told } from "./fixtures.ts"

const look: Look = { width: 79, style: Style.plain, live: true, pool: { name: "anthropic", size: 1 } }

const all = (look: Look) => {
  const story = told()
  return story.beats.flatMap((each) => beat(look, story, each))
}

describe("live lines", () => {
  it("show each errand with a mark, a word, its time and what it does", () => {
    const [, headline, ...rows] = live(look, told(4_000), 5_000)
    assert.match(headline ?? "", /slots of anthropic ■ 1\/1 in use · 1 in line · main agent is free/)
    assert.deepStrictEqual(rows, [
      "  ⠋ running    explore    Ask explore                4s  read src/auth/login.ts",
      "  ◌ in line    oracle     Ask oracle                 4s  1st · anthropic 1/1"
    ])
    assert.match(live({ ...look, width: 99 }, told(4_000), 5_000).at(-1) ?? "", /1st in line · anthropic 1\/1$/)
    assert.match(live(look, told(12_000), 12_500).join("\n"), /⊘ cancelled +momus .* 2s  bg_3/)
  })

  it("fit every width", () => {
    for (const width of [50, 79, 99]) {
      const lines = [...live({ ...look, width }, told(4_000), 5_000), ...timeline({ ...look, width }, told(), 16_500)]
      for (const line of [...lines, ...all({ ...look, width })]) assert.isAtMost(widthOf(line), width, line)
    }
  })
})

describe("the story's lines", () => {
  it("name the tool that was called, and why one waits", () => {
    const text = all({ ...look, width: 100 }).join("\n").replace(/\s+/g, " ")
    assert.include(text, "calls delegate_task: agent explore, \"Ask explore\"")
    assert.match(text, /bg_2 is pending. It waits for the limit of provider anthropic \(1 of 1 in use; setting/)
    assert.include(text, "oracle starts by itself: a slot is free, after 5.0s in line")
    assert.include(text, "momus ⊘ cancelled after 2.0s")
    assert.include(text, "the same task")
  })

  it("have a line for each step where nothing is drawn again", () => {
    assert.notInclude(all(look).join("\n"), "calls read")
    assert.include(all({ ...look, live: false }).join("\n"), "explore    calls read src/auth/login.ts")
  })
})

describe("the timeline", () => {
  it("draws the waiting, the running and the end of each, and the slots in use", () => {
    const lines = timeline({ ...look, width: 24 + 3 + 32 }, told(), 16_000)
    assert.deepStrictEqual(lines.slice(0, 6), [
      "  seconds                 0s        5s        10s",
      "  explore   Ask explore     ██████████✓",
      "  oracle    Ask oracle      ░░░░░░░░░░██████✓",
      "  momus     Ask momus                         ████⊘ █████✓",
      "  slots in use, of 1        1111111111111111  1111  111111",
      "  main agent works         ▪▪▪▪             ▪▪▪▪▪▪▪▪▪▪"
    ])
    assert.include(lines.at(-1) ?? "", "never more than 1 in use")
  })

  it("adds up what one after another would have taken, for the first batch", () => {
    assert.deepStrictEqual(saving(told()), { names: ["explore", "oracle"], oneByOne: 8_000, together: 8_000 })
    const lines = savingLines(look, { names: ["a", "b", "c"], oneByOne: 20_000, together: 10_000 })
    assert.include(lines.join("\n"), "20.0s")
    assert.include(lines.join("\n"), "50% less")
  })
})

it("a failed check says what was expected and what was found", () => {
  const lines = checkLines(look, [{ promise: "it holds", ok: false, expected: "2", found: "3" }])
  assert.deepStrictEqual(lines, ["  ✗ it holds", "      expected 2", "      found    3"])
})

it("colours only terminals, and only if the person does not mind", () => {
  assert.strictEqual(Style.choose(true, {}), Style.ansi)
  assert.strictEqual(Style.choose(true, { NO_COLOR: "1" }), Style.plain)
  assert.strictEqual(Style.choose(false, {}), Style.plain)
})

it("cuts, fits and wraps by columns", () => {
  assert.strictEqual(clip("abcdef", 4), "abc…")
  assert.strictEqual(fit("查找", 6), "查找  ")
  assert.strictEqual(widthOf(clip("查找认证实现", 6)), 5)
  assert.deepStrictEqual(wrap("one two three\n  four five", 8), ["one two", "three", "  four", "  five"])
  assert.deepStrictEqual([0, 9_900, 125_000, 3_780_000].map(clock), ["0s", "9s", "2m05s", "1h03m"])
  assert.deepStrictEqual([1, 2, 3, 4, 11, 21].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "21st"])
})
