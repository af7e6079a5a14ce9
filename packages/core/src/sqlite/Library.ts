/**
 * The SQLite library that the runtime brings along: `node:sqlite` on Node, `bun:sqlite` on Bun (the Bun inside OpenCode
 * has no other). Everything in it is synchronous and throws.
 *
 * They are asked for by name at run time: an import of a library that is not there would keep the whole file from loading.
 */
import type * as NodeSqlite from "node:sqlite"

export interface Library {
  readonly open: (file: string, how?: Opening) => Database
}

export interface Opening {
  /** Nothing can be written, and no file is made. */
  readonly readOnly?: boolean | undefined
}

export interface Database {
  readonly prepare: (sql: string) => Statement
  readonly exec: (sql: string) => void
  readonly inTransaction: () => boolean
  readonly close: () => void
}

type Row = Readonly<Record<string, unknown>>

export interface Statement {
  readonly all: (parameters: ReadonlyArray<Parameter>) => ReadonlyArray<Row>
  readonly run: (parameters: ReadonlyArray<Parameter>) => unknown
  readonly finalize: () => void
}

/** What both libraries can bind. */
export type Parameter = string | number | bigint | null

/** What of `bun:sqlite` is used. */
interface BunSqlite {
  readonly Database: new(
    file: string,
    flags: { readonly create: true; readonly readwrite: true } | { readonly readonly: true }
  ) => {
    readonly inTransaction: boolean
    readonly prepare: (sql: string) => {
      readonly all: (...parameters: ReadonlyArray<Parameter>) => ReadonlyArray<Row>
      readonly run: (...parameters: ReadonlyArray<Parameter>) => unknown
      readonly finalize: () => void
    }
    readonly exec: (sql: string) => unknown
    readonly close: (throwOnError: boolean) => void
  }
}

const isBunSqlite = (module: unknown): module is BunSqlite =>
  typeof module === "object" && module !== null && "Database" in module

const ofBun = ({ Database }: BunSqlite): Library => ({
  open: (file, { readOnly = false } = {}) => {
    const database = new Database(file, readOnly ? { readonly: true } : { create: true, readwrite: true })
    return {
      exec: (sql) => void database.exec(sql),
      inTransaction: () => database.inTransaction,
      close: () => database.close(true),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        return {
          all: (parameters) => statement.all(...parameters),
          run: (parameters) => statement.run(...parameters),
          finalize: () => statement.finalize()
        }
      }
    }
  }
})

const ofNode = ({ DatabaseSync }: typeof NodeSqlite): Library => ({
  open: (file, { readOnly = false } = {}) => {
    const database = new DatabaseSync(file, { readOnly })
    return {
      exec: (sql) => database.exec(sql),
      inTransaction: () => database.isTransaction,
      // Its statements end with it.
      close: () => database.close(),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        return {
          all: (parameters) => statement.all(...parameters),
          run: (parameters) => statement.run(...parameters),
          finalize: () => {}
        }
      }
    }
  }
})

/** Undefined where the runtime has neither. */
export const find = (): Library | undefined => {
  const bun: unknown = process.versions["bun"] === undefined ? undefined : process.getBuiltinModule("bun:sqlite")
  if (isBunSqlite(bun)) return ofBun(bun)
  const node = process.getBuiltinModule("node:sqlite")
  return node === undefined ? undefined : ofNode(node)
}
