/**
 * What is kept in the file and how it is found again: every statement of the journal, with its rows decoded.
 */
import { Effect, Option, Schema, type Scope } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Entry } from "../Journal.ts"
import { NoticeEvent } from "../NoticeEvent.ts"
import type { SessionId, Task, TaskId } from "../Task.ts"
import { TaskId as TaskIdSchema } from "../Task.ts"
import { TaskEvent } from "../TaskEvent.ts"
import type { FileProblem, Problems } from "./FileProblem.ts"
import * as opening from "./opening.ts"
import * as owners from "./owners.ts"
import type * as SqliteClient from "./SqliteClient.ts"
import { migrations } from "./tables.ts"

const TaskBody = Schema.fromJsonString(TaskEvent)
const NoticeBody = Schema.fromJsonString(NoticeEvent)
/** As JSON by hand: a schema of a text is worked through by an effect. */
const encodedTask = Schema.encodeSync(TaskEvent)
const encodeTask = (event: TaskEvent) => JSON.stringify(encodedTask(event))
const encodeNotice = Schema.encodeSync(NoticeBody)

const Bodies = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ body: TaskBody })))
const Records = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({
  seq: Schema.Int,
  task: Schema.NullOr(Schema.String),
  body: Schema.String,
  owed: Schema.NullOr(Schema.Int)
})))
const Written = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ task: Schema.NullOr(Schema.String), body: Schema.String }))
)
const Held = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: TaskIdSchema, owner: Schema.String })))
const Ids = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: TaskIdSchema })))
const Holders = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ owner: Schema.String })))
const decodeTask = Schema.decodeUnknownEffect(TaskBody)
const decodeNotice = Schema.decodeUnknownEffect(NoticeBody)

/** One of the events that a box is made of. `counts`: whether its parent may not have been told of it. */
export type Recorded =
  | { readonly _tag: "Task"; readonly event: TaskEvent; readonly counts: boolean }
  | { readonly _tag: "Notice"; readonly event: NoticeEvent }

/** An event, of a task or of a notice. */
export type Happened =
  | { readonly _tag: "Task"; readonly event: TaskEvent }
  | { readonly _tag: "Notice"; readonly event: NoticeEvent }

export type StoreError = SqlError.SqlError | Schema.SchemaError

/** Whether an event changes what is in `task` of its task. */
const isShownInTask = ({ event: { _tag } }: Entry): boolean =>
  _tag === "Queued" || _tag === "Continued" || _tag === "Adopted" || _tag === "Opened" || _tag === "Ended"

/** What is in `task` after an event. `owed`: its parent is owed news from that event on, if it was not before. */
const rowOf = ({ event: { _tag }, task }: Entry) => ({
  id: task.id,
  parent: task.request.parent,
  root: root(task),
  session: task.session ?? null,
  ended: task.endedAt ?? null,
  owed: (_tag === "Queued" || _tag === "Continued" || _tag === "Adopted") && task.request.background
})

const root = ({ request }: Task): SessionId => request.ancestors.at(-1) ?? request.parent

export type Store = ReturnType<typeof make>

/** What is read of a file that somebody else keeps: every event in order, and who goes on with what is not over. */
export const reading = (sql: SqlClient.SqlClient) => ({
  everything: Effect.flatMap(
    Effect.flatMap(sql`SELECT task, body FROM event ORDER BY seq`, Written),
    Effect.forEach(({ body, task }): Effect.Effect<Happened, Schema.SchemaError> =>
      task === null
        ? Effect.map(decodeNotice(body), (event) => ({ _tag: "Notice" as const, event }))
        : Effect.map(decodeTask(body), (event) => ({ _tag: "Task" as const, event }))
    )
  ),
  open: Effect.flatMap(sql`SELECT id, owner FROM task WHERE ended IS NULL`, Held),
  owners: owners.statements(sql).owners
})

/** Opens the file, or makes it, and brings its tables up to date. */
export const open = (
  options: SqliteClient.Options,
  problems: Problems
): Effect.Effect<Store, FileProblem, Scope.Scope> => Effect.map(opening.open(options, migrations, problems), make)

