/**
 * Journals in files of their own, in a folder that is gone with the scope.
 */
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Journal } from "../../src/Journal.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"

/** A folder that is gone with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "errand-journal-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A journal in a new file. That anything is wrong with the file is a fault of the test. */
export const temporary: Layer.Layer<Journal> = Layer.unwrap(Effect.map(
  folder,
  (path) => SqliteJournal.layer({ file: join(path, "journal.sqlite"), onProblem: Effect.die })
))
