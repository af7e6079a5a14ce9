/**
 * What is remembered of so many at the most.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Memory from "../src/Memory.ts"

describe("a memory", () => {
  it("has what was last said of each, and nothing of who was taken out", () => {
    const memory = Memory.make<string, number>(3)
    memory.set("a", 1)
    memory.set("a", 2)
    memory.set("b", 3)
    memory.remove("b")
    assert.deepStrictEqual([memory.get("a"), memory.get("b")], [Option.some(2), Option.none()])
    assert.deepStrictEqual([memory.has("a"), memory.has("b")], [true, false])
  })

  it("begins anew when it is full, with the one that came too much; what is known already fits (D9)", () => {
    const memory = Memory.make<string, number>(2)
    memory.set("a", 1)
    memory.set("b", 2)
    memory.set("a", 3)
    assert.deepStrictEqual([memory.get("a"), memory.get("b")], [Option.some(3), Option.some(2)])
    memory.set("c", 4)
    assert.deepStrictEqual(["a", "b", "c"].filter(memory.has), ["c"])
  })
})
