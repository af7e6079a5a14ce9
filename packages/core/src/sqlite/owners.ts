/**
 * The table of those who use a file, with its statements.
 */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { Owner } from "./Owner.ts"

const Owners = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({
  id: Schema.String,
  pid: Schema.Int,
  host: Schema.String,
  seen: Schema.Int
})))

export const create = (sql: SqlClient.SqlClient) =>
  sql`CREATE TABLE owner (
    id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    seen INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`

export const statements = (sql: SqlClient.SqlClient) => ({
  owners: Effect.flatMap(sql`SELECT id, pid, host, seen FROM owner`, Owners),

  seen: ({ host, id, pid, seen }: Owner) =>
    sql`INSERT INTO owner (id, pid, host, seen) VALUES (${id}, ${pid}, ${host}, ${seen})
      ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, seen = excluded.seen`
})
