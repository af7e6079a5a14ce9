/**
 * Check 1: there is an OpenCode, and it is of a version that Errand was tested with. Pure.
 */
import { failure, type Finding, of, ok, warning } from "../Finding.ts"
import { compare } from "../Spec.ts"

/** The version that the tests run. */
export const tested = "1.18.33"

export type OpenCodeFound =
  | { readonly _tag: "Missing"; readonly looked: ReadonlyArray<string> }
  | { readonly _tag: "Broken"; readonly path: string; readonly why: string }
  | { readonly _tag: "Found"; readonly path: string; readonly version: string }

const what = "OpenCode"

export const openCode = (found: OpenCodeFound): ReadonlyArray<Finding> =>
  of("opencode", [found._tag === "Found" ? judged(found) : absent(found)])

const absent = (found: Exclude<OpenCodeFound, { readonly _tag: "Found" }>) =>
  found._tag === "Missing"
    ? failure(
      what,
      `not found (${found.looked.join(", ")})`,
      `install it (npm install -g opencode-ai@${tested}), or say where it is with --opencode`
    )
    : failure(
      what,
      `${found.path} does not run (${found.why})`,
      `install it anew: npm install -g opencode-ai@${tested}`
    )

const judged = ({ path, version }: Extract<OpenCodeFound, { readonly _tag: "Found" }>) => {
  const difference = compare(version, tested)
  if (difference === 0) return ok(what, `${version} (${path}), the version that Errand was tested with`)
  const found = `${version} (${path}); Errand was tested with ${tested}`
  return difference < 0
    ? warning(what, `${found}, which is newer`, "update OpenCode: opencode upgrade")
    : warning(
      what,
      `${found}, which is older`,
      `see whether there is a newer Errand; if something is odd, try opencode-ai@${tested}`
    )
}
