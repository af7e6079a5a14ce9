/**
 * Which pools a task belongs to: the settings' limits, made into names and sizes. Pure.
 *
 * A pool is what one limit counts. Under `priority` the most specific limit that is set binds: the model's, else the
 * provider's (one pool that all its models without a limit of their own share), else the default of that one model.
 * Under `layered` every limit that is set binds at once. `maxConcurrency` binds over everything in both.
 */
import type { Model } from "./Model.ts"
import * as Models from "./Model.ts"
import type { Settings } from "./Settings.ts"

/**
 * A pool's name: `model:<key>`, `provider:<provider>`, `default:<provider/model>`, `default:@<agent>` where the model is
 * not known, or `total`.
 */
export type PoolName = string

export interface Pool {
  readonly name: PoolName
  /** How many tasks may hold a slot of it at once; `Infinity` where the setting is `0`. */
  readonly size: number
}

/** A limit as a pool size: `0` means any number. */
export const sizeOf = (limit: number): number => limit === 0 ? Number.POSITIVE_INFINITY : limit

const pool = (name: PoolName, limit: number): Pool => ({ name, size: sizeOf(limit) })

/** The pools that bind a task of this model and agent, narrowest first. Never empty. */
export const poolsOf = (
  settings: Settings,
  task: { readonly model?: Model | undefined; readonly agent: string }
): ReadonlyArray<Pool> => {
  const ofModel = task.model === undefined ? undefined : modelPool(settings, task.model)
  const ofProvider = task.model === undefined ? undefined : providerPool(settings, task.model)
  const fallback = pool(
    `default:${task.model === undefined ? `@${task.agent}` : Models.format(task.model)}`,
    settings.defaultConcurrency
  )
  const narrow = settings.concurrencyPolicy === "priority"
    ? [ofModel ?? ofProvider ?? fallback]
    : [ofModel ?? fallback, ...(ofProvider === undefined ? [] : [ofProvider])]
  return settings.maxConcurrency === 0 ? narrow : [...narrow, pool("total", settings.maxConcurrency)]
}

/** A key that names the provider too is more specific than the bare model id, which all its providers share. */
const modelPool = (settings: Settings, model: Model): Pool | undefined => {
  for (const key of [Models.format(model), model.id]) {
    const limit = limitOf(settings.modelConcurrency, key)
    if (limit !== undefined) return pool(`model:${key}`, limit)
  }
  return undefined
}

const providerPool = (settings: Settings, model: Model): Pool | undefined => {
  const limit = limitOf(settings.providerConcurrency, model.provider)
  return limit === undefined ? undefined : pool(`provider:${model.provider}`, limit)
}

/** A model may be called `constructor`: only what was set is a limit. */
const limitOf = (limits: Readonly<Record<string, number>>, key: string): number | undefined =>
  Object.hasOwn(limits, key) ? limits[key] : undefined
