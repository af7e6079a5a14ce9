/**
 * What a journal tells of the tasks of a project, as boards: whoever shows boards shows them. Pure.
 *
 * A journal knows what happened, not who is next: where a task stands in line only the process knows that lets it in.
 */
import { Model, Task, type TaskEvent } from "@errand/core"
import type { History } from "@errand/core/sqlite"
import { type Board, Timeline } from "@errand/view"
import { Option } from "effect"
import { reason, said } from "../../text/ending.ts"

/** What was seen of a run besides its events. */
interface Seen {
  readonly pools?: ReadonlyArray<TaskEvent.HeldPool> | undefined
  readonly ask?: { readonly what: string; readonly at: number } | undefined
  readonly retry?: NonNullable<Board.Item["retry"]> | undefined
  readonly lent?: boolean
}

export interface Boards {
  /** Those that somebody goes on with, or that are over. */
  readonly known: Board.Board
  /** Those that nobody goes on with: their process is gone. */
  readonly lost: Board.Board
}

export const boards = (history: History.History, now: number): Boards => {
  const { seen, tasks } = fold(history.events)
  const { pools } = Timeline.ofHistory(history, now)
  const item = (task: Task.Task): Board.Item => itemOf(task, seen.get(task.id) ?? {}, poolOf(pools, task), now)
  const all = [...tasks.values()]
  const holders = all.filter(({ id, status }) =>
    status === "running" && !history.left.has(id) && seen.get(id)?.lent !== true
  )
  const used = (pool: string): number =>
    holders.filter(({ id }) => seen.get(id)?.pools?.some(({ name }) => name === pool)).length
  const board = (some: ReadonlyArray<Task.Task>, at: number): Board.Board => ({
    v: 1,
    session: "",
    owner: "",
    at,
    pools: pools.map((pool) =>
      boardPool(pool, used(pool.name), some.filter((task) => poolOf(pools, task) === pool.name))
    ),
    tasks: some.map(item)
  })
  return {
    known: board(all.filter(({ id }) => !history.left.has(id)), now),
    // Its keeper was heard of for the last time long ago.
    lost: board(all.filter(({ id }) => history.left.has(id)), 0)
  }
}

const fold = (events: ReadonlyArray<TaskEvent.TaskEvent>) => {
  const tasks = new Map<Task.TaskId, Task.Task>()
  const seen = new Map<Task.TaskId, Seen>()
  for (const event of events) {
    const next = Task.apply(Option.fromUndefinedOr(tasks.get(event.id)), event)
    if (Option.isNone(next)) continue
    tasks.set(event.id, next.value)
    seen.set(event.id, sight(seen.get(event.id) ?? {}, event))
  }
  return { tasks, seen }
}

const sight = (seen: Seen, event: TaskEvent.TaskEvent): Seen => {
  switch (event._tag) {
    case "Queued":
    case "Continued":
    case "Adopted":
    case "Ended":
      return {}
    case "Started":
      return { pools: event.pools }
    case "Opened":
      return seen
    case "Asked":
      return { ...seen, ask: { what: event.what, at: event.at } }
    case "Answered":
      return { ...seen, ask: undefined }
    case "Retried":
      return { ...seen, retry: { attempt: event.attempt, message: event.message, nextAt: event.nextAt } }
    case "Lent":
      return { ...seen, lent: true }
    case "Restored":
      return { ...seen, lent: false }
  }
}

const poolOf = (pools: ReadonlyArray<Timeline.Pool>, { id }: Task.Task): string | undefined =>
  pools.find(({ lanes }) => lanes.some((lane) => lane.id === id))?.name

const boardPool = (
  { name, size }: Timeline.Pool,
  used: number,
  own: ReadonlyArray<Task.Task>
): Board.Pool => {
  const waiting = own.filter(({ status }) => status === "pending").length
  return size === undefined ? { name, used, waiting } : { name, used, size, waiting }
}

const itemOf = (task: Task.Task, seen: Seen, pool: string | undefined, now: number): Board.Item => {
  const { model } = task.request
  const { lastTool } = task.progress
  return {
    id: task.id,
    run: task.run,
    ...(task.session === undefined ? {} : { session: task.session }),
    parent: task.request.parent,
    depth: Task.depth(task),
    agent: task.request.agent,
    description: task.request.description,
    ...(model === undefined ? {} : { model: Model.format(model) }),
    status: task.status,
    queuedAt: task.queuedAt,
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    ...(task.endedAt === undefined ? {} : { endedAt: task.endedAt }),
    ...(pool === undefined ? {} : { pool }),
    ...(seen.lent === true ? { lent: true } : {}),
    ...(seen.ask === undefined ? {} : { asks: [{ id: "", ...seen.ask }] }),
    // That it works again is not kept: only until it was to be tried again is it known to wait.
    ...(seen.retry === undefined || seen.retry.nextAt <= now ? {} : { retry: seen.retry }),
    ...(lastTool === undefined ? {} : { last: lastTool }),
    toolCalls: task.progress.toolCalls,
    ...(task.outcome === undefined || task.outcome._tag === "Completed"
      ? {}
      : { why: said(task.outcome) || reason(task.outcome) })
  }
}
