/**
 * Files that cannot be used, or not any more: a clear sentence, all goes on in memory, and nothing is written over.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Ref } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Journal } from "../../src/Journal.ts"
import { type FileProblem, Library } from "../../src/sqlite/index.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import type { TaskEvent } from "../../src/TaskEvent.ts"
import { completed, request, taskId } from "../support/arbitraries.ts"
import { folder } from "../support/files.ts"
import { pass, soon } from "../support/time.ts"

const { DatabaseSync } = process.getBuiltinModule("node:sqlite")

const queued = (n: number, prompt = "look"): TaskEvent => ({
  _tag: "Queued",
  id: taskId(n),
  run: 1,
  at: n,
  request: request("ses_root", { prompt })
})

const over = (n: number): TaskEvent => ({
  _tag: "Ended",
  id: taskId(n),
  run: 1,
  at: 9,
  outcome: completed,
  progress: { toolCalls: 0 }
})

/** Opens a file, has the story told on it, and gives what was said of it. */
const withFile = Effect.fnUntraced(function*(
  file: string,
  story: (journal: Journal["Service"]) => Effect.Effect<unknown>,
  library?: Library.Library
) {
  const said = yield* Ref.make<ReadonlyArray<FileProblem.FileProblem>>([])
  const layer = SqliteJournal.layer({
    file,
    library,
    onProblem: (one) => Ref.update(said, (all) => [...all, one]),
    without: "keep it in memory"
  })
  yield* Effect.provide(Effect.flatMap(Journal, story), layer)
  return yield* Ref.get(said)
})

/** It works, whatever it is kept in. */
const works = (journal: Journal["Service"]) =>
  Effect.gen(function*() {
    assert.isTrue(Option.isSome(yield* journal.append(queued(900))))
    assert.isTrue(Option.isSome(yield* journal.append(over(900))))
    assert.deepStrictEqual(yield* journal.append(over(900)), Option.none())
    assert.strictEqual(Option.getOrUndefined(yield* journal.get(taskId(900)))?.status, "completed")
  })

/** The library, with something done to each database that it opens. */
const prepared = (prepare: (database: Library.Database) => void): Library.Library => ({
  open: (file) => {
    const inner = Library.find()?.open(file)
    if (inner === undefined) throw new Error("no SQLite")
    prepare(inner)
    return inner
  }
})

const inFolder = (name: string, story: (path: string) => Effect.Effect<unknown>) =>
  it.effect(name, () => Effect.scoped(Effect.flatMap(folder, story)))

