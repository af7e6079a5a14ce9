/**
 * The tables of shared slots, version by version, and every statement on them, with its rows decoded.
 */
import { Effect, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Row } from "./Line.ts"
import type { Migrations } from "./opening.ts"
import * as owners from "./owners.ts"

export const migrations: Migrations = {
  "1_slots": Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* owners.create(sql)
    // One of these for each pool of a claim. `turn`: its place among those who wait. `held`: whether it is in.
    yield* sql`CREATE TABLE slot (
      owner TEXT NOT NULL,
      claim TEXT NOT NULL,
      pool TEXT NOT NULL,
      size INTEGER NOT NULL,
      turn INTEGER NOT NULL,
      returns INTEGER NOT NULL,
      held INTEGER NOT NULL,
      PRIMARY KEY (owner, claim, pool)
    ) STRICT, WITHOUT ROWID`
  })
}

const Rows = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({
  owner: Schema.String,
  claim: Schema.String,
  pool: Schema.String,
  size: Schema.Int,
  turn: Schema.Int,
  returns: Schema.BooleanFromBit,
  held: Schema.BooleanFromBit
})))

export type TableError = SqlError.SqlError | Schema.SchemaError

export const statements = (sql: SqlClient.SqlClient) => ({
  ...owners.statements(sql),

  /** All or nothing, and nobody else writes meanwhile. */
  transaction: <A, E>(effect: Effect.Effect<A, E>) => sql.withTransaction(effect),

  rows: Effect.flatMap(sql`SELECT owner, claim, pool, size, turn, returns, held FROM slot`, Rows),

  insert: ({ claim, held, owner, pool, returns, size, turn }: Row) =>
    sql`INSERT OR REPLACE INTO slot (owner, claim, pool, size, turn, returns, held)
      VALUES (${owner}, ${claim}, ${pool}, ${size}, ${turn}, ${returns}, ${held})`,

  enter: (owner: string, claims: ReadonlyArray<string>) =>
    sql`UPDATE slot SET held = 1
      WHERE owner = ${owner} AND claim IN (SELECT value FROM json_each(${JSON.stringify(claims)}))`,

  /** Takes back what these claims have, or their place in the line. */
  remove: (owner: string, claims: ReadonlyArray<string>) =>
    sql`DELETE FROM slot
      WHERE owner = ${owner} AND claim IN (SELECT value FROM json_each(${JSON.stringify(claims)}))`,

  /** Takes back everything that an owner has. */
  forgetOwner: (id: string) =>
    Effect.andThen(sql`DELETE FROM slot WHERE owner = ${id}`, sql`DELETE FROM owner WHERE id = ${id}`)
})
