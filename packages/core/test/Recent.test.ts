import { assert, describe, it } from "@effect/vitest"
import * as Recent from "../src/Recent.ts"

describe("the latest of something", () => {
  const after = (...all: ReadonlyArray<string>) => {
    const set = new Set<string>()
    for (const one of all) Recent.note(set, one, 2)
    return [...set]
  }

  it("is all there is, while that is not too many", () => {
    assert.deepStrictEqual(after("a"), ["a"])
    assert.deepStrictEqual(after("a", "b"), ["a", "b"])
  })

  it("is without the oldest, once it is", () => {
    assert.deepStrictEqual(after("a", "b", "c"), ["b", "c"])
  })

  it("counts who comes again as new, and once", () => {
    assert.deepStrictEqual(after("a", "b", "a"), ["b", "a"])
    assert.deepStrictEqual(after("a", "b", "a", "c"), ["a", "c"])
  })
})
