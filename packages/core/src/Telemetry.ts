/**
 * Traces and metrics: one more reader of the journal.
 *
 * It listens to what is kept anyway and makes spans of it (`Spans` says which), with the `Tracer` that it is given and with
 * the times of the events, and `Metric`s. Nothing waits for it and nothing is decided by it: without this layer everything
 * is the same, and what goes wrong in here costs a span.
 *
 * A task of a root session begins a trace of its own; a task that was launched by a task is a span in that one's. A
 * continued task is a new span, linked to that of the run before. A span that is open when everything ends, ends as
 * interrupted; the process that goes on with the task begins a new one.
 */
import { Clock, Context, Effect, Exit, Layer, Metric, Option, Stream, Tracer } from "effect"
import { type Entry, Journal } from "./Journal.ts"
import { Limits } from "./Limits.ts"
import { type Delivered, Notices } from "./Notices.ts"
import type * as Pools from "./Pools.ts"
import * as Settings from "./Settings.ts"
import * as Spans from "./Spans.ts"
import type { SessionId, Task, TaskId } from "./Task.ts"

/** Of so many runs that are over it is remembered which span they were: for links, for notices, and for tasks below. */
const remembered = 1_000

/** After so many entries it is looked whether an end was missed. The journal keeps so many for a listener who is slow. */
const sweepEvery = 4_096

/** Seconds. From what nobody notices to what is a limit by default (30 min). */
const boundaries = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600]

const queuedFor = Metric.histogram("errand.task.queued", {
  description: "How long runs of tasks waited in line for their slots",
  attributes: { unit: "seconds" },
  boundaries
})
const ranFor = Metric.histogram("errand.task.ran", {
  description: "How long runs of tasks ran, from their slots to their end",
  attributes: { unit: "seconds" },
  boundaries
})
const ends = Metric.counter("errand.tasks.ended", {
  description: "Runs of tasks that ended, by outcome",
  incremental: true
})
const used = Metric.gauge("errand.pool.slots.used", { description: "Slots of a pool that are in use" })
const size = Metric.gauge("errand.pool.slots.limit", { description: "Slots that a pool has; absent without a limit" })
const waiting = Metric.gauge("errand.pool.waiting", { description: "Tasks that wait for a slot of a pool" })
const owed = Metric.gauge("errand.notices.owed", { description: "Notices that parents are owed" })

/** A run that is not over. */
interface Traced {
  readonly pools: ReadonlyArray<Pools.PoolName>
  readonly span: Tracer.Span
  readonly stage: Spans.Stage
  readonly phase: Option.Option<Tracer.Span>
}

/** Which span a run was. */
interface Known {
  readonly run: number
  readonly span: Tracer.AnySpan
  readonly session: SessionId | undefined
}

/** Listens while its scope is open. */
export const layer: Layer.Layer<never, never, Journal | Limits | Notices> = Layer.effectDiscard(
  Effect.suspend(() => listen)
)

