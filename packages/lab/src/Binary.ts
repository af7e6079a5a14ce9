/**
 * Finds the OpenCode executable that belongs to the installed `opencode-ai` package. (Its own launcher only works after
 * an install script, which this workspace does not run.)
 */
import { Data, Effect } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"

/** No package for this machine is installed. `tried` are the names of the packages that would do. */
export class BinaryNotFound extends Data.TaggedError("BinaryNotFound")<{ readonly tried: ReadonlyArray<string> }> {}

/** The plain x64 build needs AVX2. Only Linux says so in a file; elsewhere it is taken for granted. */
const lacksAvx2 = (): boolean => process.platform === "linux" && !readFileSync("/proc/cpuinfo", "utf8").includes("avx2")

const candidates = (): ReadonlyArray<string> => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  const base = `opencode-${platform}-${process.arch}`
  const builds = process.arch === "x64" && lacksAvx2() ? [`${base}-baseline`] : [base, `${base}-baseline`]
  return builds.flatMap((name) => [name, `${name}-musl`])
}

/** The path of the executable; the environment variable `OPENCODE_BIN` overrides it. */
export const find: Effect.Effect<string, BinaryNotFound> = Effect.suspend(() => {
  const override = process.env["OPENCODE_BIN"]
  if (override !== undefined && override !== "") return Effect.succeed(override)
  const tried = candidates()
  // With pnpm the build packages are visible from the package that depends on them, not from here.
  const launcher = createRequire(import.meta.url).resolve("opencode-ai/package.json")
  const { resolve } = createRequire(launcher)
  for (const name of tried) {
    try {
      const file = process.platform === "win32" ? "opencode.exe" : "opencode"
      const binary = Path.join(Path.dirname(resolve(`${name}/package.json`)), "bin", file)
      if (existsSync(binary)) return Effect.succeed(binary)
    } catch {
      // Not installed: the next one.
    }
  }
  return Effect.fail(new BinaryNotFound({ tried }))
})
