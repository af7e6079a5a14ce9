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

/**
 * Those that the board has room for: the ones that need a person, that run and that wait, oldest first, then the latest
 * that ended.
 */
export const chosen = (
  tasks: ReadonlyArray<Task.Task>,
  asks: (task: Task.Task) => boolean
): ReadonlyArray<Task.Task> => {
  const running = tasks.filter(({ status }) => status === "running")
    .toSorted((a, b) => (a.startedAt ?? a.queuedAt) - (b.startedAt ?? b.queuedAt))
  const pending = tasks.filter(({ status }) => status === "pending").toSorted((a, b) => a.queuedAt - b.queuedAt)
  const ended = tasks.filter(Task.isTerminal).toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
  return [...running.filter(asks), ...running.filter((task) => !asks(task)), ...pending, ...ended]
    .slice(0, Board.maxTasks)
}

/** Whether its session waits for a person. */
export const asksIn = (doing: Sources["doing"]) => ({ session }: Task.Task): boolean =>
  session !== undefined && (doing.get(session)?.asks.length ?? 0) > 0

/** What all tasks of the family look up: made once, as a family may be large. */
interface Family extends Sources {
  readonly poolsById: ReadonlyMap<string, ReadonlyArray<string>>
  /** Who holds a slot of a pool, the one that has run longest first; a few of them. */
  readonly holdersOf: ReadonlyMap<string, ReadonlyArray<string>>
}

const maxHolders = 3

const familyOf = (sources: Sources): Family => {
  const tasks = sources.tasks.filter(isOf(sources.session))
  const poolsById = new Map(tasks.map((task) => [task.id, sources.poolsOf(task)]))
  const holdersOf = new Map<string, Array<string>>()
  const holders = tasks.filter(({ id, status }) => status === "running" && !sources.lent.has(id))
  for (const { id } of holders.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))) {
    for (const pool of poolsById.get(id) ?? []) {
      const known = holdersOf.get(pool) ?? []
      if (known.length < maxHolders) holdersOf.set(pool, [...known, id])
    }
  }
  return { ...sources, tasks, poolsById, holdersOf }
}

/** Of the stretches the latest; more would make the board longer than its tasks. */
const maxStretches = 6

const ended = (task: Task.Task, why: Sources["why"]): Pick<Board.Item, "endedAt" | "why"> => {
  const words = cut(why(task), 120)
  return {
    ...(task.endedAt === undefined ? {} : { endedAt: task.endedAt }),
    ...(words === "" ? {} : { why: words })
  }
}

const poolsOf = ({ poolsById }: Family, { id }: Task.Task): ReadonlyArray<string> => poolsById.get(id) ?? []

/** The pool that a task waits for, or the narrowest that it runs in. */
const poolOf = (family: Family, task: Task.Task): string =>
  family.places.get(task.id)?.pool ?? poolsOf(family, task)[0] ?? "total"

const waiting = (family: Family, task: Task.Task): Partial<Board.Item> => {
  const place = family.places.get(task.id)
  const holders = family.holdersOf.get(poolOf(family, task)) ?? []
  return {
    ...(place === undefined ? {} : { ahead: place.ahead }),
    ...(place?.paused === true ? { paused: true } : {}),
    ...(holders.length === 0 ? {} : { holders })
  }
}

/** Who answers a question decides by it, and has to see as much of it as a board can carry: of the first, the one to answer. */
const maxAsked = 500

const askOf = ({ always, at, id, what }: Board.Ask, nth: number): Board.Ask => {
  const ask = { id, what: cut(what, nth === 0 ? maxAsked : 80), at }
  // Nobody allows for good what they see half of.
  return always === undefined || nth > 0 || cut(always, maxAsked) !== always ? ask : { ...ask, always }
}

const running = ({ doing, lent }: Sources, task: Task.Task): Partial<Board.Item> => {
  const now = task.session === undefined ? undefined : doing.get(task.session)
  const last = cut(now?.last ?? task.progress.lastTool ?? "", 80)
  const asks = (now?.asks ?? []).slice(0, 5).map(askOf)
  return {
    ...(lent.has(task.id) ? { lent: true } : {}),
    ...(asks.length === 0 ? {} : { asks }),
    ...(now?.retry === undefined ? {} : { retry: { ...now.retry, message: cut(now.retry.message, 80) } }),
    ...(last === "" ? {} : { last })
  }
}

/** Those of this run: its session may have had others. */
const stretchesOf = ({ doing }: Sources, { queuedAt, session }: Task.Task): Pick<Board.Item, "stretches"> => {
  const all = session === undefined ? [] : doing.get(session)?.stretches ?? []
  const own = all.filter(({ to }) => to === undefined || to > queuedAt)
  return own.length === 0 ? {} : { stretches: own.slice(-maxStretches).map(shortened) }
}

const shortened = (stretch: Board.Stretch): Board.Stretch =>
  stretch.what === undefined ? stretch : { ...stretch, what: cut(stretch.what, 40) }

const itemOf = (family: Family, task: Task.Task): Board.Item => {
  const { model } = task.request
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
    pool: poolOf(family, task),
    toolCalls: task.progress.toolCalls,
    ...(Task.isTerminal(task)
      ? ended(task, family.why)
      : task.status === "pending"
      ? waiting(family, task)
      : running(family, task)),
    ...stretchesOf(family, task)
  }
}

const isPending = ({ status }: Task.Task): boolean => status === "pending"
const isRunning = ({ status }: Task.Task): boolean => status === "running"

/** The pools of all that are shown, each once, in their order: that a limit held is to be seen when all is over, too. */
const poolsOfAll = (family: Family, shown: ReadonlyArray<Task.Task>): ReadonlyArray<Board.Pool> => {
  const names = new Set(shown.flatMap((task) => poolsOf(family, task)))
  const waited = family.tasks.filter(isPending).map((task) => poolOf(family, task))
  return [...names].flatMap((name) => {
    const status = family.pools.find((pool) => pool.name === name)
    if (status === undefined) return []
    // Who waits was told of those in other processes, too.
    const place = [...family.places.values()].find(({ pool }) => pool === name)
    return [{
      name,
      used: place?.used ?? status.used,
      ...(Number.isFinite(status.size) ? { size: status.size } : {}),
      waiting: waited.filter((pool) => pool === name).length
    }]
  })
}

/** How many there is no room for. */
const left = (all: ReadonlyArray<Task.Task>, shown: ReadonlyArray<Task.Task>): Partial<Board.Board> => {
  const more = all.length - shown.length
  const out = all.filter(isRunning).length - shown.filter(isRunning).length
  const inLine = all.filter(isPending).length - shown.filter(isPending).length
  return {
    ...(more === 0 ? {} : { more }),
    ...(out === 0 ? {} : { moreOut: out }),
    ...(inLine === 0 ? {} : { moreInLine: inLine })
  }
}

export const boardOf = (sources: Sources): Board.Board => {
  const family = familyOf(sources)
  const shown = chosen(family.tasks, asksIn(sources.doing))
  return {
    v: Board.version,
    session: sources.session,
    owner: sources.owner,
    at: sources.at,
    pools: poolsOfAll(family, shown),
    tasks: shown.map((task) => itemOf(family, task)),
    ...left(family.tasks, shown),
    ...(sources.problem === undefined ? {} : { problem: cut(sources.problem, 120) })
  }
}
