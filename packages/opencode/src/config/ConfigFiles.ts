/**
 * Which files hold the settings, and in which order they count: those in the folders that OpenCode keeps for itself
 * (`ConfigPlaces.folders`), then the plugin's options.
 *
 * Each may be `errand.jsonc` or `errand.json`. The file of the older tool is read only where Errand has none of its own.
 */
import { Effect, Option, Schema } from "effect"
import { readFile as readFromDisk } from "node:fs/promises"
import { join } from "node:path"
import { merge, type Merged, type Problem, type Source } from "./Config.ts"
import * as ConfigPlaces from "./ConfigPlaces.ts"

/** There is such a file, and it cannot be read. */
export class FileUnreadable extends Schema.TaggedError<FileUnreadable>()("FileUnreadable", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The text of a file; none where there is no such file. */
export type ReadFile = (path: string) => Effect.Effect<Option.Option<string>, FileUnreadable>

export interface Loaded extends Merged {
  /** What was read, from the weakest to the strongest. */
  readonly sources: ReadonlyArray<string>
}

/** Reads and merges everything there is. `options` is what the user wrote beside the plugin's name. Never fails. */
export const load = Effect.fn("ConfigFiles.load")(function*(
  surroundings: ConfigPlaces.Surroundings,
  options: unknown,
  readFile: ReadFile = fromDisk
) {
  const places = ConfigPlaces.folders(surroundings)
  const own = yield* Effect.forEach(places, (place) => readPair(place, ConfigPlaces.own, readFile), {
    concurrency: "unbounded"
  })
  const hasOwn = own.some((pair) => pair.exists)
  const older = hasOwn
    ? []
    : yield* Effect.forEach(places, (place) => readPair(place, ConfigPlaces.older, readFile), {
      concurrency: "unbounded"
    })
  const sources: ReadonlyArray<Source> = [
    ...older.flatMap((pair) => pair.sources),
    ...own.flatMap((pair) => pair.sources),
    ...options === undefined || options === null ? [] : [{ source: "plugin options", content: { value: options } }]
  ]
  const merged = merge(sources)
  const loaded: Loaded = {
    settings: merged.settings,
    problems: [...older, ...own].flatMap((pair) => pair.problems).concat(merged.problems),
    sources: sources.map(({ source }) => source)
  }
  return loaded
})

interface Pair {
  readonly exists: boolean
  readonly sources: ReadonlyArray<Source>
  readonly problems: ReadonlyArray<Problem>
}

/** `name.jsonc`, else `name.json`. */
const readPair = (
  place: string,
  { name, section }: typeof ConfigPlaces.own | typeof ConfigPlaces.older,
  readFile: ReadFile
): Effect.Effect<Pair> =>
  Effect.gen(function*() {
    const [first, second] = ConfigPlaces.endings
    const jsonc = yield* readOne(join(place, `${name}.${first}`), section, readFile)
    const json = yield* readOne(join(place, `${name}.${second}`), section, readFile)
    if (!jsonc.exists || !json.exists) return jsonc.exists ? jsonc : json
    const source = json.path
    const message = `${source}: ignored, because ${jsonc.path} is beside it. Keep one of them.`
    return { ...jsonc, problems: [...jsonc.problems, { source, message }] }
  })

const readOne = (
  path: string,
  section: string | undefined,
  readFile: ReadFile
): Effect.Effect<Pair & { readonly path: string }> =>
  readFile(path).pipe(
    Effect.match({
      onSuccess: Option.match({
        onNone: () => ({ path, exists: false, sources: [], problems: [] }),
        onSome: (text) => ({
          path,
          exists: true,
          sources: [{ source: path, content: { text }, section }],
          problems: []
        })
      }),
      onFailure: ({ message }) => ({
        path,
        exists: true,
        sources: [],
        problems: [{ source: path, message: `${path}: cannot be read (${message}). The file is ignored.` }]
      })
    })
  )

const Coded = Schema.Struct({ code: Schema.String })

const codeOf = (error: unknown): string =>
  Option.match(Schema.decodeUnknownOption(Coded)(error), { onNone: () => "unknown error", onSome: ({ code }) => code })

/** Reads from the disk. */
export const fromDisk: ReadFile = (path) =>
  Effect.tryPromise({
    try: () => readFromDisk(path, "utf8"),
    catch: (error) => new FileUnreadable({ path, message: codeOf(error) })
  }).pipe(
    Effect.asSome,
    // `ENOTDIR`: a part of the path is a file.
    Effect.catchIf(
      ({ message }) => message === "ENOENT" || message === "ENOTDIR",
      () => Effect.succeedNone
    )
  )
