/**
 * Where a session belongs: itself, its parent, and so on up to the root. The host tells it at most once per session, as
 * a session never moves. Unknown lineage is an error, never a guess: nothing may be launched below an unknown depth.
 */
import { Cache, Duration, Effect, Exit, Option } from "effect"
import { AgentHost } from "./AgentHost.ts"
import { HostCalls } from "./HostCalls.ts"
import { Journal } from "./Journal.ts"
import * as Settings from "./Settings.ts"
import type { SessionId } from "./Task.ts"
import { LineageUnknown } from "./TaskError.ts"

export type Lineage = readonly [SessionId, ...Array<SessionId>]

/** More levels than any host nests; a chain that is longer is taken for a fault of the host. */
const maxLevels = 64

export const make = Effect.gen(function*() {
  const host = yield* AgentHost
  const { within } = yield* HostCalls
  const journal = yield* Journal
  const settings = yield* Settings.Current

  const askHost = (session: SessionId) =>
    Effect.catchTag(
      within("parentOf", settings.callTimeoutMs, host.parentOf(session)),
      ["HostError", "SessionGone"],
      (error) => Effect.fail(new LineageUnknown({ session, why: error.message }))
    )

  /** Of the session of a task it is known here. */
  const parentOf = (session: SessionId) =>
    Effect.flatMap(
      journal.bySession(session),
      (task) => Option.isSome(task) ? Effect.succeed(task.value.request.parent) : askHost(session)
    )

  // What could not be found out is asked again the next time.
  const parents = yield* Cache.makeWith(parentOf, {
    capacity: 4096,
    timeToLive: (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero
  })

  return Effect.fnUntraced(function*(session: SessionId): Effect.fn.Return<Lineage, LineageUnknown> {
    const above: Array<SessionId> = []
    let current = session
    for (;;) {
      // One at hand may have been continued by somebody further above.
      const task = journal.atHandUnsafe(current)
      if (Option.isSome(task)) {
        above.push(...task.value.request.ancestors)
        break
      }
      const parent = yield* Cache.get(parents, current)
      if (parent === undefined) break
      if (parent === session || above.includes(parent) || above.length >= maxLevels) {
        return yield* new LineageUnknown({ session, why: "its parents form a circle, or a chain without an end" })
      }
      above.push(parent)
      current = parent
    }
    return [session, ...above]
  })
})