const make = (sql: SqlClient.SqlClient) => {
  return {
    /** All or nothing, and nobody else writes meanwhile. */
    transaction: <A, E>(effect: Effect.Effect<A, E>) => sql.withTransaction(effect),

    /** Who goes on with which of these tasks. One that is not there is unknown. */
    ownersOf: (ids: ReadonlyArray<TaskId>) =>
      Effect.map(
        Effect.flatMap(
          sql`SELECT id, owner FROM task WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
          Held
        ),
        (rows) => new Map(rows.map(({ id, owner }) => [id, owner]))
      ),

    /** Everything that happened to a task, in order. */
    eventsOf: (id: TaskId) =>
      Effect.map(
        Effect.flatMap(sql`SELECT body FROM event WHERE task = ${id} ORDER BY seq`, Bodies),
        (rows) => rows.map(({ body }) => body)
      ),

    withSession: (session: SessionId) =>
      Effect.map(
        Effect.flatMap(sql`SELECT id FROM task WHERE session = ${session} LIMIT 1`, Ids),
        ([row]) => Option.map(Option.fromUndefinedOr(row), ({ id }) => id)
      ),

    /** The events of the tasks that ended last, so many of them, in order. */
    latest: (count: number) =>
      Effect.map(
        Effect.flatMap(
          sql`SELECT body FROM event WHERE task IN (
            SELECT id FROM task WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ${count}
          ) ORDER BY seq`,
          Bodies
        ),
        (rows) => rows.map(({ body }) => body)
      ),

    /** Keeps events, in order, of tasks that are this owner's from then on. However many: it is done in two statements. */
    insert: Effect.fnUntraced(function*(entries: ReadonlyArray<Entry>, owner: string) {
      const bodies = entries.map(({ event }) => ({ task: event.id, body: encodeTask(event) }))
      yield* sql`INSERT INTO event (task, body)
        SELECT value ->> 'task', value ->> 'body' FROM json_each(${JSON.stringify(bodies)})`
      const rows = entries.filter(isShownInTask).map(rowOf)
      if (rows.length === 0) return
      yield* sql`INSERT INTO task (id, owner, parent, root, session, ended, owed)
        SELECT
          value ->> 'id', ${owner}, value ->> 'parent', value ->> 'root', value ->> 'session', value ->> 'ended',
          CASE WHEN value ->> 'owed' THEN (SELECT max(seq) FROM event WHERE task = value ->> 'id') END
        FROM json_each(${JSON.stringify(rows)})
        WHERE true
        ON CONFLICT (id) DO UPDATE SET
          owner = excluded.owner, parent = excluded.parent, root = excluded.root, session = excluded.session,
          ended = excluded.ended, owed = coalesce(owed, excluded.owed)`
    }),

    insertNotice: (event: NoticeEvent, owner: string) =>
      sql`INSERT INTO event (parent, owner, body) VALUES (${event.parent}, ${owner}, ${encodeNotice(event)})`,

    /** The tasks of a parent that are over and whose news it may still be owed. */
    owedTo: (parent: SessionId, owner: string) =>
      Effect.map(
        Effect.flatMap(
          sql`SELECT id FROM task WHERE parent = ${parent} AND owed IS NOT NULL AND ended IS NOT NULL AND owner = ${owner}`,
          Ids
        ),
        (rows) => rows.map(({ id }) => id)
      ),

    /** Nobody is owed news of this task, which is over, any more: what it was asked to do need not be known either. */
    told: (id: TaskId) =>
      Effect.andThen(
        sql`UPDATE task SET owed = NULL WHERE id = ${id}`,
        sql`UPDATE event SET body = json_replace(body, '$.request.prompt', '') WHERE task = ${id}`
      ),

    /** A parent is owed nothing: what was said to it need not be known any more. */
    settled: (parent: SessionId, owner: string) => sql`DELETE FROM event WHERE parent = ${parent} AND owner = ${owner}`,

    ...owners.statements(sql),

    /** What an owner has not finished, all of it or in one family. */
    unfinishedOf: (owner: string, root: SessionId | undefined) =>
      Effect.map(
        Effect.flatMap(
          root === undefined
            ? sql`SELECT id FROM task WHERE owner = ${owner} AND (ended IS NULL OR owed IS NOT NULL)`
            : sql`SELECT id FROM task WHERE owner = ${owner} AND root = ${root}
              AND (ended IS NULL OR owed IS NOT NULL)`,
          Ids
        ),
        (rows) => rows.map(({ id }) => id)
      ),

    /** Owners that tasks have and that are not in the list of owners. */
    unknownOwners: Effect.map(
      Effect.flatMap(
        sql`SELECT DISTINCT owner FROM task WHERE (ended IS NULL OR owed IS NOT NULL)
          AND owner NOT IN (SELECT id FROM owner)`,
        Holders
      ),
      (rows) => rows.map(({ owner }) => owner)
    ),

    /** What happened to these tasks, and what was said about them by their owner, in order. */
    records: Effect.fnUntraced(function*(ids: ReadonlyArray<TaskId>, owner: string) {
      const wanted = JSON.stringify(ids)
      const rows = yield* Effect.flatMap(
        sql`SELECT seq, task, body, (SELECT owed FROM task WHERE task.id = event.task) AS owed FROM event
          WHERE task IN (SELECT value FROM json_each(${wanted}))
          OR (owner = ${owner} AND parent IN (
            SELECT parent FROM task WHERE id IN (SELECT value FROM json_each(${wanted}))
          ))
          ORDER BY seq`,
        Records
      )
      return yield* Effect.forEach(
        rows,
        ({ body, owed, seq, task }): Effect.Effect<Recorded, Schema.SchemaError> =>
          task === null
            ? Effect.map(decodeNotice(body), (event) => ({ _tag: "Notice" as const, event }))
            : Effect.map(decodeTask(body), (event) => ({
              _tag: "Task" as const,
              event,
              counts: owed !== null && seq >= owed
            }))
      )
    }),

    /** What an owner left behind in the families of these tasks is this one's from now on. */
    handOver: (ids: ReadonlyArray<TaskId>, from: string, to: string) =>
      Effect.andThen(
        sql`UPDATE event SET owner = ${to} WHERE owner = ${from} AND parent IN (
          SELECT parent FROM task WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
        )`,
        sql`UPDATE task SET owner = ${to} WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`
      ),

    /** An owner that is gone, and has left nothing behind. */
    forgetOwner: (id: string) =>
      sql`DELETE FROM owner WHERE id = ${id} AND NOT EXISTS (
        SELECT 1 FROM task WHERE owner = ${id} AND (ended IS NULL OR owed IS NOT NULL)
      )`,

    /** Drops the tasks that ended before this moment (epoch ms) and of which nobody is owed news. */
    compact: (before: number) =>
      Effect.andThen(
        sql`DELETE FROM event WHERE task IN (SELECT id FROM task WHERE ended < ${before} AND owed IS NULL)`,
        sql`DELETE FROM task WHERE ended < ${before} AND owed IS NULL`
      )
  }
}
