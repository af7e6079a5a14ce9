/**
 * What stands in OpenCode's list of plugins: the name of a package, or a path. Pure.
 */
import { isAbsolute } from "node:path"

export type Spec =
  /** `version`: what is behind the `@`; `latest` where there is nothing. */
  | { readonly _tag: "Package"; readonly name: string; readonly version: string }
  | { readonly _tag: "Path"; readonly path: string }

/** The name of this package. */
export const ours = "opencode-errand"

/** As OpenCode tells them apart: what begins like a path is one. */
export const parse = (spec: string): Spec => {
  if (spec.startsWith("file://") || spec.startsWith(".") || isAbsolute(spec)) return { _tag: "Path", path: spec }
  // The first letter may be the `@` of a scope.
  const at = spec.indexOf("@", 1)
  return at < 0
    ? { _tag: "Package", name: spec, version: "latest" }
    : { _tag: "Package", name: spec.slice(0, at), version: spec.slice(at + 1) || "latest" }
}

/** The folder of OpenCode's cache in which a package is: as it was asked for, `@latest` where no version was. */
export const cacheName = (spec: string): string => {
  const parsed = parse(spec)
  return parsed._tag === "Package" && parsed.name === spec ? `${spec}@latest` : spec
}

/** A version of three numbers: no range, no tag, no path. */
export const isExact = (version: string): boolean => /^v?\d+\.\d+\.\d+(?:[-+][\w.+-]*)?$/.test(version)

/** Below 0 where `a` is older than `b`. Only the three numbers count; what is not there is 0. */
export const compare = (a: string, b: string): number => {
  const numbers = (version: string) =>
    version.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map((part) => Number(part) || 0)
  const [left, right] = [numbers(a), numbers(b)]
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
