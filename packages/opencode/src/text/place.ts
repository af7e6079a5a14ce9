/**
 * Why a task waits: which limit it waits for, the setting behind that limit, and its place in the line.
 */
import { count, name } from "./inline.ts"

/** Where a waiting task stands. */
export interface Place {
  /**
   * What the limit counts: `model:<key>`, `provider:<provider>`, `default:<provider/model>`, `default:@<agent>` where the
   * model is not known, or `total`.
   */
  readonly pool: string
  readonly used: number
  /** `Infinity` where there is no limit. */
  readonly size: number
  /** How many of the used slots are used by other instances, of other processes too; absent where none are. */
  readonly elsewhere?: number
  /** How many go before it. */
  readonly ahead: number
  /** Whether nobody is let in for now. */
  readonly paused: boolean
}

/** A key of a settings object as one writes it in code: `providerConcurrency.anthropic`. */
const member = (object: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `${object}.${key}` : `${object}[${JSON.stringify(key)}]`

const limitOf = (pool: string): { readonly words: string; readonly setting: string } => {
  const colon = pool.indexOf(":")
  const kind = colon < 0 ? pool : pool.slice(0, colon)
  const key = colon < 0 ? "" : name(pool.slice(colon + 1))
  switch (kind) {
    case "model":
      return { words: `the limit of model ${key}`, setting: member("modelConcurrency", key) }
    case "provider":
      return { words: `the limit of provider ${key}`, setting: member("providerConcurrency", key) }
    case "default":
      return {
        words: key.startsWith("@")
          ? `the default limit of agent ${key.slice(1)}, whose model is not known`
          : `the default limit of model ${key}`,
        setting: "defaultConcurrency"
      }
    default:
      return { words: "the limit over all tasks", setting: "maxConcurrency" }
  }
}

/** `, 1 of them by other OpenCode instances on this machine`, where there are any. */
const others = ({ elsewhere = 0 }: Place): string =>
  elsewhere === 0 ? "" : `, ${elsewhere} of them by other OpenCode instances on this machine`

/** A limit in words: `the limit of provider anthropic (2 of 2 in use; setting providerConcurrency.anthropic)`. */
export const poolLabel = (place: Place): string => {
  const { words, setting } = limitOf(place.pool)
  const use = Number.isFinite(place.size) ? `${place.used} of ${place.size} in use` : `${place.used} in use`
  return `${words} (${use}${others(place)}; setting ${setting})`
}

/** `next in line` or `3 tasks ahead`. */
export const lineLabel = (place: Place): string =>
  place.ahead === 0 ? "next in line" : `${count(place.ahead, "task")} ahead`

/** What a waiting task waits for, as one sentence. */
export const waits = (place: Place | undefined): string => {
  if (place === undefined) return "It waits for a free slot and starts by itself."
  return place.paused
    ? `It is ${
      lineLabel(place)
    } and starts by itself, but the line is paused for now: nothing starts until it is resumed.`
    : `It waits for ${poolLabel(place)}, ${lineLabel(place)}, and starts by itself.`
}
