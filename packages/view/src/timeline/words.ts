/**
 * What things are called in front of people, in every picture of a timeline. Pure.
 */
import { seconds } from "../format.ts"
import { unknownPool } from "./assemble.ts"
import { summaryOf } from "./counts.ts"
import type { End, Kind, Pool } from "./Timeline.ts"

export const kindWords: Readonly<Record<Kind, string>> = {
  waiting: "in line",
  running: "running",
  ask: "needs you",
  retry: "provider retry",
  lent: "waits for its own tasks"
}

export const endWords: Readonly<Record<End["status"], string>> = {
  completed: "completed",
  error: "failed",
  cancelled: "cancelled",
  "cut-off": "cut off"
}

export const endMarks: Readonly<Record<End["status"], string>> = {
  completed: "✓",
  error: "✗",
  cancelled: "⊘",
  "cut-off": "?"
}

/** `provider anthropic` for `provider:anthropic`, `all tasks together` for `total`. */
export const poolTitle = (name: string): string => {
  if (name === unknownPool) return "pool not known"
  if (name === "total") return "all tasks together"
  const [, kind, rest] = /^(model|provider|default):(.*)$/s.exec(name) ?? []
  if (kind === undefined || rest === undefined) return name
  if (kind === "provider") return `provider ${rest}`
  return kind === "model"
    ? `model ${rest}`
    : rest.startsWith("@")
    ? `agent ${rest.slice(1)}`
    : `model ${rest} (default)`
}

/** `1 slot`, `2 slots`. */
const slots = (count: number): string => `${count} slot${count === 1 ? "" : "s"}`

/** How full a pool was. */
export const limitWords = (pool: Pool): string => {
  const { most } = summaryOf(pool)
  const { sizes } = pool
  if (sizes !== undefined) {
    const all = sizes.map(({ size }) => size === undefined ? "none" : `${size}`)
    const were = all.length > 4 ? `${all.length - 1} times` : all.join(", then ")
    return `its limit was changed: ${were}; up to ${most} in use`
  }
  if (pool.size === undefined) return `no limit known, ${most} at once`
  // Each process has its own limits, unless they are shared.
  return most > pool.size
    ? `${slots(pool.size)} in each OpenCode, ${most} in use at most`
    : `${slots(pool.size)}, never more than ${most} in use`
}

/** What a limit cost, and where else the time of a pool went. */
export const costWords = (pool: Pool): ReadonlyArray<string> => {
  const { asked, longestWait, ran, retried, tasks, waited } = summaryOf(pool)
  if (tasks === 0) return []
  return [
    waited === 0 ? "nobody waited" : `${seconds(waited)} in line (longest ${seconds(longestWait)})`,
    `${seconds(ran)} with a slot`,
    ...(asked === 0 ? [] : [`${seconds(asked)} waiting for a person`]),
    ...(retried === 0 ? [] : [`${seconds(retried)} waiting for the provider`])
  ]
}
