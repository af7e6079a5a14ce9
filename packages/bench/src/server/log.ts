/**
 * What happened on the server, with the moment of each: for the bench to read, and to wait for.
 */
import { stamp } from "./clock.ts"
import type { Entry } from "./Reports.ts"

export type Log = ReturnType<typeof make>

export const make = () => {
  let entries: Array<Entry> = []
  const waiting = new Set<() => void>()

  return {
    reset: () => {
      entries = []
      for (const look of waiting) look()
    },
    add: (kind: Entry["kind"], session: string, more: Partial<Entry> = {}) => {
      entries.push({ n: entries.length + 1, at: stamp(), kind, session, ...more })
      if (waiting.size > 0) { for (const look of waiting) look() }
    },
    /**
     * Gives what happened after the entry `since`, of these kinds (of any where none is named), as soon as there is
     * something; nothing when nothing came for `wait` ms.
     */
    read: (
      { kinds, since, wait }: { readonly since: number; readonly kinds: ReadonlySet<string>; readonly wait: number },
      give: (log: { readonly now: number; readonly next: number; readonly entries: ReadonlyArray<Entry> }) => void
    ): void => {
      let seen = since
      const found = (): ReadonlyArray<Entry> => {
        const fresh = entries.slice(seen)
        seen = entries.length
        return kinds.size === 0 ? fresh : fresh.filter(({ kind }) => kinds.has(kind))
      }
      const done = (some: ReadonlyArray<Entry>) => {
        waiting.delete(look)
        clearTimeout(timer)
        give({ now: stamp(), next: seen, entries: some })
      }
      const look = () => {
        const some = found()
        if (some.length > 0) done(some)
      }
      const timer = setTimeout(() => done(found()), wait)
      waiting.add(look)
      look()
    }
  }
}
