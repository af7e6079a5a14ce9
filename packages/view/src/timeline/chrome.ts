/**
 * The timeline as Chrome trace JSON, for Perfetto (https://ui.perfetto.dev): a pool is a process, a task a thread, and the
 * slots in use are a counter. Pure.
 *
 * The format is that of Chrome's "Trace Event Format": `X` are spans (`ts` and `dur` in µs), `i` moments, `C` counters, `M`
 * names. Spans of one thread do not overlap, as a task does one thing at a time. Perfetto knows a thread by its `tid` alone,
 * whatever its process, and a process has a thread of its own number: no two of them are the same here, and none is 0.
 */
import { Schema } from "effect"
import { oneLine } from "../format.ts"
import { allUsed } from "./counts.ts"
import { moment } from "./svg.ts"
import type { Lane, Pool, Timeline } from "./Timeline.ts"
import { endWords, kindWords, poolTitle } from "./words.ts"

const where = { pid: Schema.Int, tid: Schema.Int }
const Args = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Int]))

export const TraceEvent = Schema.Union([
  Schema.Struct({
    ph: Schema.Literal("X"),
    ...where,
    name: Schema.String,
    cat: Schema.String,
    /** µs since the beginning of the timeline. */
    ts: Schema.Int,
    /** µs. */
    dur: Schema.Int,
    args: Args
  }),
  Schema.Struct({
    ph: Schema.Literal("i"),
    ...where,
    name: Schema.String,
    cat: Schema.String,
    ts: Schema.Int,
    /** The thread. */
    s: Schema.Literal("t"),
    args: Args
  }),
  Schema.Struct({
    ph: Schema.Literal("C"),
    pid: Schema.Int,
    name: Schema.String,
    ts: Schema.Int,
    args: Schema.Record(Schema.String, Schema.Int)
  }),
  Schema.Struct({
    ph: Schema.Literal("M"),
    ...where,
    name: Schema.Literals(["process_name", "process_sort_index", "thread_name", "thread_sort_index"]),
    args: Args
  })
])
export type TraceEvent = typeof TraceEvent.Type

export const Trace = Schema.Struct({
  displayTimeUnit: Schema.Literal("ms"),
  /** `began`: when the timeline begins. */
  otherData: Schema.Struct({ began: Schema.String }),
  traceEvents: Schema.Array(TraceEvent)
})
export type Trace = typeof Trace.Type

const laneEvents = ({ from }: Timeline, lane: Lane, pid: number, tid: number): ReadonlyArray<TraceEvent> => {
  const at = { pid, tid }
  const about = {
    task: lane.id,
    description: lane.description,
    agent: lane.agent,
    ...(lane.model === undefined ? {} : { model: lane.model })
  }
  return [
    { ph: "M", ...at, name: "thread_name", args: { name: oneLine(`${lane.description} (${lane.agent})`) } },
    { ph: "M", ...at, name: "thread_sort_index", args: { sort_index: tid } },
    ...lane.spans.map((span): TraceEvent => ({
      ph: "X",
      ...at,
      name: kindWords[span.kind],
      cat: span.kind,
      ts: (span.from - from) * 1_000,
      dur: (span.to - span.from) * 1_000,
      args: span.what === undefined ? about : { ...about, what: span.what }
    })),
    ...lane.ends.map((end): TraceEvent => ({
      ph: "i",
      ...at,
      name: endWords[end.status],
      cat: end.status,
      ts: (end.at - from) * 1_000,
      s: "t",
      args: end.why === undefined ? {} : { why: end.why }
    }))
  ]
}

const poolEvents = (timeline: Timeline, pool: Pool, pid: number, firstTid: number): ReadonlyArray<TraceEvent> => {
  const slots = pool.size === undefined ? "" : ` (${pool.size} slots)`
  const counter = (at: number, used: number): TraceEvent => ({
    ph: "C",
    pid,
    name: "slots in use",
    ts: (at - timeline.from) * 1_000,
    args: { used }
  })
  const steps = allUsed(pool).filter(({ at }) => at >= timeline.from && at <= timeline.to)
  return [
    { ph: "M", pid, tid: pid, name: "process_name", args: { name: `${oneLine(poolTitle(pool.name))}${slots}` } },
    { ph: "M", pid, tid: pid, name: "process_sort_index", args: { sort_index: pid } },
    ...steps.map(({ at, used }) => counter(at, used)),
    ...pool.lanes.flatMap((lane, nth) => laneEvents(timeline, lane, pid, firstTid + nth))
  ]
}

export const traceOf = (timeline: Timeline): Trace => {
  const { from, pools } = timeline
  let tid = pools.length + 1
  return {
    displayTimeUnit: "ms",
    otherData: { began: moment(from) },
    traceEvents: pools.flatMap((pool, nth) => {
      const firstTid = tid
      tid += pool.lanes.length
      return poolEvents(timeline, pool, nth + 1, firstTid)
    })
  }
}

const encode = Schema.encodeSync(Schema.fromJsonString(Trace))

export const chromeOf = (timeline: Timeline): string => `${encode(traceOf(timeline))}\n`
