/**
 * How many bytes a plugin brings along: a process that imports its module, and then counts every file that came with it.
 * Prints one line of JSON.
 *
 *     bun main.ts <module>
 */
import { Console, Effect, Schema } from "effect"
import { statSync } from "node:fs"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import type { Weight } from "./Weight.ts"

/** Under Bun all modules are in it, of whichever kind. */
const loaded = (): ReadonlyArray<string> => Object.keys(createRequire(import.meta.url).cache)

const main = Effect.gen(function*() {
  const [entry] = yield* Schema.decodeUnknownEffect(Schema.Tuple([Schema.String]))(process.argv.slice(2))
  const before = new Set(loaded())
  yield* Effect.promise(() => import(pathToFileURL(entry).href))
  const files = loaded().filter((file) => !before.has(file))
  const weight: Weight = { files: files.length, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) }
  yield* Console.log(JSON.stringify(weight))
  // Some plugins leave timers behind.
  process.exit(0)
})

await Effect.runPromise(main)
