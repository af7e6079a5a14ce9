/**
 * A process whose claims want the only slot of all processes on one file, all at once; each makes a file that nobody else
 * may have at that moment, and takes it away again.
 *
 *     node slotCrowd.ts <file> <how many>
 */
import { Effect, Layer } from "effect"
import { closeSync, openSync, rmSync } from "node:fs"
import { Limits } from "../src/Limits.ts"
import * as Settings from "../src/Settings.ts"
import { SqliteSlots } from "../src/sqlite/index.ts"

const [file = "", count = "0"] = process.argv.slice(2)
const mine = `${file}.inside`

const alone = Effect.acquireUseRelease(
  Effect.sync(() => closeSync(openSync(mine, "wx"))),
  () => Effect.sleep(100),
  () => Effect.sync(() => rmSync(mine))
)

const main = Effect.gen(function*() {
  const { withSlots } = yield* Limits
  yield* Effect.forEach(
    Array.from({ length: Number(count) }, (_, nth) => `${nth}`),
    (id) => withSlots({ id, parent: "root", agent: "explore" })(alone),
    { concurrency: "unbounded", discard: true }
  )
})

const layer = Limits.layer.pipe(
  Layer.provide(SqliteSlots.layer({ file, onProblem: ({ message }) => Effect.sync(() => console.error(message)) })),
  Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, defaultConcurrency: 1 }))
)

await Effect.runPromise(Effect.provide(main, layer))
process.exit(0)
