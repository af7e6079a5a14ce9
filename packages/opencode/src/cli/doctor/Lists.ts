/**
 * OpenCode's lists of plugins: which files have one, and what stands in them. Pure.
 */
import { Option, Result, Schema } from "effect"
import { join } from "node:path"
import { configFolder, folders, projectDirectories, set, type Surroundings } from "../../config/ConfigPlaces.ts"
import { parseJsonc } from "../../config/jsonc.ts"
import { ours, parse } from "./Spec.ts"

/** Each half of a plugin has files of its own: `opencode.json` and `tui.json`. */
export type Half = "server" | "tui"

/** Whose file it is. `environment`: a variable holds the text itself. */
export type Scope = "user" | "project" | "environment"

/** A file that may have a list. */
export interface Place {
  readonly half: Half
  readonly scope: Scope
  readonly path: string
}

/** One entry, as the file has it. */
export interface Entry {
  readonly spec: string
  /** The name of the package, where the spec or what lies at its path says so. */
  readonly name: string | undefined
  /** The same for two entries that mean the same plugin: the spec, or the folder of the package at a path. */
  readonly source: string
  /** The version of what lies at a path. */
  readonly version?: string | undefined
  /** There is nothing at its path. */
  readonly isLost?: boolean
  /** What the person wrote beside it. */
  readonly options?: unknown
}

export interface ListFile extends Place {
  readonly content:
    | { readonly _tag: "Absent" }
    | { readonly _tag: "Broken"; readonly why: string }
    | { readonly _tag: "Read"; readonly text: string; readonly entries: ReadonlyArray<Entry> }
}

export interface ListedEntry extends Entry {
  readonly file: ListFile
}

export const entriesOf = (files: ReadonlyArray<ListFile>, half: Half): ReadonlyArray<ListedEntry> =>
  files.filter((file) => file.half === half).flatMap((file) =>
    file.content._tag === "Read" ? file.content.entries.map((entry) => ({ ...entry, file })) : []
  )

/** Those that mean Errand; the strongest file's come last. */
export const errandEntries = (files: ReadonlyArray<ListFile>, half: Half): ReadonlyArray<ListedEntry> =>
  entriesOf(files, half).filter(({ name }) => name === ours)

/** Whether entries mean more than one thing. */
export const isSeveral = (entries: ReadonlyArray<Entry>): boolean =>
  entries.some(({ source }) => source !== entries[0]?.source)

export const cacheFolder = ({ env, home }: Omit<Surroundings, "directory">): string =>
  join(set(env["XDG_CACHE_HOME"])[0] ?? join(home, ".cache"), "opencode")

/** Where OpenCode 1.18.33 looks for lists, from the weakest to the strongest. */
export const places = (surroundings: Surroundings): ReadonlyArray<Place> => {
  const { env, home } = surroundings
  const config = configFolder(surroundings)
  const project = projectDirectories(surroundings)
  const own = folders(surroundings).filter((path) => path !== config)
  const scopeOf = (path: string): Scope =>
    path === join(home, ".opencode") || path === env["OPENCODE_CONFIG_DIR"] ? "user" : "project"
  const pair = (path: string, name: string) => [join(path, `${name}.json`), join(path, `${name}.jsonc`)]
  const half = (half: Half, name: string, user: ReadonlyArray<string>): ReadonlyArray<Place> => [
    ...user.map((path) => ({ half, scope: "user" as const, path })),
    ...project.flatMap((path) => pair(path, name)).map((path) => ({ half, scope: "project" as const, path })),
    ...own.flatMap((folder) => pair(folder, name).map((path) => ({ half, scope: scopeOf(folder), path })))
  ]
  return [
    ...half("server", "opencode", [
      join(config, "config.json"),
      ...pair(config, "opencode"),
      ...set(env["OPENCODE_CONFIG"])
    ]),
    ...half("tui", "tui", [...pair(config, "tui"), ...set(env["OPENCODE_TUI_CONFIG"])])
  ]
}

const Plugins = Schema.Struct({
  plugin: Schema.optionalKey(Schema.Array(Schema.Union([
    Schema.String,
    Schema.Tuple([Schema.String, Schema.Unknown])
  ])))
})
const decode = Schema.decodeUnknownOption(Plugins)

/** The specs of a file, with the options that stand beside them; or in words why it is no such file. */
export const specsIn = (
  text: string
): Result.Result<ReadonlyArray<{ readonly spec: string; readonly options?: unknown }>, string> =>
  Result.flatMap(
    parseJsonc(text),
    ({ value }) =>
      Option.match(decode(value), {
        onNone: () => Result.fail("`plugin` must be a list of names, or of names with options"),
        onSome: ({ plugin = [] }) =>
          Result.succeed(
            plugin.map((entry) => typeof entry === "string" ? { spec: entry } : { spec: entry[0], options: entry[1] })
          )
      })
  )

/** An entry that names a package: what it means can be seen from it alone. */
export const packageEntry = (spec: string, options: unknown): Entry => {
  const parsed = parse(spec)
  const beside = options === undefined ? {} : { options }
  return parsed._tag === "Package"
    ? { spec, name: parsed.name, source: `${parsed.name}@${parsed.version}`, ...beside }
    : { spec, name: undefined, source: spec, ...beside }
}
