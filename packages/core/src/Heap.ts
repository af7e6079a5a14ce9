/**
 * A persistent priority queue (a leftist heap): `insert` and `pop` take O(log n) and change nothing, so a state that
 * holds one can be the argument and the result of a pure function.
 */
interface Node<A> {
  readonly value: A
  readonly rank: number
  readonly left: Heap<A>
  readonly right: Heap<A>
}

export type Heap<A> = Node<A> | undefined

/** Whether the first goes before the second. */
export type Before<A> = (a: A, b: A) => boolean

const rank = <A>(heap: Heap<A>): number => heap === undefined ? 0 : heap.rank

const node = <A>(value: A, a: Heap<A>, b: Heap<A>): Node<A> =>
  rank(a) >= rank(b)
    ? { value, rank: rank(b) + 1, left: a, right: b }
    : { value, rank: rank(a) + 1, left: b, right: a }

/** The recursion follows right spines only, which are at most log2(n + 1) long. */
const merge = <A>(a: Heap<A>, b: Heap<A>, before: Before<A>): Heap<A> => {
  if (a === undefined) return b
  if (b === undefined) return a
  return before(a.value, b.value)
    ? node(a.value, a.left, merge(a.right, b, before))
    : node(b.value, b.left, merge(a, b.right, before))
}

export const insert = <A>(heap: Heap<A>, value: A, before: Before<A>): Heap<A> =>
  merge(heap, { value, rank: 1, left: undefined, right: undefined }, before)

/** The heap without its first. */
export const pop = <A>(heap: Heap<A>, before: Before<A>): Heap<A> =>
  heap === undefined ? undefined : merge(heap.left, heap.right, before)

/** Everything in the heap, in no order. */
export function* values<A>(heap: Heap<A>): Generator<A> {
  const left: Array<Node<A>> = heap === undefined ? [] : [heap]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next.value
    if (next.left !== undefined) left.push(next.left)
    if (next.right !== undefined) left.push(next.right)
  }
}
