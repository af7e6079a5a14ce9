/**
 * How tasks ended, at the end of the story: who was left alone on a host that was well ended as foretold, and who ended
 * without an answer took along, in the same moment, what was out from their session.
 */
import { Effect } from "effect"
import * as Task from "../../src/Task.ts"
import { endOf } from "../Agents.ts"
import { type Broken, hold } from "../Broken.ts"
import { runOf } from "../Play.ts"
import type { Witnessed } from "../World.ts"

/** How a task ended, in one word. */
export const label = ({ outcome, status }: Task.Task): string =>
  outcome === undefined ? status : outcome._tag === "Completed" ? "completed" : outcome.reason

const isEnd = ({ event }: Witnessed): boolean => event._tag === "Ended"

/** How long a session is being stopped at the most, on a host that is well (ms): it is aborted again after 1 and 4 s. */
const stopping = 5_000

/** For worlds that stayed calm. */
export const foretold = (
  entries: ReadonlyArray<Witnessed>,
  disturbed: ReadonlySet<string>,
  deleted: ReadonlySet<Task.SessionId>
): Effect.Effect<void, Broken> => {
  const parents = new Set(entries.map(({ task }) => task.request.parent))
  // It ends with who sent it, or at once where that one's session is still being stopped.
  const isOrphan = ({ endedAt, queuedAt, request }: Task.Task) =>
    entries.some(({ event, task }) =>
      event._tag === "Ended" && event.outcome._tag !== "Completed" &&
      task.session !== undefined && request.ancestors.includes(task.session) &&
      (event.at === endedAt || endedAt === queuedAt && event.at <= queuedAt && queuedAt - event.at <= stopping)
    )
  return Effect.forEach(entries.filter(isEnd), ({ task }) => {
    const expected = endOf(task.request.prompt)
    // Somebody who sent tasks out answers again when they are back: only what must answer anyway is certain.
    const certain = expected === "completed" || task.session === undefined || !parents.has(task.session)
    const gone = [...task.request.ancestors, ...(task.session === undefined ? [] : [task.session])]
      .some((session) => deleted.has(session))
    const orphaned = label(task) === "parent-ended" && isOrphan(task)
    return hold(
      "B1-B12 D4 who is left alone ends as foretold",
      !certain || gone || disturbed.has(runOf(task)) || orphaned || label(task) === "shutdown" ||
        label(task) === expected,
      () => `${runOf(task)} with the errand "${task.request.prompt}" ended as ${label(task)}, not as ${expected}`
    )
  }, { discard: true })
}

export const noOrphans = (entries: ReadonlyArray<Witnessed>): Effect.Effect<void, Broken> =>
  Effect.forEach(entries.entries(), ([nth, entry]) => {
    const { event, task } = entry
    if (event._tag !== "Ended" || event.outcome._tag === "Completed" || task.session === undefined) return Effect.void
    const out = new Map<string, Task.Task>()
    for (const before of entries.slice(0, nth)) {
      if (before.task.request.parent !== task.session) continue
      if (Task.isTerminal(before.task)) out.delete(runOf(before.task))
      else out.set(runOf(before.task), before.task)
    }
    return Effect.forEach(out.keys(), (orphan) => {
      const end = entries.find((other) => isEnd(other) && runOf(other.task) === orphan)
      return hold(
        "E5 who ends without an answer takes along what they sent out",
        end?.event.at === event.at,
        () => `${orphan} outlives ${runOf(task)}`
      )
    }, { discard: true })
  }, { discard: true })
