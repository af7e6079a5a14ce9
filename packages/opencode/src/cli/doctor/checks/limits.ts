/**
 * Check 5: limits are for models that there are, and hold what they seem to promise. Pure.
 */
import type { Model } from "@errand/core"
import { warnings } from "../../../config/ConfigWarnings.ts"
import type { PluginSettings } from "../../../config/PluginSettings.ts"
import { count } from "../../../text/inline.ts"
import { type Finding, of, ok, skipped, warning } from "../Finding.ts"

const what = "limits"

/** `known`: the models that OpenCode has; none where it could not be asked, or was not (`asked`). */
export const limits = (
  settings: PluginSettings,
  known: ReadonlyArray<Model.Model> | undefined,
  asked = true
): ReadonlyArray<Finding> => {
  const keys = Object.keys(settings.modelConcurrency).length + Object.keys(settings.providerConcurrency).length
  if (keys === 0) return of("limits", [ok(what, `none of a model's or provider's own; ${others(settings)}`)])
  if (known === undefined || known.length === 0) {
    return of("limits", [
      skipped(
        what,
        `${count(keys, "limit")} not compared with OpenCode's models: ${
          asked ? "it did not tell them" : "it was not asked"
        }`
      )
    ])
  }
  const odd = warnings(settings, known)
  return of(
    "limits",
    odd.length === 0
      ? [ok(what, `${count(keys, "limit")}, all of them for models that OpenCode has`)]
      : odd.map((message) =>
        warning(what, message.replace(/\.$/, ""), "change the setting in errand.jsonc, if that is not meant")
      )
  )
}

const others = ({ defaultConcurrency, maxConcurrency }: PluginSettings): string => {
  const each = defaultConcurrency === 0
    ? "any number of tasks of a model"
    : `${count(defaultConcurrency, "task")} of a model`
  return `${each} at once, ${maxConcurrency === 0 ? "no limit over all" : `${maxConcurrency} in all`}`
}
