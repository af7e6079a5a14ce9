/**
 * What is made of several runs, some of which may have given nothing: all figures here are made up.
 */
import { assert, describe, it } from "@effect/vitest"
import { value, valuesOf, worst } from "../src/Figure.ts"
import { B9 } from "../src/measures/B9.ts"
import { figuresOf, type Found } from "../src/measures/compare.ts"
import { errand } from "../src/peers/errand.ts"

const wanted = { what: "time", unit: "ms" as const }
const of = (value: number): Found => ({ peer: errand, values: [{ ...wanted, value }] })
const nothing: Found = { peer: errand, values: [], why: "it had not begun" }
const figures = (...found: ReadonlyArray<Found>) =>
  figuresOf({ measure: "B9", peers: [errand], runs: 3 }, [wanted], found)

describe("figures of several runs", () => {
  it("have a value for each, and nothing to say", () => {
    assert.deepStrictEqual(figures(of(1), of(2), of(3)), [
      { measure: "B9", peer: "Errand", ...wanted, values: [1, 2, 3] }
    ])
  })

  it("say in how many there was a value, and why not in the others", () => {
    const [some] = figures(of(1), nothing, of(3))
    assert.strictEqual(some?.missing, 1)
    assert.strictEqual(some?.note, "2 of 3 runs; in the others: it had not begun")
    const [none] = figures(nothing, nothing, nothing)
    assert.strictEqual(none?.missing, undefined)
    assert.strictEqual(none?.note, "it had not begun")
  })

  it("count for nothing where a line is to be passed and one of the runs gave no value", () => {
    const whole = figures(of(1), of(2), of(6))
    assert.deepStrictEqual([value(whole, "Errand", "time"), worst(whole, "Errand", "time")], [2, 6])
    const some = figures(of(1), nothing, of(3))
    assert.deepStrictEqual(valuesOf(some, "Errand", "time"), [])
    assert.deepStrictEqual([value(some, "Errand", "time"), worst(some, "Errand", "time")], [Number.NaN, Number.NaN])
    assert.isTrue(B9.lines(some).every(({ passed }) => !passed))
  })
})
