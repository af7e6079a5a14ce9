/**
 * What is odd about settings that are valid each on its own: limits for models that nobody has, and limits that together
 * let more run than one of them says.
 */
import { Model } from "@errand/core"
import { count } from "../text/inline.ts"
import { nearest } from "../text/nearest.ts"
import type { PluginSettings } from "./PluginSettings.ts"

/** One sentence for each oddity. With no known models there is nothing to compare with, and nothing is said. */
export const warnings = (settings: PluginSettings, known: ReadonlyArray<Model.Model>): ReadonlyArray<string> =>
  known.length === 0
    ? []
    : [...unknownProviders(settings, known), ...unknownModels(settings, known), ...escapes(settings, known)]

const unknownProviders = (settings: PluginSettings, known: ReadonlyArray<Model.Model>): ReadonlyArray<string> =>
  noMatch(
    "providerConcurrency",
    "provider",
    settings.providerConcurrency,
    new Set(known.map((model) => model.provider))
  )

const unknownModels = (settings: PluginSettings, known: ReadonlyArray<Model.Model>): ReadonlyArray<string> =>
  noMatch(
    "modelConcurrency",
    "model",
    settings.modelConcurrency,
    new Set(known.flatMap((model) => [Model.format(model), model.id]))
  )

const noMatch = (
  setting: string,
  noun: string,
  limits: Readonly<Record<string, number>>,
  names: ReadonlySet<string>
): ReadonlyArray<string> =>
  Object.keys(limits).filter((key) => !names.has(key)).map((key) => {
    const near = nearest(key, names)
    return `${setting}[${JSON.stringify(key)}] has no effect: OpenCode knows no ${noun} of that name.${
      near === undefined ? "" : ` Did you mean ${JSON.stringify(near)}?`
    }`
  })

/** Under `priority` a model with a limit of its own does not count for its provider. */
const escapes = (settings: PluginSettings, known: ReadonlyArray<Model.Model>): ReadonlyArray<string> =>
  settings.concurrencyPolicy === "layered"
    ? []
    : Object.entries(settings.providerConcurrency).flatMap(([provider, limit]) => {
      const keys = known.filter((model) => model.provider === provider).map((model) => ownKey(settings, model))
      const own = [...new Set(keys)].filter((key) => key !== undefined)
      const most = keys.includes(undefined) ? limit : 0
      const total = own.reduce((sum, key) => sum + sizeOf(settings.modelConcurrency[key]), most)
      const bound = Math.min(total, sizeOf(settings.maxConcurrency))
      if (limit === 0 || own.length === 0 || bound <= limit) return []
      const words = Number.isFinite(bound) ? `up to ${count(bound, "task")}` : "any number of tasks"
      return [
        `providerConcurrency[${JSON.stringify(provider)}] is ${limit}, but ${words} of that provider can run at once: `
        + `${own.map((key) => `${key} has a limit of its own (${settings.modelConcurrency[key]})`).join(", ")}, `
        + "and the most specific limit counts alone. Set concurrencyPolicy to \"layered\" to make all of them count."
      ]
    })

/** The key of the limit that a model has for itself. */
const ownKey = (settings: PluginSettings, model: Model.Model): string | undefined =>
  [Model.format(model), model.id].find((key) => Object.hasOwn(settings.modelConcurrency, key))

const sizeOf = (limit: number | undefined): number => limit === undefined || limit === 0 ? Infinity : limit