const listen = Effect.gen(function*() {
  const journal = yield* Journal
  const limits = yield* Limits
  const notices = yield* Notices
  const settings = yield* Settings.Current
  const tracer = yield* Tracer.Tracer
  const context = yield* Effect.context<never>()
  // Changed in one piece each, by `tell` and `told` and nobody else.
  const open = new Map<TaskId, Traced>()
  const known = new Map<TaskId, Known>()
  const sessions = new Map<SessionId, TaskId>()
  const pools = new Set<Pools.PoolName>()
  const gauges: Array<Metric.Registration> = []
  let heard = 0

  const gauge = (metric: Metric.Gauge<number>, attributes: Spans.Attributes, value: () => number) => {
    const hooks = { get: () => ({ value: value() }), update: () => {}, modify: () => {} }
    gauges.push(Metric.registerUnsafe(metric, labelled(context, attributes), hooks))
  }

  /** What of a pool is read whenever metrics are, from the first task on that is bound by it. */
  const observe = ({ name, size: set }: Pools.Pool) => {
    if (pools.has(name)) return
    pools.add(name)
    const pool = () => limits.poolsUnsafe().find((pool) => pool.name === name)
    const attributes = { "errand.pool": name }
    gauge(used, attributes, () => pool()?.used ?? 0)
    gauge(
      waiting,
      attributes,
      () => [...open.values()].filter(({ pools, stage }) => pools.includes(name) && stage.phase === "queued").length
    )
    if (Number.isFinite(set)) gauge(size, attributes, () => finite(pool()?.size ?? set))
  }

  const remember = (id: TaskId, now: Known) => {
    known.delete(id)
    known.set(id, now)
    if (now.session !== undefined) sessions.set(now.session, id)
    if (known.size <= remembered + open.size) return
    for (const [oldest, { session }] of known) {
      if (open.has(oldest)) continue
      known.delete(oldest)
      if (session !== undefined) sessions.delete(session)
      return
    }
  }

  const begin = (task: Task, move: Extract<Spans.Move, { readonly _tag: "Begin" }>) => {
    const above = sessions.get(task.request.parent)
    const parent = Option.fromUndefinedOr(above === undefined ? undefined : known.get(above)?.span)
    const before = known.get(task.id)
    const span = spanOf(tracer, {
      name: move.name,
      parent,
      at: move.at,
      attributes: move.attributes,
      links: before === undefined ? [] : [{ span: before.span, attributes: { "errand.run": before.run } }]
    })
    const stage: Spans.Stage = { run: task.run, phase: "queued", since: move.at }
    const pools = Spans.poolsOf(settings, task).map(({ name }) => name)
    open.set(task.id, { pools, span, stage, phase: Option.none() })
    remember(task.id, { run: task.run, span: identityOf(span), session: task.session ?? before?.session })
  }

  /** One step in the trace of a task. */
  const step = (task: Task, move: Spans.Move): void => {
    if (move._tag === "Begin") return begin(task, move)
    if (move._tag === "Measure") {
      const metric = move.what === "queued" ? queuedFor : ranFor
      return metric.updateUnsafe(move.seconds, labelled(context, move.attributes))
    }
    if (move._tag === "Count") return ends.updateUnsafe(1, labelled(context, move.attributes))
    const traced = open.get(task.id)
    if (traced === undefined) return
    switch (move._tag) {
      case "Enter": {
        const parent = Option.some(traced.span)
        const span = spanOf(tracer, { name: move.phase, parent, at: move.at, attributes: move.attributes, links: [] })
        const stage: Spans.Stage = { ...traced.stage, phase: move.phase, since: move.at }
        open.set(task.id, { ...traced, stage, phase: Option.some(span) })
        return
      }
      case "Leave":
        if (Option.isSome(traced.phase)) traced.phase.value.end(nanos(move.at), exitOf(move.end))
        open.set(task.id, { ...traced, phase: Option.none() })
        return
      case "Happen":
        return Option.getOrElse(traced.phase, () => traced.span).event(move.name, nanos(move.at), move.attributes)
      case "Note":
        return annotate(traced.span, move.attributes)
      case "Finish":
        annotate(traced.span, move.attributes)
        traced.span.end(nanos(move.at), exitOf(move.end))
        open.delete(task.id)
    }
  }

  const stageOf = (id: TaskId) => Option.fromUndefinedOr(open.get(id)?.stage)

  const tell = (entry: Entry): void => {
    const { task } = entry
    Spans.poolsOf(settings, task).forEach(observe)
    for (const move of Spans.moves(settings, stageOf(task.id), entry)) step(task, move)
    const now = known.get(task.id)
    if (now !== undefined && task.session !== undefined && now.session === undefined) {
      remember(task.id, { ...now, session: task.session })
    }
  }

  const told = ({ at, notice }: Delivered): void => {
    for (const task of notice.tasks) {
      const about = known.get(task.id)
      if (about?.run !== task.run || task.endedAt === undefined) continue
      const parent = Option.some(about.span)
      const attributes = Spans.ofNotice(notice, task)
      spanOf(tracer, { name: "notify", parent, at: task.endedAt, attributes, links: [] }).end(nanos(at), Exit.void)
    }
  }

  /** Ends the spans of tasks that are over; of all, where everything ends. */
  const sweep = (all: boolean) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const tasks = new Map(Array.from(yield* journal.tasks, (task) => [task.id, task]))
      for (const [id, { span, stage }] of open) {
        const task = Option.fromUndefinedOr(tasks.get(id))
        const isOver = Option.match(task, {
          onNone: () => true,
          onSome: ({ outcome, run }) => outcome !== undefined || run !== stage.run
        })
        if (!all && !isOver) continue
        if (Option.isSome(task)) { for (const move of Spans.late(settings, stage, task, now)) step(task.value, move) }
        else span.end(nanos(now), exitOf({ _tag: "CutShort" }))
        open.delete(id)
      }
    })

  const hear = (entry: Entry): Effect.Effect<void> =>
    Effect.suspend(() => {
      tell(entry)
      return ++heard % sweepEvery === 0 ? sweep(false) : Effect.void
    })

  gauge(owed, {}, notices.owedUnsafe)
  yield* Effect.addFinalizer(() =>
    Effect.ensuring(
      Effect.ignoreCause(sweep(true)),
      Effect.sync(() => gauges.forEach((one) => one.remove()))
    )
  )
  const forever = <A>(stream: Stream.Stream<A>, each: (a: A) => Effect.Effect<void>) =>
    Effect.forkScoped(Stream.runForEach(stream, (a) => Effect.ignoreCause(each(a))), { startImmediately: true })
  yield* forever(journal.entries, hear)
  yield* forever(notices.deliveries, (delivered) => Effect.sync(() => told(delivered)))
})

/** A limit may be lifted while tasks run: no number says so. */
const finite = (size: number): number => Number.isFinite(size) ? size : 0

const nanos = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/** Enough of a span that is over to be named by others. */
const identityOf = ({ sampled, spanId, traceId }: Tracer.Span): Tracer.ExternalSpan =>
  Tracer.externalSpan({ spanId, traceId, sampled })

interface SpanOptions {
  readonly name: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly at: number
  readonly attributes: Spans.Attributes
  readonly links: ReadonlyArray<Tracer.SpanLink>
}

const spanOf = (tracer: Tracer.Tracer, { at, attributes, links, name, parent }: SpanOptions): Tracer.Span => {
  const span = tracer.span({
    name,
    parent,
    annotations: Context.empty(),
    links: [...links],
    startTime: nanos(at),
    kind: "internal",
    root: Option.isNone(parent),
    sampled: true
  })
  annotate(span, attributes)
  return span
}

const annotate = (span: Tracer.Span, attributes: Spans.Attributes): void => {
  for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
}

const labelled = (context: Context.Context<never>, attributes: Spans.Attributes): Context.Context<never> =>
  Context.add(
    context,
    Metric.CurrentMetricAttributes,
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]))
  )

const exitOf = (end: Spans.End): Exit.Exit<void, TaskFailed> => {
  switch (end._tag) {
    case "Good":
      return Exit.void
    case "Failed":
      return Exit.fail(new TaskFailed(end.message))
    case "CutShort":
      return Exit.interrupt()
  }
}

/** A task's failure as an exporter shows it: where in Errand it is told of says nothing about it. */
class TaskFailed extends Error {
  override readonly name = "TaskFailed"
  constructor(message: string) {
    super(message)
    this.stack = `${this.name}: ${message}`
  }
}
