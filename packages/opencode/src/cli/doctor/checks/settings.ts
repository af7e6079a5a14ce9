/**
 * Check 4: Errand's own settings are read, and every one of them counts. Pure.
 */
import type { Loaded } from "../../../config/ConfigFiles.ts"
import { defaults, type PluginSettings } from "../../../config/PluginSettings.ts"
import type { Own } from "../../Own.ts"
import { failure, type Finding, of, ok } from "../Finding.ts"

const what = "settings"

export const settings = ({ problems, settings, sources }: Loaded, own: Own): ReadonlyArray<Finding> => {
  if (problems.length > 0) {
    return of(
      "settings",
      problems.map(({ key, message }) =>
        failure(
          what,
          message.replace(/\.$/, ""),
          key === undefined
            ? "mend the file, or delete it"
            : `mend it: \`${own.command} schema\` prints every setting with what it may be`
        )
      )
    )
  }
  return of("settings", [
    ok(
      what,
      sources.length === 0
        ? "none, so the defaults hold"
        : `nothing wrong in ${sources.join(", ")}; ${inForce(settings)}`
    )
  ])
}

/** What holds and is not the default, as it stands in a file. */
const inForce = (settings: PluginSettings): string => {
  const usual = new Map(Object.entries(defaults))
  const changed = Object.entries(settings)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual.get(name)))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return changed.length === 0 ? "all as by default" : `in force are ${changed.join(", ")}`
}
