/**
 * A journal as somebody reads it who only looks.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Journal } from "../../src/Journal.ts"
import * as FileProblem from "../../src/sqlite/FileProblem.ts"
import * as History from "../../src/sqlite/History.ts"
import * as Library from "../../src/sqlite/Library.ts"
import * as opening from "../../src/sqlite/opening.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import { migrations } from "../../src/sqlite/tables.ts"
import type { TaskEvent } from "../../src/TaskEvent.ts"
import { completed, request, sessionId, taskId } from "../support/arbitraries.ts"
import { folder } from "../support/files.ts"
import { soon } from "../support/time.ts"

const stamp = (n: number, at: number) => ({ id: taskId(n), run: 1, at })

/** The life of a task, with everything that can be seen of it. */
const life = (n: number): ReadonlyArray<TaskEvent> => [
  { _tag: "Queued", ...stamp(n, 0), request: request("ses_root") },
  {
    _tag: "Started",
    ...stamp(n, 1_000),
    pools: [{ name: "provider:anthropic", size: 2 }, { name: "total" }]
  },
  { _tag: "Opened", ...stamp(n, 1_100), session: sessionId(`ses_${n}`) },
  { _tag: "Asked", ...stamp(n, 2_000), what: "bash npm test" },
  { _tag: "Answered", ...stamp(n, 3_000) },
  { _tag: "Retried", ...stamp(n, 4_000), attempt: 1, message: "overloaded", nextAt: 5_000 },
  { _tag: "Lent", ...stamp(n, 6_000) },
  { _tag: "Restored", ...stamp(n, 7_000) },
  { _tag: "Ended", ...stamp(n, 8_000), outcome: completed, progress: { toolCalls: 0 } }
]

const inFolder = (name: string, story: (path: string) => Effect.Effect<unknown, unknown, Scope.Scope>) =>
  it.effect(name, () => Effect.scoped(Effect.flatMap(folder, story)))

/** A journal that is kept in this file, by a process of this id (which may be nobody's), until the scope ends. */
const journalIn = (file: string, pid = process.pid) =>
  Effect.gen(function*() {
    const layer = SqliteJournal.layer({ file, onProblem: Effect.die, process: { pid, host: "here" } })
    const scope = yield* Effect.scope
    const context = yield* Layer.buildWithScope(layer, scope)
    // Until what it does at its start is done: who waits for that meanwhile, waits for the test clock.
    yield* soon
    return yield* Effect.provide(Journal, context)
  })

const keep = (journal: Journal["Service"], events: ReadonlyArray<TaskEvent>) =>
  Effect.forEach(
    events,
    (event) => Effect.map(journal.append(event), (after) => assert.isTrue(Option.isSome(after), event._tag)),
    { discard: true }
  )

const here = { process: { pid: process.pid, host: "here" } }

/** Why it cannot be read. */
const refusal = (file: string, options: History.Options = here) => Effect.flip(History.read(file, options))

describe("a history", () => {
  inFolder(
    "D8 is all that was kept, in order, of a journal that is in use: its reader is no owner and leaves no trace",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const journal = yield* journalIn(file)
        yield* keep(journal, life(1))
        yield* keep(journal, life(2).slice(0, 3))
        const database = new DatabaseSync(file)
        const inside = () => ["owner", "task", "event"].map((table) => database.prepare(`SELECT * FROM ${table}`).all())
        const before = inside()
        const { events, left, notices } = yield* History.read(file, here)
        assert.deepStrictEqual(events, [...life(1), ...life(2).slice(0, 3)])
        assert.deepStrictEqual([[...left], notices], [[], []])
        assert.deepStrictEqual(inside(), before)
        database.close()
        yield* keep(journal, life(2).slice(3))
      })
  )

  inFolder(
    "D8 says which tasks nobody goes on with, and until when they were seen; whoever starts next finds them",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const scope = yield* Scope.make()
        // No process has this id.
        const journal = yield* Scope.provide(journalIn(file, 4_194_304), scope)
        yield* TestClock.adjust(2_000)
        yield* keep(journal, life(1).slice(0, 4))
        const { left } = yield* History.read(file, here)
        assert.deepStrictEqual([...left], [[taskId(1), 2_000]])
        const next = yield* journalIn(file)
        const inherited = yield* next.inherit(Option.none())
        assert.deepStrictEqual(inherited.tasks.map(({ id }) => id), [taskId(1)])
        const after = yield* History.read(file, here)
        assert.deepStrictEqual([...after.left], [])
        assert.deepStrictEqual(after.events.map(({ _tag }) => _tag), [
          "Queued",
          "Started",
          "Opened",
          "Asked",
          "Adopted"
        ])
        yield* Scope.close(scope, Exit.void)
      })
  )

  inFolder("D8 of the version before is read as it is, and stays of that version", (path) =>
    Effect.gen(function*() {
      const file = join(path, "journal.sqlite")
      yield* asOfVersionOne(file)
      const { events } = yield* History.read(file, here)
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Queued", "Started", "Opened"])
      const database = new DatabaseSync(file)
      const [version] = database.prepare("SELECT max(migration_id) AS newest FROM effect_sql_migrations").all()
      database.close()
      assert.strictEqual(version?.["newest"], 1)
    }))

  inFolder("D8 that cannot be had says why, and what to do, and touches nothing", (path) =>
    Effect.gen(function*() {
      const missing = yield* refusal(join(path, "nowhere", "journal.sqlite"))
      assert.strictEqual(missing.reason, "missing")
      assert.match(missing.message, /There is no journal at .*nowhere.*made when the first task is launched/)

      const notes = join(path, "notes.sqlite")
      writeFileSync(notes, "not a database, but somebody's notes ".repeat(200))
      const damaged = yield* refusal(notes)
      assert.strictEqual(damaged.reason, "damaged")
      assert.match(damaged.message, /cannot be read .*left as it is/)
      assert.match(readFileSync(notes, "utf8"), /^not a database/)

      const other = join(path, "other.sqlite")
      const database = new DatabaseSync(other)
      database.exec("CREATE TABLE song (name TEXT)")
      database.close()
      assert.strictEqual((yield* refusal(other)).reason, "damaged")

      const folderOf = join(path, "folder.sqlite")
      mkdirSync(folderOf)
      assert.strictEqual((yield* refusal(folderOf)).reason, "unreadable")

      const newer = join(path, "newer.sqlite")
      yield* Effect.scoped(Effect.flatMap(journalIn(newer), (journal) => keep(journal, life(1))))
      const tomorrow = new DatabaseSync(newer)
      tomorrow.exec("INSERT INTO effect_sql_migrations (migration_id, name) VALUES (99, 'of_tomorrow')")
      tomorrow.close()
      const refused = yield* refusal(newer)
      assert.strictEqual(refused.reason, "newer")
      assert.match(refused.message, /newer version of Errand \(version 99 .*Update Errand/)

      const strange = join(path, "strange.sqlite")
      yield* Effect.scoped(Effect.flatMap(journalIn(strange), (journal) => keep(journal, life(1))))
      const unknown = new DatabaseSync(strange)
      unknown.exec("UPDATE event SET body = '{\"_tag\":\"Sung\"}' WHERE seq = 2")
      unknown.close()
      assert.strictEqual((yield* refusal(strange)).reason, "damaged")
      assert.notInclude(readdirSync(path).join(), "nowhere")
    }))
})

