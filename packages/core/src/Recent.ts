/**
 * The latest of something, each once: a set that does not grow for ever.
 */

/** Puts one in as the latest. Of more than `most` the oldest goes. */
export const note = <A>(set: Set<A>, one: A, most: number): void => {
  set.delete(one)
  set.add(one)
  for (const oldest of set) {
    if (set.size <= most) return
    set.delete(oldest)
  }
}
