/**
 * A journal as somebody reads it who only looks: what happened, from a file of an Errand that runs, or of one that is gone.
 *
 * The file is opened to be read and is left as it is: whoever looks is no owner, takes nothing over, and is in nobody's
 * way. A file of an earlier version is read as it is.
 */
import { Clock, Data, Effect } from "effect"
import { existsSync } from "node:fs"
import type { NoticeEvent } from "../NoticeEvent.ts"
import type { TaskId } from "../Task.ts"
import type { TaskEvent } from "../TaskEvent.ts"
import * as Library from "./Library.ts"
import * as opening from "./opening.ts"
import * as Owner from "./Owner.ts"
import * as Processes from "./Processes.ts"
import * as SqliteClient from "./SqliteClient.ts"
import * as Store from "./Store.ts"
import { migrations } from "./tables.ts"

/** Why there is nothing to be read. The message says what happened and what to do. */
export class HistoryError extends Data.TaggedError("HistoryError")<{
  readonly reason: "missing" | "newer" | "damaged" | "unreadable" | "no-sqlite"
  readonly file: string
  readonly message: string
}> {}

export interface History {
  /** What happened to tasks, in the order in which it was kept. */
  readonly events: ReadonlyArray<TaskEvent>
  /** What happened to the news that parents were owed. */
  readonly notices: ReadonlyArray<NoticeEvent>
  /**
   * The tasks that are not over and that nobody goes on with, as their process is gone: when it was last seen (epoch ms).
   * Whoever starts next in that place takes them over.
   */
  readonly left: ReadonlyMap<TaskId, number>
}

export interface Options {
  /** Where it is read; by default this process. */
  readonly process?: Processes.Process | undefined
  readonly library?: Library.Library | undefined
}

const words = (reason: HistoryError["reason"], file: string, detail: string): string => {
  switch (reason) {
    case "missing":
      return `There is no journal at ${file}. It is made when the first task is launched; see that you are in the folder of the project, and that "journal" is not set to "memory".`
    case "newer":
      return `The journal ${file} was written by a newer version of Errand (${detail}). Update Errand and try again.`
    case "damaged":
      return `The journal ${file} cannot be read (${detail}): it is damaged, or it is no journal of Errand. It was left as it is; whoever keeps it sets a damaged one aside for a new one at the next start.`
    case "unreadable":
      return `The journal ${file} cannot be opened (${detail}). See that you may read it, and write in its folder, and try again.`
    case "no-sqlite":
      return `The journal ${file} cannot be read: this runtime has no SQLite. Use Node 22.19 or later, or Bun.`
  }
}

/** SQLite's primary result codes of what is no database, or a broken one; and of a statement that found no such table. */
const broken: ReadonlySet<number | undefined> = new Set([1, 11, 26])

/** Reads all of it at one moment, as it then is. */
export const read = Effect.fn("History.read")(function*(
  file: string,
  options: Options = {}
): Effect.fn.Return<History, HistoryError> {
  const { library = Library.find() } = options
  const { host } = options.process ?? Processes.current()
  const fail = (reason: HistoryError["reason"], detail = "") =>
    new HistoryError({ reason, file, message: words(reason, file, detail) })
  if (!existsSync(file)) return yield* fail("missing")
  if (library === undefined) return yield* fail("no-sqlite")
  const found = yield* Effect.scoped(
    Effect.gen(function*() {
      const sql = yield* opening.patiently(SqliteClient.make({ file, fsync: false, readOnly: true, library }))
      const version = yield* opening.patiently(opening.versionOf(sql))
      const known = opening.newest(migrations)
      if (version > known) return yield* fail("newer", `version ${version} of its tables, known are ${known}`)
      const store = Store.reading(sql)
      return yield* opening.patiently(Effect.all([store.everything, store.open, store.owners]))
    })
  ).pipe(
    Effect.catchTags({
      SqlError: (error) =>
        Effect.fail(fail(broken.has(SqliteClient.resultCode(error)) ? "damaged" : "unreadable", error.reason.message)),
      SchemaError: () => Effect.fail(fail("damaged", "an event in it is none that is known"))
    })
  )
  const [happened, open, owners] = found
  const now = yield* Clock.currentTimeMillis
  const events = happened.flatMap((each) => each._tag === "Task" ? [each.event] : [])
  const seen = new Map(owners.map((owner) => [owner.id, owner]))
  const left = open.flatMap(({ id, owner: name }) => {
    const owner = seen.get(name)
    // Whoever has only begun to look does not know of a lease that ran out whether its holder sleeps.
    const isLeft = owner === undefined ||
      Owner.judge(owner, { host, now, since: now, isAlive: Processes.isAlive }) === "gone"
    // It ran at least until then.
    const last = events.findLast((event) => event.id === id)?.at ?? now
    return isLeft ? [[id, Math.max(last, owner?.seen ?? 0)] as const] : []
  })
  return {
    events,
    notices: happened.flatMap((each) => each._tag === "Notice" ? [each.event] : []),
    left: new Map(left)
  }
})
