/**
 * Check 8: an OpenCode that is started here and now has the three tools. Pure.
 */
import { definitions } from "../../../tools/definitions.ts"
import { failure, type Finding, of, ok, skipped, warning } from "../Finding.ts"

export type LiveFound =
  | { readonly _tag: "NotTried"; readonly why: string }
  | { readonly _tag: "Failed"; readonly why: string; readonly output: ReadonlyArray<string> }
  | {
    readonly _tag: "Answered"
    readonly tools: ReadonlyArray<string>
    /** How long it took until it had loaded its plugins (ms). */
    readonly ms: number
    /** What it printed of plugins that it could not load. */
    readonly complaints: ReadonlyArray<string>
  }

const what = "tools in OpenCode"

/** So long a start is no surprise (ms): a machine that has other things to do. */
const slow = 20_000

export const names = Object.keys(definitions)

export const live = (found: LiveFound): ReadonlyArray<Finding> => of("live", [judge(found)])

const judge = (found: LiveFound) => {
  switch (found._tag) {
    case "NotTried":
      return skipped(what, found.why)
    case "Failed":
      return failure(
        what,
        `OpenCode could not be asked (${found.why})${quoted(found.output)}`,
        "see what `opencode serve --print-logs` says here"
      )
    case "Answered":
      break
  }
  const missing = names.filter((name) => !found.tools.includes(name))
  if (missing.length > 0) {
    return failure(
      what,
      `OpenCode started, but has no ${missing.join(", no ")}${quoted(found.complaints)}`,
      "mend what is said above; then see what `opencode serve --print-logs` says of plugins"
    )
  }
  const seconds = `${(found.ms / 1_000).toFixed(1)} s`
  return found.ms > slow
    ? warning(
      what,
      `${names.join(", ")} are there, but OpenCode took ${seconds} to start`,
      "see \"start of OpenCode\" above, or look for a slow plugin"
    )
    : ok(what, `${names.join(", ")} are there (started in ${seconds})`)
}

const quoted = (lines: ReadonlyArray<string>): string =>
  lines.length === 0 ? "" : `; it said: ${lines.slice(-3).map((line) => line.trim()).join(" / ")}`
