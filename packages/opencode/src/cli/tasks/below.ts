/**
 * The tasks of one session: those that it sent out, and those of their own. Pure.
 */
import type { TaskEvent } from "@errand/core"
import type { Shown } from "./list.ts"

export const below = (
  all: ReadonlyArray<Shown>,
  events: ReadonlyArray<TaskEvent.TaskEvent>,
  session: string
): ReadonlyArray<Shown> => {
  // Of several runs the last one's parents count.
  const ancestors = new Map<string, ReadonlyArray<string>>()
  for (const event of events) {
    if (event._tag === "Queued" || event._tag === "Continued") ancestors.set(event.id, event.request.ancestors)
  }
  return all.filter(({ item }) => ancestors.get(item.id)?.includes(session) === true)
}
