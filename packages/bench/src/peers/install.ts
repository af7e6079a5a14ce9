/**
 * Where the competitors are: installed at bench time into a folder outside of this repository, and never part of it.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
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

/** A registry that is out of reach is found out in seconds; of what npm says only what went wrong, the cause first. */
const brief = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--loglevel=error", "--no-progress"]

/** Exact versions; their install scripts fetch programs that no task needs, and do not run. */
const npm = (folder: string, { name, version }: NonNullable<Peer["package"]>): Effect.Effect<void, BenchError> =>
  Effect.callback((resume) => {
    const words = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", ...brief]
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
    const folder = folderOf(peer)
    // An install that is broken off is not to be taken for a whole one the next time.
    const begun = `${folder}.begun`
    const attempt = (run: () => Promise<unknown>) =>
      Effect.tryPromise({ try: run, catch: (cause) => new BenchError({ what: `no folder ${folder}`, cause }) })
    yield* attempt(() => rm(begun, { recursive: true, force: true }))
    yield* attempt(() => mkdir(begun, { recursive: true }))
    yield* npm(begun, peer.package)
    yield* attempt(() => rm(folder, { recursive: true, force: true }))
    yield* attempt(() => rename(begun, folder))
  })
