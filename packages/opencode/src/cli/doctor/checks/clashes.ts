/**
 * Check 6: no other plugin has tools of the same names. OpenCode takes both, and an agent gets one of them. Pure.
 */
import { failure, type Finding, of, ok, warning } from "../Finding.ts"
import { entriesOf, type ListedEntry, type ListFile } from "../Lists.ts"
import { ours } from "../Spec.ts"
import { names } from "./live.ts"

const what = "other plugins"

/** Plugins that are known to have tools of our names, and which. */
const rivals: Readonly<Record<string, string>> = {
  "oh-my-opencode": "background_output and background_cancel, and delegate_task before 4.0",
  "oh-my-openagent": "background_output and background_cancel",
  "oh-my-opencode-slim": "background_output and background_cancel, in some versions"
}

/** `tools`: those that OpenCode has, each as often as some plugin brings it; none where it could not be asked. */
export const clashes = (
  files: ReadonlyArray<ListFile>,
  tools: ReadonlyArray<string> | undefined
): ReadonlyArray<Finding> => {
  const others = entriesOf(files, "server").filter(({ name }) => name !== ours)
  const known = others.filter(({ name }) => name !== undefined && Object.hasOwn(rivals, name))
  if (tools === undefined) return of("clashes", known.length === 0 ? [none] : known.map(suspected))
  const twice = names.filter((name) => tools.filter((tool) => tool === name).length > 1)
  if (twice.length === 0) return of("clashes", [none])
  const suspects = (known.length > 0 ? known : others).map(shown)
  return of("clashes", [
    failure(
      what,
      `${twice.join(", ")} ${twice.length === 1 ? "is" : "are"} there twice, and an agent gets only one of each`,
      suspects.length === 0
        ? "take the other plugin out: it is in a folder .opencode/plugin or ~/.config/opencode/plugin"
        : `keep one of the two; the other one may be ${suspects.join(", ")}`
    )
  ])
}

const none = ok(what, "none that has tools of the same names")

const suspected = (entry: ListedEntry) =>
  warning(
    what,
    `${shown(entry)} has tools of the same names (${
      rivals[entry.name ?? ""] ?? "some"
    }), and an agent gets only one of each`,
    "keep one of the two: take the other out of the list"
  )

const shown = ({ file, spec }: ListedEntry): string => `${JSON.stringify(spec)} in ${file.path}`
