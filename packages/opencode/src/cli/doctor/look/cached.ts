/**
 * What is installed of the configured Errand.
 */
import { Effect, FileSystem } from "effect"
import { join } from "node:path"
import type { Surroundings } from "../../../config/ConfigPlaces.ts"
import type { Cached } from "../checks/cache.ts"
import { cacheFolder, errandEntries, type ListedEntry, type ListFile } from "../Lists.ts"
import { cacheName, ours, parse } from "../Spec.ts"
import { packageIn } from "./packageAt.ts"

/** One for each thing that is configured: both halves of a plugin come out of one package. */
export const cached = (
  surroundings: Surroundings,
  files: ReadonlyArray<ListFile>
): Effect.Effect<ReadonlyArray<Cached>, never, FileSystem.FileSystem> => {
  const entries = [...errandEntries(files, "server"), ...errandEntries(files, "tui")]
  const once = new Map(entries.map((entry) => [entry.source, entry]))
  return Effect.forEach(once.values(), (entry) => look(surroundings, entry))
}

const look = Effect.fnUntraced(function*(
  surroundings: Surroundings,
  { source, spec, version }: ListedEntry
): Effect.fn.Return<Cached, never, FileSystem.FileSystem> {
  const parsed = parse(spec)
  if (parsed._tag === "Path") {
    const fs = yield* FileSystem.FileSystem
    const isBuilt = yield* Effect.orElseSucceed(fs.exists(join(source, "dist", "index.js")), () => false)
    return { spec, source: { _tag: "Path", root: source, version, isBuilt } }
  }
  const folder = join(cacheFolder(surroundings), "packages", cacheName(spec))
  const found = yield* packageIn(join(folder, "node_modules", ours))
  return { spec, source: { _tag: "Package", wanted: parsed.version, folder, version: found?.version } }
})
