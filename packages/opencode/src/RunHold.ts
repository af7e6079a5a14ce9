/**
 * Keeps `opencode run` open for its tasks.
 *
 * It leaves when its session is idle for the first time, and what runs in the background dies with it. But it waits for
 * the hook on a finished text: so the text of a session that has tasks out is held there until they are over and the
 * session has been told, which makes it go on with their results.
 */
import { type Task, Tasks } from "@errand/core"
import { Effect } from "effect"
import { Sessions } from "./host/Sessions.ts"

/** Waits until the session has nothing out, for at most `limit` ms. Only a root session holds the process. */
export const hold = Effect.fnUntraced(function*(session: Task.SessionId, limit: number) {
  const tasks = yield* Tasks.Tasks
  const sessions = yield* Sessions
  if (!(yield* tasks.expecting(session))) return
  const { parent } = yield* sessions.get(session)
  if (parent === undefined) yield* Effect.timeoutOption(tasks.settled(session), limit)
}, (effect) => Effect.ignore(effect))
