/**
 * Check 6: no other plugin has tools of the same names. OpenCode takes both, and the agent gets one of them. Pure.
 */
import { failure, type Finding, of, ok } from "../Finding.ts"
import { entriesOf, type ListFile } from "../Lists.ts"

const what = "other plugins"

/** Plugins that are known to have tools of our names, and which. */
const rivals: Readonly<Record<string, string>> = {
  "oh-my-opencode": "background_output and background_cancel, and delegate_task before 4.0",
  "oh-my-openagent": "background_output and background_cancel",
  "oh-my-opencode-slim": "background_output and background_cancel in some versions"
}

export const clashes = (files: ReadonlyArray<ListFile>): ReadonlyArray<Finding> => {
  const found = entriesOf(files, "server").flatMap(({ file, name, spec }) => {
    const tools = name === undefined || !Object.hasOwn(rivals, name) ? undefined : rivals[name]
    return tools === undefined ? [] : [failure(
      what,
      `${
        JSON.stringify(spec)
      } in ${file.path} has tools of the same names (${tools}), and an agent gets only one of each`,
      "keep one of the two: take the other out of the list"
    )]
  })
  return of("clashes", found.length === 0 ? [ok(what, "none that has tools of the same names")] : found)
}
