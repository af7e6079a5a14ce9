/**
 * An OpenCode that `doctor` starts: Errand is in it, and touches no journal.
 */
import { assert, it } from "@effect/vitest"
import { Journal } from "@errand/core"
import { createOpencodeClient } from "@opencode-ai/sdk"
import { Effect, Layer } from "effect"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaults } from "../../src/config/PluginSettings.ts"
import { Client, Host } from "../../src/host/Client.ts"
import * as Journals from "../../src/Journals.ts"

/** Nobody is asked anything. */
const client = Client.layer.pipe(
  Layer.provide(Layer.succeed(Host, Host.of({ client: createOpencodeClient(), directory: "/project" })))
)

for (const looks of [true, false]) {
  it.live(`${looks ? "makes no journal, and takes over no task" : "any other OpenCode does make one"}`, () =>
    Effect.gen(function*() {
      const home = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "errand-look-"))),
        (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true }))
      )
      const place = { directory: "/project", home, env: looks ? { [Journals.lookOnly]: "1" } : {} }
      const layer = Journals.layer(place, defaults).pipe(Layer.provide(client))
      yield* Effect.provide(Effect.flatMap(Journal.Journal, (journal) => journal.tasks), layer)
      assert.strictEqual(existsSync(Journals.fileOf(place)), !looks)
    }))
}
