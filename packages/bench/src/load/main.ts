/**
 * How many bytes a plugin brings along: a process that imports its module, starts it as OpenCode does, and counts every file
 * that came with it. Prints one line of JSON.
 *
 *     bun main.ts <module>
 */
import { Console, Effect, Schema } from "effect"
import { statSync } from "node:fs"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import * as Plugin from "../worker/Plugin.ts"
import type { Weight } from "./Weight.ts"

/** Under Bun all modules are in it, of whichever kind. */
const loaded = (): ReadonlyArray<string> => Object.keys(createRequire(import.meta.url).cache)

/** By then everybody has loaded what they load by themselves. */
const moment = "3 seconds"

/** Where nobody listens: what a plugin wants to know at its start it has to do without. */
const nobody = "http://127.0.0.1:9"

const main = Effect.gen(function*() {
  const [entry] = yield* Schema.decodeUnknownEffect(Schema.Tuple([Schema.String]))(process.argv.slice(2))
  const before = new Set(loaded())
  const weigh = () => loaded().filter((file) => !before.has(file)).reduce((sum, file) => sum + statSync(file).size, 0)
  yield* Effect.promise(() => import(pathToFileURL(entry).href))
  const atOnce = weigh()
  yield* Effect.ignore(Effect.tryPromise(() => Plugin.load({ entry, url: nobody, directory: process.cwd() })))
  yield* Effect.sleep(moment)
  const weight: Weight = { atOnce, atWork: weigh() }
  yield* Console.log(JSON.stringify(weight))
  // Some plugins leave timers behind.
  process.exit(0)
})

process.on("unhandledRejection", () => undefined)
await Effect.runPromise(main)
