import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Heap from "../src/Heap.ts"
import { below, patient, sequence, thorough } from "./support/arbitraries.ts"

interface Item {
  readonly key: number
  /** Tells equal keys apart. */
  readonly nth: number
}

const before = (a: Item, b: Item): boolean => a.key === b.key ? a.nth < b.nth : a.key < b.key

/** A key to insert, or a pop. */
const Steps = sequence(Schema.Union([below(20), Schema.Literals(["pop"])]), 80)

const sorted = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => [...items].sort((a, b) => before(a, b) ? -1 : 1)

const drain = (heap: Heap.Heap<Item>): ReadonlyArray<Item> => {
  const all: Array<Item> = []
  for (let [first] = heap; first !== undefined; [first] = heap) {
    all.push(first)
    Heap.pop(heap, before)
  }
  return all
}

/** The number of comparisons that something takes. */
const counting = () => {
  const counter = { comparisons: 0 }
  return {
    counter,
    before: (a: Item, b: Item): boolean => {
      counter.comparisons++
      return before(a, b)
    }
  }
}

describe("a heap", () => {
  it.prop("holds what a sorted list holds, with the same first", [Steps], ([steps]) => {
    const heap: Heap.Heap<Item> = []
    let list: ReadonlyArray<Item> = []
    for (const [nth, step] of steps.entries()) {
      if (step === "pop") {
        Heap.pop(heap, before)
        list = list.slice(1)
      } else {
        Heap.insert(heap, { key: step, nth }, before)
        list = sorted([...list, { key: step, nth }])
      }
      assert.deepStrictEqual(heap[0], list[0])
      assert.strictEqual(heap.length, list.length)
      assert.deepStrictEqual(sorted(heap), list)
    }
    assert.deepStrictEqual(drain(heap), list)
  }, thorough(200, 80))

  it.prop("keeps those that are to be kept, in their order", [sequence(below(20), 80)], ([keys]) => {
    const heap: Heap.Heap<Item> = []
    const items = keys.map((key, nth) => ({ key, nth }))
    for (const item of items) Heap.insert(heap, item, before)
    const isKept = ({ key }: Item) => key % 3 > 0
    Heap.keep(heap, isKept, before)
    assert.deepStrictEqual(drain(heap), sorted(items.filter(isKept)))
  }, thorough(100, 80))

  it.each([
    ["rising", (n: number) => n],
    ["falling", (n: number) => -n],
    ["mixed", (n: number) => (n * 7_919) % 10_007]
  ])("takes O(log n) for each of 10,000 insertions and pops, with keys %s", patient, (_, keyOf) => {
    const n = 10_000
    const { before, counter } = counting()
    const heap: Heap.Heap<Item> = []
    let most = 0
    const step = (change: () => void) => {
      const had = counter.comparisons
      change()
      most = Math.max(most, counter.comparisons - had)
    }
    for (let i = 0; i < n; i++) step(() => Heap.insert(heap, { key: keyOf(i), nth: i }, before))
    while (heap.length > 0) step(() => Heap.pop(heap, before))
    // Two on each level on the way down.
    assert.isAtMost(most, 2 * Math.ceil(Math.log2(n + 1)))
    assert.isAbove(most, 0)
  })
})
