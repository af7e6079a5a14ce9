/**
 * Effect's `SqlClient` on the SQLite that the runtime brings along: one connection, one transaction at a time.
 *
 * A call is synchronous inside, so a lock that somebody else holds is not waited for there, which would stop everything
 * else in the process: the call fails as `LockTimeoutError`, and who can wait tries again.
 */
import { Effect, type Scope, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import * as Library from "./Library.ts"

export interface Options {
  /** A path, in a folder that exists. */
  readonly file: string
  /**
   * Whether the disk has to confirm every transaction (`synchronous = FULL`). Without it what was committed outlives the
   * process, however that ends; a power failure may take the last moments, and harms nothing else.
   */
  readonly fsync: boolean
  /** Whether it is only read: then it has to be there, and is left as it is. */
  readonly readOnly?: boolean | undefined
  readonly library?: Library.Library | undefined
}

/** SQLite's result code, where an error has one: `errno` in Bun, `errcode` in Node. Its lowest byte is the primary one. */
const codeOf = (cause: unknown): number | undefined => {
  if (typeof cause !== "object" || cause === null) return undefined
  const code: unknown = "errno" in cause ? cause.errno : "errcode" in cause ? cause.errcode : undefined
  return typeof code === "number" ? code & 0xff : undefined
}

/** 5 busy, 8 read-only, 11 corrupt, 13 full, 14 cannot open, 26 no database; undefined where it is no error of SQLite's. */
export const resultCode = ({ reason }: SqlError.SqlError): number | undefined => codeOf(reason.cause)

const failure = (cause: unknown, operation: string): SqlError.SqlError => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = codeOf(cause)
  // The classifier knows the code as `errno` only.
  const reason = SqlError.classifySqliteError(
    code === undefined ? cause : Object.assign(new Error(message, { cause }), { errno: code }),
    { message, operation }
  )
  return new SqlError.SqlError({ reason })
}

const attempt = <A>(operation: string, run: () => A) =>
  Effect.try({ try: run, catch: (cause) => failure(cause, operation) })

const openDatabase = ({ file, fsync, library = Library.find(), readOnly }: Options): Library.Database => {
  if (library === undefined) throw new Error("this runtime has no SQLite")
  const database = library.open(file, { readOnly })
  try {
    database.exec("PRAGMA busy_timeout = 0")
    if (readOnly === true) return database
    database.exec("PRAGMA journal_mode = WAL")
    database.exec(`PRAGMA synchronous = ${fsync ? "FULL" : "NORMAL"}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** What a statement is given, in the forms that both libraries can bind. */
const bindable = (value: unknown): Library.Parameter => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1 : 0
    default:
      return value === null || value === undefined ? null : String(value)
  }
}

const makeConnection = (database: Library.Database) => {
  // Every statement of a journal is written down in it: there are a few dozen.
  const statements = new Map<string, Library.Statement>()
  const prepared = (sql: string): Library.Statement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  const rows: SqlConnection.Connection["execute"] = (sql, parameters, transform) =>
    attempt("execute", () => {
      const found = prepared(sql).all(parameters.map(bindable))
      return transform === undefined ? found : transform(found)
    })
  const values: SqlConnection.Connection["executeValues"] = (sql, parameters) =>
    attempt("execute", () => prepared(sql).all(parameters.map(bindable)).map((row) => Object.values(row)))
  const connection: SqlConnection.Connection = {
    execute: rows,
    executeUnprepared: rows,
    executeValues: values,
    executeValuesUnprepared: values,
    executeRaw: (sql, parameters) => attempt("execute", () => prepared(sql).run(parameters.map(bindable))),
    executeStream: () => Stream.die("no journal reads rows as a stream")
  }
  return {
    ...connection,
    inTransaction: database.inTransaction,
    close: () => {
      // In Bun a statement that is not finalized keeps the file, and its locks.
      for (const statement of statements.values()) statement.finalize()
      database.close()
    }
  }
}

/** Closed with the scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> {
  const connection = yield* Effect.acquireRelease(
    attempt("open", () => makeConnection(openDatabase(options))),
    (connection) => Effect.ignore(attempt("close", connection.close))
  )
  return yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore: yield* Semaphore.make(1),
      isTransaction: (connection) => connection.inTransaction()
    }),
    compiler: Statement.makeCompilerSqlite(),
    driver: "sqlite",
    // Whoever begins is going to write: to find that out later would be too late.
    beginTransaction: "BEGIN IMMEDIATE",
    prepareTransactionControls: true,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: []
  })
}, Effect.provide(Reactivity.layer))
