/**
 * Who waits for whom: in a call that has no end of its own, or because it sent them out. Tasks that wait for each other in a
 * circle never end, so whoever would close one is refused. Pure.
 */
import type { Task, TaskId } from "./Task.ts"

/** A task waits in a call, for as long as it takes, until this run of another is over. */
export interface Wait {
  readonly by: TaskId
  readonly of: Pick<Task, "id" | "run">
}

/**
 * Whether a wait would never end: who is waited for waits for the one who waits, itself or through others. `waits`: those
 * that are; `open`: the tasks that are not over.
 */
export const isCircle = (wait: Wait, waits: Iterable<Wait>, open: ReadonlyArray<Task>): boolean => {
  const tasks = new Map(open.map((task) => [task.id, task]))
  const calls = Map.groupBy(waits, ({ by }) => by)
  // Who sent somebody out is not over before they are.
  const sent = Map.groupBy(open.filter(({ request }) => request.background), ({ request }) => request.parent)
  // It grows while it is gone through.
  const reached = new Set([wait.of.id])
  for (const id of reached) {
    if (id === wait.by) return true
    const task = tasks.get(id)
    if (task === undefined) continue
    for (const { of } of calls.get(id) ?? []) {
      if (tasks.get(of.id)?.run === of.run) reached.add(of.id)
    }
    const own = task.session === undefined ? undefined : sent.get(task.session)
    for (const { id } of own ?? []) reached.add(id)
  }
  return false
}
