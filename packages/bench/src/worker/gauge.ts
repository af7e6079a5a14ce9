/**
 * What a process says of itself: memory, processor time, and for how long its event loop was not free.
 */

/** Bytes, after a full collection. Twice: what finalizers let go is collected the second time. */
export const memory = (): { readonly heap: number; readonly rss: number } => {
  // There with --expose-gc.
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, rss }
}

/** Processor time used so far (ms), and when that was read. */
export const cpu = (stamp: () => number): { readonly used: number; readonly at: number } => {
  const { system, user } = process.cpuUsage()
  return { used: (system + user) / 1_000, at: stamp() }
}

/** How often the event loop is looked at (ms). */
const every = 2

/**
 * Gives the longest time (ms) for which the event loop was not free since it was asked last, and 0 the first time: it
 * only looks from then on, as looking takes time itself.
 */
export const blocks = (): () => number => {
  let longest = 0
  let looking = false
  const look = (before: number) =>
    setTimeout(() => {
      const now = performance.now()
      longest = Math.max(longest, now - before - every)
      look(now)
    }, every)
  return () => {
    const found = longest
    longest = 0
    if (!looking) look(performance.now())
    looking = true
    return found
  }
}