describe("a library", () => {
  inFolder(
    "opens a file to be read only: nothing can be written, and no file is made",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        yield* Effect.scoped(Effect.flatMap(journalIn(file), (journal) => keep(journal, life(1))))
        const library = Library.find()
        assert.isDefined(library)
        const opened: Array<Library.Opening | undefined> = []
        const spy: Library.Library = {
          open: (file, how) => {
            opened.push(how)
            return library.open(file, how)
          }
        }
        yield* History.read(file, { ...here, library: spy })
        assert.deepStrictEqual(opened, [{ readOnly: true }])
        const database = library.open(file, { readOnly: true })
        assert.throws(() => database.exec("DELETE FROM event"), /readonly|read-only/)
        database.close()
        assert.throws(() => library.open(join(path, "new.sqlite"), { readOnly: true }))
        assert.notInclude(readdirSync(path), "new.sqlite")
      })
  )
})

/** A file of the version before sightings, with a task that is running in a process that is gone. */
const asOfVersionOne = (file: string) =>
  Effect.scoped(Effect.gen(function*() {
    const kept: FileProblem.Kept = { name: "It", outcome: "so", without: "nothing" }
    const first = migrations["1_events"]
    assert.isDefined(first)
    const sql = yield* opening.open(
      { file, fsync: false },
      { "1_events": first },
      FileProblem.of(kept, file)
    )
    const [queued, , opened] = life(1)
    const events = [queued, { _tag: "Started", ...stamp(1, 1_000) }, opened]
    for (const event of events) {
      yield* sql`INSERT INTO event (task, body) VALUES (${taskId(1)}, ${JSON.stringify(event)})`
    }
    yield* sql`INSERT INTO owner (id, pid, host, seen) VALUES ('old', 0, 'here', 1500)`
    yield* sql`INSERT INTO task (id, owner, parent, root, session, owed)
      VALUES (${taskId(1)}, 'old', 'ses_root', 'ses_root', 'ses_1', 1)`
  }))

describe("a journal of the version before sightings", () => {
  inFolder(
    "D8 is gone on with, and from then on an Errand of that version leaves it alone",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        yield* asOfVersionOne(file)
        yield* Effect.scoped(Effect.gen(function*() {
          const journal = yield* journalIn(file)
          const { tasks } = yield* journal.inherit(Option.none())
          assert.deepStrictEqual(tasks.map(({ id, status }) => [id, status]), [[taskId(1), "pending"]])
          yield* keep(journal, life(1).slice(1))
        }))
        const { events } = yield* History.read(file, here)
        assert.deepStrictEqual(events.slice(-6), life(1).slice(-6))
        const first = migrations["1_events"]
        assert.isDefined(first)
        const kept: FileProblem.Kept = { name: "The journal", outcome: "So be it", without: "it" }
        const old = yield* Effect.flip(
          opening.open({ file, fsync: false }, { "1_events": first }, FileProblem.of(kept, file))
        )
        assert.strictEqual(old.reason, "newer")
        assert.deepStrictEqual((yield* History.read(file, here)).events, events)
      })
  )

  inFolder(
    "D8 sightings outlive the process, and change nothing of what the next one goes on with",
    (path) =>
      Effect.gen(function*() {
        const file = join(path, "journal.sqlite")
        const events = life(1).slice(0, 8)
        const left = (name: string, events: ReadonlyArray<TaskEvent>) =>
          Effect.gen(function*() {
            const file = join(path, name)
            yield* Effect.scoped(Effect.flatMap(journalIn(file), (journal) => keep(journal, events)))
            return yield* Effect.scoped(Effect.flatMap(journalIn(file), (journal) => journal.inherit(Option.none())))
          })
        const plain = events.filter(({ _tag }) => _tag === "Queued" || _tag === "Started" || _tag === "Opened")
        assert.deepStrictEqual(yield* left("journal.sqlite", events), yield* left("plain.sqlite", plain))
        assert.deepStrictEqual((yield* History.read(file, here)).events.slice(0, 8), events)
      })
  )
})
