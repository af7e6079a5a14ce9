/**
 * Check 3: what OpenCode has fetched is what is wanted. It keeps a package for as long as its folder is there, `@latest`
 * too, so a new version arrives only once the folder is gone. Pure.
 */
import { failure, type Finding, of, ok, skipped, warning } from "../Finding.ts"
import { compare, isExact } from "../Spec.ts"

/** A plugin's package, as it is configured and as it is there. */
export interface Cached {
  readonly spec: string
  readonly source:
    | {
      readonly _tag: "Path"
      readonly root: string
      readonly version: string | undefined
      /** What OpenCode loads is there. */
      readonly isBuilt: boolean
    }
    /** `version`: none where nothing was fetched yet. `wanted`: what is behind the `@`. */
    | {
      readonly _tag: "Package"
      readonly wanted: string
      readonly folder: string
      readonly version: string | undefined
    }
}

const what = "installed version"

/** `own`: the version of the Errand that looks. */
export const cache = (all: ReadonlyArray<Cached>, own: string): ReadonlyArray<Finding> =>
  of(
    "cache",
    all.length === 0
      ? [skipped(what, "nothing is configured, so nothing is installed")]
      : all.map((one) => judge(one, own))
  )

const judge = ({ source, spec }: Cached, own: string) => {
  if (source._tag === "Path") {
    const { isBuilt, root, version } = source
    if (version === undefined) return failure(what, `there is no package at ${root}`, "mend the path")
    return isBuilt
      ? ok(what, `${version}, from ${root}`)
      : failure(what, `${version}, from ${root}, which is not built yet`, "run `pnpm run build` in that clone")
  }
  const { folder, version, wanted } = source
  if (version === undefined) {
    return ok(what, `none yet: OpenCode fetches ${spec} at its next start`)
  }
  const remove = `delete ${folder} and start OpenCode again: it never refreshes what is there`
  if (isExact(wanted)) {
    return compare(version, wanted) === 0
      ? ok(what, `${version}, as configured`)
      : failure(what, `${version}, but ${spec} is configured`, remove)
  }
  const difference = compare(version, own)
  if (difference === 0) return ok(what, `${version}, the same as this doctor`)
  return difference < 0
    ? warning(what, `${version}; this is ${own}, which is newer`, remove)
    : ok(what, `${version}, which is newer than this doctor (${own})`)
}
