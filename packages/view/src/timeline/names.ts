/**
 * What pools are called in front of people. Pure.
 */
import { unknownPool } from "./assemble.ts"

/** `anthropic` for `provider:anthropic`, `all tasks` for `total`: the kind of limit is said where it is needed. */
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
export const slots = (count: number): string => `${count} slot${count === 1 ? "" : "s"}`
