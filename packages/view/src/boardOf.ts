/**
 * The board of one family, made of what is known of its tasks. Pure.
 *
 * What it holds is cut: a board travels with its session in every event about it.
 */
import { type Limits, Model, Task } from "@errand/core"
import * as Board from "./Board.ts"
import { clip, oneLine } from "./format.ts"

/** What a session does, as its events tell. */
export interface Doing {
  /** The call that it is at, or was at last. */
  readonly last: string | undefined
  readonly asks: ReadonlyArray<Board.Ask>
  readonly retry: NonNullable<Board.Item["retry"]> | undefined
  readonly stretches: ReadonlyArray<Board.Stretch>
}

export interface Sources {
  /** The root session. */
  readonly session: string
  readonly owner: string
  /** Epoch ms. */
  readonly at: number
  /** The family's tasks; others are left out. */
  readonly tasks: ReadonlyArray<Task.Task>
  /** How full the pools are. */
  readonly pools: ReadonlyArray<Limits.PoolStatus>
  /** The names of the pools that bind a task, narrowest first. */
  readonly poolsOf: (task: Task.Task) => ReadonlyArray<string>
  /** Where those stand who wait. */
  readonly places: ReadonlyMap<string, Limits.Place>
  /** Those who have lent their slots. */
  readonly lent: ReadonlySet<string>
  /** By session. */
  readonly doing: ReadonlyMap<string, Doing>
  /** Why a task ended as it did, in a few words; the empty string for one that has an answer. */
  readonly why: (task: Task.Task) => string
  /** What is wrong with the configuration. */
  readonly problem?: string | undefined
}

const cut = (text: string, max: number): string => clip(oneLine(text), max)

export const isOf = (session: string) => (task: Task.Task): boolean => task.request.ancestors.at(-1) === session

/** Those that the board has room for: the ones that are out, oldest first, then the latest that ended. */
export const chosen = (tasks: ReadonlyArray<Task.Task>): ReadonlyArray<Task.Task> => {
  const running = tasks.filter(({ status }) => status === "running")
  const pending = tasks.filter(({ status }) => status === "pending").toSorted((a, b) => a.queuedAt - b.queuedAt)
  const ended = tasks.filter(Task.isTerminal).toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
  return [
    ...running.toSorted((a, b) => (a.startedAt ?? a.queuedAt) - (b.startedAt ?? b.queuedAt)),
    ...pending,
    ...ended
  ].slice(0, Board.maxTasks)
}

/** Of the stretches the latest; more would make the board longer than its tasks. */
const maxStretches = 8

const ended = (task: Task.Task, why: Sources["why"]): Pick<Board.Item, "endedAt" | "why"> => {
  const words = cut(why(task), 120)
  return {
    ...(task.endedAt === undefined ? {} : { endedAt: task.endedAt }),
    ...(words === "" ? {} : { why: words })
  }
}

const waiting = (sources: Sources, task: Task.Task, ofPool: string): Partial<Board.Item> => {
  const place = sources.places.get(task.id)
  const pool = place?.pool ?? ofPool
  const holders = sources.tasks
    .filter((other) => holds(sources, other) && sources.poolsOf(other).includes(pool))
    .toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))
    .map(({ id }) => id)
    .slice(0, 3)
  return {
    pool,
    ...(place === undefined ? {} : { ahead: place.ahead }),
    ...(place?.paused === true ? { paused: true } : {}),
    ...(holders.length === 0 ? {} : { holders })
  }
}

const holds = ({ lent }: Sources, { id, status }: Task.Task): boolean => status === "running" && !lent.has(id)

const running = ({ doing, lent }: Sources, task: Task.Task): Partial<Board.Item> => {
  const now = task.session === undefined ? undefined : doing.get(task.session)
  const last = cut(now?.last ?? task.progress.lastTool ?? "", 80)
  const asks = (now?.asks ?? []).slice(0, 5).map(({ at, id, what }) => ({ id, what: cut(what, 80), at }))
  return {
    ...(lent.has(task.id) ? { lent: true } : {}),
    ...(asks.length === 0 ? {} : { asks }),
    ...(now?.retry === undefined ? {} : { retry: { ...now.retry, message: cut(now.retry.message, 80) } }),
    ...(last === "" ? {} : { last })
  }
}

const stretchesOf = ({ doing }: Sources, { session }: Task.Task): Pick<Board.Item, "stretches"> => {
  const all = session === undefined ? [] : doing.get(session)?.stretches ?? []
  if (all.length === 0) return {}
  return { stretches: all.slice(-maxStretches).map(shortened) }
}

const shortened = (stretch: Board.Stretch): Board.Stretch =>
  stretch.what === undefined ? stretch : { ...stretch, what: cut(stretch.what, 80) }

const itemOf = (sources: Sources, task: Task.Task): Board.Item => {
  const { model } = task.request
  const [pool = "total"] = sources.poolsOf(task)
  return {
    id: task.id,
    run: task.run,
    ...(task.session === undefined ? {} : { session: task.session }),
    parent: task.request.parent,
    depth: Task.depth(task),
    agent: cut(task.request.agent, 40),
    description: cut(task.request.description, 100),
    ...(model === undefined ? {} : { model: cut(Model.format(model), 80) }),
    status: task.status,
    queuedAt: task.queuedAt,
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    pool,
    toolCalls: task.progress.toolCalls,
    ...(Task.isTerminal(task)
      ? ended(task, sources.why)
      : task.status === "pending"
      ? waiting(sources, task, pool)
      : running(sources, task)),
    ...stretchesOf(sources, task)
  }
}

/** The pools of those that are out, each once, in their order. */
const poolsOf = (sources: Sources, shown: ReadonlyArray<Task.Task>): ReadonlyArray<Board.Pool> => {
  const out = shown.filter((task) => !Task.isTerminal(task))
  const names = new Set(out.flatMap(sources.poolsOf))
  return [...names].flatMap((name) => {
    const status = sources.pools.find((pool) => pool.name === name)
    if (status === undefined) return []
    const waiting = sources.tasks.filter((task) =>
      task.status === "pending" && (sources.places.get(task.id)?.pool ?? sources.poolsOf(task)[0]) === name
    )
    return [{
      name,
      used: status.used,
      ...(Number.isFinite(status.size) ? { size: status.size } : {}),
      waiting: waiting.length
    }]
  })
}

export const boardOf = (sources: Sources): Board.Board => {
  const tasks = sources.tasks.filter(isOf(sources.session))
  const shown = chosen(tasks)
  const family = { ...sources, tasks }
  return {
    v: Board.version,
    session: sources.session,
    owner: sources.owner,
    at: sources.at,
    pools: poolsOf(family, shown),
    tasks: shown.map((task) => itemOf(family, task)),
    ...(tasks.length > shown.length ? { more: tasks.length - shown.length } : {}),
    ...(sources.problem === undefined ? {} : { problem: cut(sources.problem, 120) })
  }
}
