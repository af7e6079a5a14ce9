/**
 * The journal that a command reads: that of the directory, or one that is named.
 */
import { History } from "@errand/core/sqlite"
import { Effect, FileSystem, Option } from "effect"
import { Flag } from "effect/cli"
import { basename, dirname, resolve } from "node:path"
import * as Journals from "../Journals.ts"
import { Failed } from "./Failed.ts"
import { Here } from "./Here.ts"

export const journal = Flag.String("journal").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Another journal than that of this directory"),
  Flag.optional
)

/** A task is below its parent, and everybody above that. */
export const session = Flag.String("session").pipe(
  Flag.withMetavar("id"),
  Flag.withDescription("Only the tasks that this session sent out, and those of their own"),
  Flag.optional
)

export const read = Effect.fn("cli.journal")(function*(named: Option.Option<string>) {
  const here = yield* Here
  const file = Option.match(named, {
    onNone: () => Journals.fileOf(here),
    onSome: (path) => resolve(here.directory, path)
  })
  const history = yield* History.read(file).pipe(
    Effect.catch((error) =>
      Effect.flatMap(
        error.reason === "missing" && Option.isNone(named) ? others(file) : Effect.succeed(""),
        (hint) => Effect.fail(new Failed({ message: `${error.message}${hint}` }))
      )
    )
  )
  return { file, history }
})

/** Those of other projects; each is named after its directory. */
const others = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = dirname(file)
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
  const journals = names.filter((name) => name.endsWith(".sqlite") && name !== basename(file)).sort()
  return journals.length === 0
    ? ""
    : `\nThese are there, named after their directories; --journal reads one:\n${
      journals.map((name) => `  ${resolve(folder, name)}`).join("\n")
    }`
})
