/**
 * Where the competitors are: installed at bench time into a folder outside of this repository, and never part of it.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { homedir } from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { BenchError } from "../Measure.ts"
import type { Peer } from "./Peer.ts"

/** `ERRAND_BENCH_CACHE`, else in the user's cache folder. */
const cache = process.env["ERRAND_BENCH_CACHE"] ??
  Path.join(process.env["XDG_CACHE_HOME"] ?? Path.join(homedir(), ".cache"), "errand-bench")

const folderOf = (peer: Peer): string => Path.join(cache, peer.id)

/** The file to import. */
export const entryOf = (peer: Peer): string => {
  if (peer.package !== undefined) return Path.join(folderOf(peer), "node_modules", peer.package.name, peer.entry)
  return Path.isAbsolute(peer.entry) ? peer.entry : fileURLToPath(import.meta.resolve(peer.entry))
}

/** Exact versions; their install scripts fetch programs that no task needs, and do not run. */
const npm = (folder: string, { name, version }: NonNullable<Peer["package"]>): Effect.Effect<void, BenchError> =>
  Effect.callback((resume) => {
    const words = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    const child = execFile("npm", [...words, `${name}@${version}`], { cwd: folder }, (error, _, stderr) =>
      resume(
        error === null
          ? Effect.void
          : Effect.fail(new BenchError({ what: `${name} ${version} cannot be installed`, cause: stderr.trim() }))
      ))
    return Effect.sync(() => void child.kill())
  })

/** Installs a competitor unless it is there. */
export const install = (peer: Peer): Effect.Effect<void, BenchError> =>
  Effect.gen(function*() {
    if (existsSync(entryOf(peer))) return
    if (peer.package === undefined) {
      return yield* new BenchError({ what: `${peer.title} is not there: ${entryOf(peer)}. Build it first` })
    }
    yield* Effect.tryPromise({
      try: () => mkdir(folderOf(peer), { recursive: true }),
      catch: (cause) => new BenchError({ what: `no folder ${folderOf(peer)}`, cause })
    })
    yield* npm(folderOf(peer), peer.package)
  })
