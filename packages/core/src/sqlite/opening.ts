/**
 * How a file is opened, or made, and its tables brought up to date; and how one waits for others who write in it.
 */
import { Effect, Schedule, Schema, type Scope } from "effect"
import { Migrator, SqlClient, SqlError } from "effect/sql"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import type { FileProblem, Problems } from "./FileProblem.ts"
import * as SqliteClient from "./SqliteClient.ts"

/** By their numbers and names, `1_events`. The last one's number is the newest version that this code knows. */
export type Migrations = Readonly<Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>>

const Version = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ version: Schema.NullOr(Schema.Int) })))

export const open = Effect.fnUntraced(function*(
  options: SqliteClient.Options,
  migrations: Migrations,
  { fromSql, problem }: Problems
): Effect.fn.Return<SqlClient.SqlClient, FileProblem, Scope.Scope> {
  yield* Effect.try({
    // It holds what people asked for: it is nobody else's business.
    try: () => mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 }),
    catch: (cause) => problem("unavailable", cause instanceof Error ? cause.message : String(cause))
  })
  const sql = yield* patiently(SqliteClient.make(options)).pipe(Effect.mapError(fromSql))
  const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations) })
  yield* patiently(Effect.provideService(migrate, SqlClient.SqlClient, sql)).pipe(
    Effect.mapError((error) => error._tag === "MigrationError" ? problem("unavailable", error.message) : fromSql(error))
  )
  const version = yield* versionOf(sql).pipe(
    Effect.mapError((error) => error._tag === "SqlError" ? fromSql(error) : problem("corrupt", "no version"))
  )
  const known = newest(migrations)
  if (version > known) return yield* problem("newer", `version ${version} of its tables, known are ${known}`)
  return sql
})

/** The version of its tables; 0 where it has none yet. */
export const versionOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    Effect.flatMap(sql`SELECT max(migration_id) AS version FROM effect_sql_migrations`, Version),
    ([found]) => found?.version ?? 0
  )

/** The newest version that this code knows. */
export const newest = (migrations: Migrations): number => Object.keys(migrations).length

/** Somebody else writes for some milliseconds at a time. Who has the file locked for seconds is stuck. */
export const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  // Mostly nobody does: the schedule is made for who has to wait.
  Effect.catchIf(effect, isLocked, () =>
    Effect.delay(
      Effect.retry(effect, { while: isLocked, times: 500, schedule: Schedule.spaced(between) }),
      between
    ))

const between = "10 millis"

const isLocked = (error: unknown): boolean => SqlError.isSqlError(error) && error.reason._tag === "LockTimeoutError"
