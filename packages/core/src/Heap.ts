/**
 * A priority queue (a binary heap): `insert` and `pop` take O(log n) and change it in place.
 */

/** Nobody goes before the one at half their index: the first goes before all. */
export type Heap<A> = Array<A>

/** Whether the first goes before the second. The same for a heap each time. */
export type Before<A> = (a: A, b: A) => boolean

export const insert = <A>(heap: Heap<A>, value: A, before: Before<A>): void => {
  let at = heap.length
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !before(value, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = value
}

/** Takes out the first. */
export const pop = <A>(heap: Heap<A>, before: Before<A>): void => {
  const last = heap.pop()
  if (last !== undefined && heap.length > 0) sink(heap, last, before)
}

/** Takes out all but these. */
export const keep = <A>(heap: Heap<A>, isKept: (value: A) => boolean, before: Before<A>): void => {
  for (const value of heap.splice(0).filter(isKept)) insert(heap, value, before)
}

/** Puts it in the place of the first, and down from there to where it belongs. */
const sink = <A>(heap: Heap<A>, value: A, before: Before<A>): void => {
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    const a = heap[left]
    const b = heap[left + 1]
    if (a === undefined) break
    const isRight = b !== undefined && before(b, a)
    const child = isRight ? b : a
    if (!before(child, value)) break
    heap[at] = child
    at = isRight ? left + 1 : left
  }
  heap[at] = value
}
