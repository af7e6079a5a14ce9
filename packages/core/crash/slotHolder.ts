/**
 * A process that wants a slot of limits which hold over all processes on one file, and holds it until it is told to end, or
 * is killed.
 *
 *     node slotHolder.ts <file> <claim>
 */
import { Effect, Layer } from "effect"
import { writeSync } from "node:fs"
import { Limits } from "../src/Limits.ts"
import * as Settings from "../src/Settings.ts"
import { SqliteSlots } from "../src/sqlite/index.ts"

const [file = "", id = ""] = process.argv.slice(2)

const say = (what: string) => Effect.sync(() => void writeSync(1, `${what} ${id}\n`))

/** Its input ends. */
const told = Effect.callback<void>((resume) => {
  process.stdin.once("end", () => resume(Effect.void)).resume()
})

const main = Effect.gen(function*() {
  const limits = yield* Limits
  yield* Effect.andThen(say("in"), told).pipe(limits.withSlots({ id, parent: "root", agent: "explore" }))
})

const layer = Limits.layer.pipe(
  Layer.provide(SqliteSlots.layer({ file, onProblem: Effect.die })),
  Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, defaultConcurrency: 1 }))
)

await Effect.runPromise(Effect.provide(main, layer))
process.exit(0)
