/**
 * Reads every file that may have a list of plugins.
 */
import { Effect, FileSystem, Option, Result } from "effect"
import { dirname, isAbsolute, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { fromDisk } from "../../../config/ConfigFiles.ts"
import type { Surroundings } from "../../../config/ConfigPlaces.ts"
import { type Entry, type ListFile, packageEntry, type Place, places, specsIn } from "../Lists.ts"
import { parse } from "../Spec.ts"
import { packageAt } from "./packageAt.ts"

const content = "OPENCODE_CONFIG_CONTENT"

export const lists = Effect.fn("doctor.lists")(function*(surroundings: Surroundings) {
  const files = yield* Effect.forEach(places(surroundings), (place) =>
    fromDisk(place.path).pipe(
      Effect.matchEffect({
        onFailure: ({ message }) =>
          Effect.succeed<ListFile["content"]>({ _tag: "Broken", why: `cannot be read (${message})` }),
        onSuccess: Option.match({
          onNone: () => Effect.succeed<ListFile["content"]>({ _tag: "Absent" }),
          onSome: (text) => read(text, dirname(place.path))
        })
      }),
      Effect.map((content): ListFile => ({ ...place, content }))
    ), { concurrency: 8 })
  const inline = surroundings.env[content]
  if (inline === undefined || inline === "") return files
  const place: Place = { half: "server", scope: "environment", path: `the variable ${content}` }
  return [...files, { ...place, content: yield* read(inline, surroundings.directory) }]
})

const read = (text: string, base: string): Effect.Effect<ListFile["content"], never, FileSystem.FileSystem> => {
  const specs = specsIn(text)
  if (Result.isFailure(specs)) return Effect.succeed({ _tag: "Broken", why: specs.failure })
  return Effect.map(
    Effect.forEach(specs.success, ({ options, spec }) => meant(packageEntry(spec, options), base)),
    (entries) => ({ _tag: "Read", text, entries })
  )
}

/** What lies at the path of an entry says what it is. */
const meant = (entry: Entry, base: string): Effect.Effect<Entry, never, FileSystem.FileSystem> => {
  const spec = parse(entry.spec)
  if (spec._tag === "Package") return Effect.succeed(entry)
  const path = pathOf(spec.path, base)
  if (path === undefined) return Effect.succeed(entry)
  return Effect.flatMap(isThere(path), (there) =>
    there
      ? Effect.map(packageAt(path), (found) =>
        found === undefined
          ? { ...entry, source: path }
          : { ...entry, name: found.name, source: found.root, version: found.version })
      : Effect.succeed({ ...entry, source: path, isLost: true }))
}

/** OpenCode finds a file without its ending, too. */
const isThere = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  for (const ending of ["", ".ts", ".js", ".mjs"]) {
    if (yield* Effect.orElseSucceed(fs.exists(`${path}${ending}`), () => false)) return true
  }
  return false
})

const pathOf = (path: string, base: string): string | undefined => {
  if (!path.startsWith("file:")) return isAbsolute(path) ? path : resolve(base, path)
  try {
    return fileURLToPath(path)
  } catch {
    return undefined
  }
}
