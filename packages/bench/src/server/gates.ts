/**
 * Gates: agents wait at them until the bench opens them.
 */
import type { Park } from "./Turn.ts"

export type Gates = ReturnType<typeof make>

export const make = () => {
  const open = new Set<string>()
  const waiting = new Map<string, Set<() => void>>()
  return {
    reset: () => {
      open.clear()
      waiting.clear()
    },
    isOpen: (name: string) => open.has(name),
    /** Lets all go on that wait at it, and all that come later. */
    open: (name: string) => {
      open.add(name)
      const all = waiting.get(name) ?? []
      waiting.delete(name)
      for (const wake of all) wake()
    },
    at: (name: string): Park => (wake) => {
      const all = waiting.get(name) ?? new Set()
      waiting.set(name, all.add(wake))
      return () => void all.delete(wake)
    }
  }
}
