/**
 * Check 4: Errand's own settings are read, and every one of them counts. Pure.
 */
import type { Loaded } from "../../../config/ConfigFiles.ts"
import { failure, type Finding, of, ok } from "../Finding.ts"

const what = "settings"

export const settings = ({ problems, sources }: Pick<Loaded, "problems" | "sources">): ReadonlyArray<Finding> => {
  if (problems.length > 0) {
    return of(
      "settings",
      problems.map(({ key, message }) =>
        failure(
          what,
          message.replace(/\.$/, ""),
          key === undefined
            ? "mend the file, or delete it"
            : "mend it: `opencode-errand schema` prints every setting with what it may be"
        )
      )
    )
  }
  return of("settings", [
    ok(what, sources.length === 0 ? "none, so the defaults hold" : `nothing wrong in ${sources.join(", ")}`)
  ])
}
