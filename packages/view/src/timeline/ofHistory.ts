/**
 * The timeline of what a journal has kept: every run of every task, or of those below one session.
 */
import { Model, type Task, type TaskEvent } from "@errand/core"
import { assemble } from "./assemble.ts"
import type { Lane, Size, Timeline } from "./Timeline.ts"
import { type Mark, walk } from "./walk.ts"

type Event = TaskEvent.TaskEvent

/** What is read of a journal: `History` of `@errand/core/sqlite` is one. */
export interface History {
  /** In the order in which they were kept. */
  readonly events: ReadonlyArray<Event>
  /** The tasks that nobody goes on with, as their process is gone: when it was last seen (epoch ms). */
  readonly left?: ReadonlyMap<string, number> | undefined
}

export interface Options {
  /** Only the tasks below this session are shown; the others count in the pools. */
  readonly session?: string | undefined
}

const rootOf = ({ ancestors, parent }: Task.Request): string => ancestors.at(-1) ?? parent

/** The root session in which something was last asked for; none where nothing ever was. */
export const lastSession = (events: ReadonlyArray<Event>): string | undefined => {
  const last = events.findLast((event) => event._tag === "Queued" || event._tag === "Continued")
  return last === undefined || !("request" in last) ? undefined : rootOf(last.request)
}

const gone = "the process that it ran in was gone"

/** How an event of a run is drawn, besides `Adopted`, for which one has to know what was before. */
const markOf = (
  event: Event,
  poolsOf: (request: Task.Request) => ReadonlyArray<string> | undefined
): Mark | undefined => {
  const { at } = event
  switch (event._tag) {
    case "Queued":
    case "Continued":
      return { at, kind: "queued", pools: poolsOf(event.request) }
    case "Started":
      return { at, kind: "started", pools: event.pools?.map(({ name }) => name) }
    case "Asked":
      return { at, kind: "asked", what: event.what }
    case "Answered":
      return { at, kind: "answered" }
    case "Retried":
      return { at, kind: "retried", until: event.nextAt, what: event.message }
    case "Lent":
      return { at, kind: "lent" }
    case "Restored":
      return { at, kind: "restored" }
    case "Ended":
      return event.outcome._tag === "Completed"
        ? { at, kind: "ended", status: "completed" }
        : {
          at,
          kind: "ended",
          status: event.outcome._tag === "Failed" ? "error" : "cancelled",
          why: event.outcome.message
        }
    case "Opened":
    case "Adopted":
      return undefined
  }
}

const keyOf = ({ agent, model }: Task.Request): string => model === undefined ? `@${agent}` : Model.format(model)

/** The pools of those who started, by what they asked for: who still waits stands in line for the same. */
const poolsKnown = (events: ReadonlyArray<Event>) => {
  const requests = new Map<string, Task.Request>()
  const pools = new Map<string, ReadonlyArray<string>>()
  const sizes = new Map<string, number>()
  const changes = new Map<string, Array<Size>>()
  for (const event of events) {
    if (event._tag === "Queued" || event._tag === "Continued") requests.set(event.id, event.request)
    const request = requests.get(event.id)
    if (event._tag !== "Started" || event.pools === undefined || request === undefined) continue
    pools.set(keyOf(request), event.pools.map(({ name }) => name))
    // As it was last.
    for (const { name, size } of event.pools) {
      if (size === undefined) sizes.delete(name)
      else sizes.set(name, size)
      const were = changes.get(name) ?? []
      changes.set(name, were)
      if (were.length === 0 || were.at(-1)?.size !== size) {
        were.push({ at: event.at, ...(size === undefined ? {} : { size }) })
      }
    }
  }
  const named = new Set([...pools.values()].flat())
  return {
    sizes,
    changes,
    poolsOf: (request: Task.Request): ReadonlyArray<string> | undefined => {
      const shared = `provider:${request.model?.provider}`
      return pools.get(keyOf(request)) ?? (named.has(shared) ? [shared] : undefined)
    }
  }
}

interface Known {
  readonly request: Task.Request
  /** Since when it has its slots, where it has them. */
  readonly startedAt: number | undefined
  /** When it was last heard of. */
  readonly seenAt: number
}

export const ofHistory = ({ events, left = new Map() }: History, now: number, { session }: Options = {}): Timeline => {
  const { changes, poolsOf, sizes } = poolsKnown(events)
  const marks = new Map<string, Array<Mark>>()
  const tasks = new Map<string, Known>()
  /** The latest moment of which anything is known. */
  let latest = 0
  for (const event of events) {
    const { id } = event
    const own = marks.get(id) ?? []
    marks.set(id, own)
    const known = tasks.get(id)
    if (event._tag === "Queued" || event._tag === "Continued") {
      tasks.set(id, { request: event.request, startedAt: undefined, seenAt: event.at })
    } else if (known === undefined) {
      continue
    } else if (event._tag === "Started") {
      tasks.set(id, { ...known, startedAt: event.at, seenAt: event.at })
    } else if (event._tag === "Adopted") {
      // Of who stood in line nobody knows when that came to its end: it was there as long as anything happened.
      const until = known.startedAt === undefined ? latest : Math.max(known.seenAt, known.startedAt + event.ranMs)
      own.push({ at: Math.min(event.at, until), kind: "ended", status: "cut-off", why: gone })
      own.push({ at: event.at, kind: "queued", pools: poolsOf(known.request) })
      tasks.set(id, { ...known, startedAt: undefined, seenAt: event.at })
    } else {
      tasks.set(id, { ...known, seenAt: event.at })
    }
    const mark = markOf(event, poolsOf)
    if (mark !== undefined) own.push(mark)
    if (event._tag !== "Adopted") latest = Math.max(latest, event.at)
  }
  const lanes = [...tasks].map(([id, { request }]): readonly [Task.Request, Lane] => {
    const lost = left.get(id)
    const own = marks.get(id) ?? []
    const all: ReadonlyArray<Mark> = lost === undefined
      ? own
      : [...own, { at: lost, kind: "ended", status: "cut-off", why: gone }]
    return [request, {
      id,
      agent: request.agent,
      description: request.description,
      ...(request.model === undefined ? {} : { model: Model.format(request.model) }),
      depth: request.ancestors.length,
      ...walk(all, now)
    }]
  })
  const isShown = ({ ancestors }: Task.Request): boolean =>
    session === undefined || ancestors.some((each) => each === session)
  return assemble({
    lanes: lanes.filter(([request]) => isShown(request)).map(([, lane]) => lane),
    others: lanes.filter(([request]) => !isShown(request)).map(([, lane]) => lane),
    sizes,
    changes
  }, now)
}