describe("a journal's file", () => {
  inFolder(
    "D8 that is damaged is set aside as it is, said once, and a new one is begun at the next start",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const garbage = "not a database, but somebody's notes ".repeat(200)
        writeFileSync(file, garbage)
        const [problem, ...more] = yield* withFile(file, works)
        assert.deepStrictEqual([problem?.reason, more], ["corrupt", []])
        assert.match(problem?.message ?? "", /is damaged .*kept in memory for now.*moved to .*\.damaged, and a new one/)
        assert.deepStrictEqual(readdirSync(path), ["journal.sqlite.damaged"])
        assert.strictEqual(readFileSync(`${file}.damaged`, "utf8"), garbage)
        // Another one does not take its place.
        writeFileSync(file, `${garbage} again`)
        yield* withFile(file, works)
        assert.strictEqual(readFileSync(`${file}.damaged`, "utf8"), garbage)
        assert.strictEqual(readFileSync(`${file}.damaged1`, "utf8"), `${garbage} again`)
        assert.deepStrictEqual(yield* withFile(file, works), [])
        assert.deepStrictEqual(yield* withFile(file, (journal) => isThere(journal, 900)), [], "it is kept again")
      })
  )

  inFolder("D8 of a newer version is left alone, and it is said what to do", (path) =>
    Effect.gen(function*() {
      const file = join(path, "journal.sqlite")
      yield* withFile(file, (journal) => journal.append(queued(1)))
      const database = new DatabaseSync(file)
      database.exec("INSERT INTO effect_sql_migrations (migration_id, name) VALUES (99, 'of_tomorrow')")
      const before = database.prepare("SELECT * FROM event").all()
      database.close()
      const [problem] = yield* withFile(file, works)
      assert.strictEqual(problem?.reason, "newer")
      assert.match(
        problem?.message ?? "",
        /newer version of Errand \(version 99 .*Update Errand; the file is left as it is/
      )
      const after = new DatabaseSync(file)
      assert.deepStrictEqual(after.prepare("SELECT * FROM event").all(), before)
      after.close()
    }))

  inFolder("D8 of an older version is brought up to date", (path) =>
    Effect.gen(function*() {
      const file = join(path, "journal.sqlite")
      const database = new DatabaseSync(file)
      // As it is after the first start was cut off in the middle: the list of versions is there, and none of them.
      database.exec(
        "CREATE TABLE effect_sql_migrations (migration_id integer PRIMARY KEY NOT NULL, "
          + "created_at datetime NOT NULL DEFAULT current_timestamp, name VARCHAR(255) NOT NULL)"
      )
      database.close()
      assert.deepStrictEqual(yield* withFile(file, works), [])
      assert.deepStrictEqual(yield* withFile(file, (journal) => isThere(journal, 900)), [])
    }))

  inFolder(
    "D8 on a disk that is full: what was kept stays, the rest goes on in memory",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const full = prepared((database) => database.exec("PRAGMA max_page_count = 40"))
        const said = yield* withFile(file, (journal) =>
          Effect.gen(function*() {
            yield* Effect.forEach(Array.from({ length: 40 }, (_, n) => n), (n) =>
              Effect.map(
                journal.append(queued(n, "look ".repeat(1_000))),
                (task) => assert.isTrue(Option.isSome(task))
              ))
            yield* works(journal)
            assert.lengthOf(yield* journal.tasks, 41)
          }), full)
        assert.deepStrictEqual(
          said.map(({ reason }) => reason),
          ["full"]
        )
        assert.match(said[0]?.message ?? "", /the disk is full.*Make room and start again/)
        yield* withFile(file, (journal) =>
          Effect.gen(function*() {
            yield* isThere(journal, 0)
            assert.deepStrictEqual(yield* journal.get(taskId(39)), Option.none())
          }))
      })
  )

  inFolder("D8 that is read-only is said to be, and stays as it is", (path) =>
    Effect.gen(function*() {
      const file = join(path, "journal.sqlite")
      yield* withFile(file, (journal) => journal.append(queued(1)))
      const said = yield* withFile(file, works, prepared((database) => database.exec("PRAGMA query_only = ON")))
      assert.deepStrictEqual(said.map(({ reason }) => reason), ["read-only"])
      yield* withFile(file, (journal) =>
        Effect.gen(function*() {
          yield* isThere(journal, 1)
          assert.deepStrictEqual(yield* journal.get(taskId(900)), Option.none())
        }))
    }))

  inFolder(
    "D8 that another process has locked is waited for some seconds, and then given up",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        yield* withFile(file, (journal) => journal.append(queued(1)))
        const database = new DatabaseSync(file)
        database.exec("BEGIN IMMEDIATE")
        const fiber = yield* Effect.forkChild(withFile(file, works))
        yield* TestClock.adjust("1 minute")
        const said = fiber.pollUnsafe()
        database.exec("ROLLBACK")
        database.close()
        assert.deepStrictEqual(
          said?._tag === "Success" ? said.value.map(({ reason }) => reason) : said,
          ["locked"]
        )
      })
  )

  inFolder(
    "D8 A16 that cannot be written any more leaves the tasks to who runs them, for as long as that one is there",
    (path) =>
      Effect.scoped(Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const said = yield* Ref.make<ReadonlyArray<string>>([])
        const open = Effect.fnUntraced(function*() {
          const services = yield* Layer.build(SqliteJournal.layer({
            file,
            onProblem: ({ reason }) => Ref.update(said, (all) => [...all, reason])
          }))
          yield* soon
          return Context.get(services, Journal)
        })
        const one = yield* open()
        yield* one.append(queued(1))
        const database = new DatabaseSync(file)
        database.exec("BEGIN IMMEDIATE")
        const appending = yield* Effect.forkChild(one.append(queued(2)))
        yield* pass("6 seconds")
        database.exec("ROLLBACK")
        assert.isTrue(Option.isSome(yield* Fiber.join(appending)))
        assert.deepStrictEqual(yield* Ref.get(said), ["locked"])
        const two = yield* open()
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* two.inherit(Option.none()), { tasks: [], parents: [], unclear: false })
        assert.deepStrictEqual(yield* one.lost, [])
        // By hand, what is done to one that was stopped for a while.
        database.exec("UPDATE task SET owner = 'another'")
        database.close()
        assert.isFalse(yield* one.owns(taskId(1)))
        assert.isTrue(yield* one.owns(taskId(2)), "nobody else knows it")
        assert.deepStrictEqual(yield* one.lost, [taskId(1)], "and it leaves off what it has lost")
      }))
  )

  inFolder("D8 in a folder that cannot be made: it is said why", (path) =>
    Effect.gen(function*() {
      writeFileSync(join(path, "file"), "")
      const [problem] = yield* withFile(join(path, "file", "journal.sqlite"), works)
      assert.strictEqual(problem?.reason, "unavailable")
      assert.match(problem?.message ?? "", /cannot be used \(.*(ENOTDIR|EEXIST).*start again, or keep it in memory\.$/)
      mkdirSync(join(path, "folder.sqlite"))
      const [other] = yield* withFile(join(path, "folder.sqlite"), works)
      assert.strictEqual(other?.reason, "unavailable")
    }))

  inFolder("D8 in a runtime that has no SQLite: it is said", (path) =>
    Effect.gen(function*() {
      const none: Library.Library = {
        open: () => {
          throw new Error("this runtime has no SQLite")
        }
      }
      const [problem] = yield* withFile(join(path, "journal.sqlite"), works, none)
      assert.match(problem?.message ?? "", /this runtime has no SQLite/)
    }))
})

const isThere = (journal: Journal["Service"], n: number) =>
  Effect.map(journal.get(taskId(n)), (task) => assert.isTrue(Option.isSome(task)))
