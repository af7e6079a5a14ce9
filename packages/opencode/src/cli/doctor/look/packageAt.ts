/**
 * Which package a file or a folder belongs to: the nearest `package.json` with a name, there or above.
 */
import { Effect, Option, Schema } from "effect"
import { dirname, join } from "node:path"
import { fromDisk } from "../../../config/ConfigFiles.ts"

export interface Package {
  readonly root: string
  readonly name: string
  readonly version: string | undefined
}

const Manifest = Schema.fromJsonString(
  Schema.Struct({ name: Schema.String, version: Schema.optionalKey(Schema.String) })
)

/** The package whose root this folder is. */
export const packageIn = (root: string): Effect.Effect<Package | undefined> =>
  fromDisk(join(root, "package.json")).pipe(
    Effect.orElseSucceed(() => Option.none()),
    Effect.map((text) =>
      Option.getOrUndefined(Option.map(
        Option.flatMap(text, Schema.decodeOption(Manifest)),
        ({ name, version }): Package => ({ root, name, version })
      ))
    )
  )

export const packageAt = (path: string): Effect.Effect<Package | undefined> =>
  Effect.flatMap(packageIn(path), (found) => {
    const parent = dirname(path)
    return found !== undefined || parent === path ? Effect.succeed(found) : packageAt(parent)
  })
