/**
 * The tables of a journal, version by version. A file of an older version is brought up to date when it is opened; one of
 * a newer version is left alone.
 *
 * `event` is the truth. `task` and `owner` say who goes on with what and how to find it: what is in `task` besides its
 * owner follows from the events.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Migrations } from "./opening.ts"
import * as owners from "./owners.ts"

export const migrations: Migrations = {
  "1_events": Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    // `task` of an event of a task, `parent` and `owner` of one of a notice.
    yield* sql`CREATE TABLE event (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      task TEXT,
      parent TEXT,
      owner TEXT,
      body TEXT NOT NULL
    ) STRICT`
    yield* sql`CREATE INDEX event_task ON event (task, seq) WHERE task IS NOT NULL`
    yield* sql`CREATE INDEX event_parent ON event (parent, seq) WHERE parent IS NOT NULL`
    // `ended`: epoch ms of the end of its last run. `owed`: the first event that its parent may not have been told of.
    yield* sql`CREATE TABLE task (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      parent TEXT NOT NULL,
      root TEXT NOT NULL,
      session TEXT,
      ended INTEGER,
      owed INTEGER
    ) STRICT, WITHOUT ROWID`
    yield* sql`CREATE INDEX task_session ON task (session) WHERE session IS NOT NULL`
    yield* sql`CREATE INDEX task_open ON task (owner) WHERE ended IS NULL OR owed IS NOT NULL`
    yield* sql`CREATE INDEX task_owed ON task (parent) WHERE owed IS NOT NULL`
    yield* sql`CREATE INDEX task_ended ON task (ended) WHERE ended IS NOT NULL`
    yield* owners.create(sql)
  }),
  // The tables stay as they are. There are events in it from now on that an earlier version could not read.
  "2_sightings": Effect.void
}
