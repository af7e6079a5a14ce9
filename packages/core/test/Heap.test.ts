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
  for (let rest = heap; rest !== undefined; rest = Heap.pop(rest, before)) all.push(rest.value)
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
    let heap: Heap.Heap<Item>
    let list: ReadonlyArray<Item> = []
    for (const [nth, step] of steps.entries()) {
      if (step === "pop") {
        heap = Heap.pop(heap, before)
        list = list.slice(1)
      } else {
        heap = Heap.insert(heap, { key: step, nth }, before)
        list = sorted([...list, { key: step, nth }])
      }
      assert.deepStrictEqual(heap?.value, list[0])
      assert.deepStrictEqual(sorted([...Heap.values(heap)]), list)
    }
    assert.deepStrictEqual(drain(heap), list)
  }, thorough(200, 80))

  it.prop("changes nothing: what was made before is what it was", [Steps], ([steps]) => {
    const made: Array<{ readonly heap: Heap.Heap<Item>; readonly held: ReadonlyArray<Item> }> = []
    let heap: Heap.Heap<Item>
    for (const [nth, step] of steps.entries()) {
      heap = step === "pop" ? Heap.pop(heap, before) : Heap.insert(heap, { key: step, nth }, before)
      made.push({ heap, held: sorted([...Heap.values(heap)]) })
    }
    for (const { heap, held } of made) assert.deepStrictEqual(drain(heap), held)
  }, thorough(100))

  it.each([
    ["rising", (n: number) => n],
    ["falling", (n: number) => -n],
    ["mixed", (n: number) => (n * 7_919) % 10_007]
  ])("takes O(log n) for each of 10,000 insertions and pops, with keys %s", patient, (_, keyOf) => {
    const n = 10_000
    const { before, counter } = counting()
    let most = 0
    const step = (next: () => Heap.Heap<Item>) => {
      const had = counter.comparisons
      const heap = next()
      most = Math.max(most, counter.comparisons - had)
      return heap
    }
    let heap: Heap.Heap<Item>
    for (let i = 0; i < n; i++) heap = step(() => Heap.insert(heap, { key: keyOf(i), nth: i }, before))
    while (heap !== undefined) heap = step(() => Heap.pop(heap, before))
    // Two right spines of at most log2(n + 1) each.
    assert.isAtMost(most, 2 * Math.ceil(Math.log2(n + 1)))
    assert.isAbove(most, 0)
  })
})
