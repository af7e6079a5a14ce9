/**
 * Journals in files of their own, in a folder that is gone with the scope.
 */
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Journal } from "../../src/Journal.ts"
import * as Library from "../../src/sqlite/Library.ts"
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

/** SQLite that counts how often a statement is run that fits. */
export const counting = (fits: RegExp) => {
  const count = { runs: 0 }
  const library: Library.Library = {
    open: (file, how) => {
      const inner = Library.find()?.open(file, how)
      if (inner === undefined) throw new Error("no SQLite")
      const counted = <A extends ReadonlyArray<unknown>, B>(sql: string, run: (...args: A) => B) => (...args: A): B => {
        if (fits.test(sql)) count.runs++
        return run(...args)
      }
      return {
        ...inner,
        prepare: (sql) => {
          const statement = inner.prepare(sql)
          return { ...statement, all: counted(sql, statement.all), run: counted(sql, statement.run) }
        }
      }
    }
  }
  return { count, library }
}
