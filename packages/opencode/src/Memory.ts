/**
 * What is remembered of so many at the most. When that is full it begins anew: what was known is found out again. Changed
 * in place, each time in one step.
 */
import { Option } from "effect"

export interface Memory<K, V> {
  readonly get: (key: K) => Option.Option<V>
  readonly has: (key: K) => boolean
  readonly set: (key: K, value: V) => void
  readonly remove: (key: K) => void
}

export const make = <K, V>(most: number): Memory<K, V> => {
  const known = new Map<K, V>()
  return {
    get: (key) => Option.fromUndefinedOr(known.get(key)),
    has: (key) => known.has(key),
    set: (key, value) => {
      if (known.size >= most && !known.has(key)) known.clear()
      known.set(key, value)
    },
    remove: (key) => void known.delete(key)
  }
}
