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

/** Looks for so many ms, and gives the longest time (ms) for which the event loop was not free. Looking takes time itself. */
export const block = (ms: number): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const end = performance.now() + ms
  const look = (before: number, longest: number) =>
    setTimeout(() => {
      const now = performance.now()
      const found = Math.max(longest, now - before - every)
      if (now < end) look(now, found)
      else resolve(found)
    }, every)
  look(performance.now(), 0)
  return promise
}
