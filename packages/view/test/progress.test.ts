/**
 * How far long work is: what is said is true, fits its line, and never goes wrong however long a step takes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { widthOf } from "../src/format.ts"
import * as Progress from "../src/progress.ts"
import * as ProgressLine from "../src/ProgressLine.ts"

const { left, leftOfWay, leftText, line, shown, terminalOf } = Progress

describe("the width of a text", () => {
  it("counts two columns for what a terminal draws in two, old emoji and rare ideographs among it", () => {
    for (const two of ["✅", "❌", "⚡", "⭐", "⏳", "🚀", "中", "𠀀"]) assert.strictEqual(widthOf(two), 2, two)
    for (const one of ["a", "é", "✓", "✗", "▲", "◌", "⊘"]) assert.strictEqual(widthOf(one), 1, one)
  })
})

describe("what is left", () => {
  it("is not known before anything is done, and then follows from what was", () => {
    assert.deepStrictEqual(left({ done: 0, of: 10, began: 0 }, 5_000), Option.none())
    assert.deepStrictEqual(left({ done: 2, of: 10, began: 1_000 }, 5_000), Option.some(16_000))
    assert.deepStrictEqual(left({ done: 10, of: 10, began: 1_000 }, 5_000), Option.some(0))
  })

  it("gets less within a long step, but never less than the steps after it", () => {
    const at = (now: number) => Option.getOrThrow(left({ done: 2, of: 4, began: 0, last: 20_000 }, now))
    assert.strictEqual(at(20_000), 20_000)
    assert.strictEqual(at(25_000), 15_000)
    assert.strictEqual(at(90_000), 10_000)
  })

  it("of a known way is at the pace so far; that the start was slow says nothing of it", () => {
    const way = (...reached: ReadonlyArray<number>) =>
      [2_000, 4_000, 8_000, 10_000].map((usually, nth) => ({ usually, reached: reached[nth] }))
    assert.strictEqual(leftOfWay(way(), 0, 0), 10_000)
    assert.strictEqual(leftOfWay(way(), 0, 9_000), 8_000)
    assert.strictEqual(leftOfWay(way(9_000), 0, 9_000), 8_000)
    assert.strictEqual(leftOfWay(way(9_000), 0, 10_000), 7_000)
    // Two seconds became four.
    assert.strictEqual(leftOfWay(way(9_000, 13_000), 0, 13_000), 12_000)
    assert.strictEqual(leftOfWay(way(9_000, 13_000), 0, 99_000), 4_000)
    assert.strictEqual(leftOfWay(way(1, 2, 3, 4), 0, 9), 0)
    assert.strictEqual(leftOfWay([], 0, 9), 0)
  })

  it("is said in words, or not at all", () => {
    assert.strictEqual(leftText(Option.none()), "")
    assert.strictEqual(leftText(Option.some(400)), "nearly done")
    assert.strictEqual(leftText(Option.some(65_000)), "about 1m05s left")
    assert.strictEqual(line("a", "", "b"), "a · b")
  })
})

const tty = { isTTY: true, columns: 40 }

describe("a line", () => {
  it("is written over on a terminal, and never longer than it is wide; elsewhere it is one more", () => {
    const long = `12 of 14 · ${"很长".repeat(30)}\nmore`
    const text = shown(terminalOf(tty, {}), long)
    assert.isTrue(text.startsWith("\r\u001b[K"))
    assert.isAtMost(widthOf(text.slice(4)), 39)
    assert.notInclude(text, "\n")
    for (const [stream, env] of [[{}, {}], [tty, { TERM: "dumb" }], [{ isTTY: true, columns: 0 }, {}]] as const) {
      assert.strictEqual(shown(terminalOf(stream, env), "one\ntwo"), "one two\n")
      assert.strictEqual(Progress.erased(terminalOf(stream, env)), "")
    }
  })

  const watched = Effect.fnUntraced(function*(stream: Omit<ProgressLine.Out, "write">, forMs: number) {
    const written: Array<string> = []
    const progress = ProgressLine.make({ ...stream, write: (text) => written.push(text) }, {})
    const work = Effect.andThen(Effect.sleep(forMs), Effect.as(progress.say("half"), "done"))
    const fiber = yield* Effect.forkChild(progress.during((now) => `at ${now}`)(work))
    for (let passed = 0; passed < forMs; passed += 100) yield* TestClock.adjust(100)
    assert.strictEqual(yield* Fiber.join(fiber), "done")
    // Nothing goes on after the end.
    const after = written.length
    yield* TestClock.adjust("1 minute")
    assert.lengthOf(written, after)
    return written
  })

  it.effect("is shown now and then where nobody watches", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* watched({}, 35_000), ["at 3000\n", "at 18000\n", "at 33000\n", "half\n"])
    }))

  it.effect("is shown again and again on a terminal; what stays stands above it, and nothing is left of it in the end", () =>
    Effect.gen(function*() {
      const written = yield* watched(tty, 1_000)
      assert.deepStrictEqual(written, [
        ...[0, 200, 400, 600, 800].map((at) => `\r\u001b[Kat ${at}`),
        ...written.slice(5)
      ])
      assert.deepStrictEqual(written.slice(-3), ["\r\u001b[K", "half\n", "\r\u001b[K"])
    }))

  it.effect("goes when the work fails", () =>
    Effect.gen(function*() {
      const written: Array<string> = []
      const progress = ProgressLine.make({ ...tty, write: (text) => written.push(text) }, {})
      const exit = yield* Effect.exit(progress.during(() => "far")(Effect.fail("broken")))
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(written.at(-1), "\r\u001b[K")
    }))
})
