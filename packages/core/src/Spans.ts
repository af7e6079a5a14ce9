/**
 * What an event of the journal means for the trace of its task, and for what is measured. Pure.
 *
 * Each run of a task is one span, and in it are, one after the other: `queued` until it has its slots, `open` until it has
 * its session, `run` until the session's last sign of life, and `settle` from then until it is sure that it was the last.
 * The time from the end until its parent has heard of it is `notify`. Names of attributes are OpenTelemetry's own where it
 * has one (`session.id`, `gen_ai.*`, `error.type`), `errand.*` otherwise. Neither prompts nor answers are in them.
 */
import { Option } from "effect"
import type { Entry } from "./Journal.ts"
import type { Notice } from "./Notice.ts"
import * as Pools from "./Pools.ts"
import type { Settings } from "./Settings.ts"
import * as Task from "./Task.ts"

export type Phase = "queued" | "open" | "run" | "settle"

/** The phase that a run is in. */
export interface Stage {
  readonly run: number
  readonly phase: Phase
  /** Epoch ms. */
  readonly since: number
}

export type Attributes = Readonly<Record<string, string | number | boolean>>

/** How a span ends. */
export type End =
  | { readonly _tag: "Good" }
  | { readonly _tag: "Failed"; readonly message: string }
  /** Somebody ended it, or everything ends: no error. */
  | { readonly _tag: "CutShort" }

/** What is measured, by pool and by what became of it: how long a run was in line, and how long it ran. In seconds. */
export interface Measure {
  readonly _tag: "Measure"
  readonly what: "queued" | "ran"
  readonly seconds: number
  readonly attributes: Attributes
}

/** One step in the trace of a task. All times are epoch ms. */
export type Move =
  /** The span of a run begins. */
  | { readonly _tag: "Begin"; readonly at: number; readonly name: string; readonly attributes: Attributes }
  /** A phase begins in it. */
  | { readonly _tag: "Enter"; readonly at: number; readonly phase: Phase; readonly attributes: Attributes }
  /** The phase that it is in ends. */
  | { readonly _tag: "Leave"; readonly at: number; readonly end: End }
  /** Something happened in the phase that it is in. */
  | { readonly _tag: "Happen"; readonly at: number; readonly name: string; readonly attributes: Attributes }
  /** Something more is known of the run. */
  | { readonly _tag: "Note"; readonly attributes: Attributes }
  /** The run is over. */
  | { readonly _tag: "Finish"; readonly at: number; readonly end: End; readonly attributes: Attributes }
  | Measure
  /** One more run has ended. */
  | { readonly _tag: "Count"; readonly attributes: Attributes }

/** What an entry of the journal means for a task that is in this stage; in none, where nothing of it is traced yet. */
export const moves = (settings: Settings, stage: Option.Option<Stage>, entry: Entry): ReadonlyArray<Move> => {
  const { event, task } = entry
  const own = phaseAttributes(settings, task)
  switch (event._tag) {
    case "Queued":
    case "Continued":
    case "Adopted":
      return [...cutShort(stage, event.at), ...begin(settings, task, event.at)]
    case "Started": {
      const since = Option.match(stage, { onNone: () => task.queuedAt, onSome: ({ since }) => since })
      return [
        ...Option.isNone(stage) ? begin(settings, task, task.queuedAt) : [],
        { _tag: "Leave", at: event.at, end: good },
        queued(settings, task, event.at - since, "started"),
        { _tag: "Enter", at: event.at, phase: "open", attributes: own }
      ]
    }
    case "Opened":
      return Option.isNone(stage) ? [] : [
        { _tag: "Leave", at: event.at, end: good },
        { _tag: "Note", attributes: sessionAttributes(task) },
        { _tag: "Enter", at: event.at, phase: "run", attributes: own }
      ]
    case "Asked":
      return happen(stage, event.at, "waits for a person")
    case "Answered":
      return happen(stage, event.at, "a person has answered")
    case "Retried":
      return happen(stage, event.at, "the provider is tried again", {
        "errand.retry.attempt": event.attempt,
        "errand.retry.message": event.message,
        "errand.retry.in_ms": Math.max(0, event.nextAt - event.at)
      })
    case "Lent":
      return happen(stage, event.at, "its slots are lent")
    case "Restored":
      return happen(stage, event.at, "its slots are back")
    case "Ended":
      return Option.match(stage, {
        onNone: () => [],
        onSome: (stage) => ended(settings, stage, task, event.at, event.outcome)
      })
  }
}

/** What is left of a run whose end was not heard of. `task` is as it is now; none where nobody knows of it any more. */
export const late = (
  settings: Settings,
  stage: Stage,
  task: Option.Option<Task.Task>,
  now: number
): ReadonlyArray<Move> => {
  const { endedAt, outcome } = Option.getOrUndefined(
    Option.filter(task, ({ run }) => run === stage.run)
  ) ?? {}
  return Option.isNone(task) || outcome === undefined
    ? cutShort(Option.some(stage), now)
    : ended(settings, stage, task.value, Math.max(stage.since, endedAt ?? now), outcome)
}

/** The attributes of the span `notify`. */
export const ofNotice = ({ id, kind }: Notice, task: Task.Task): Attributes => ({
  "errand.task.id": task.id,
  "errand.run": task.run,
  "errand.notice.id": id,
  "errand.notice.kind": kind,
  "errand.parent": task.request.parent
})

/** The pools that bind a task, narrowest first. */
export const poolsOf = (settings: Settings, { request: { agent, model } }: Task.Task): ReadonlyArray<Pools.Pool> =>
  Pools.poolsOf(settings, { agent, model })

/** The narrowest pool that binds a task. */
export const poolOf = (settings: Settings, task: Task.Task): Pools.PoolName =>
  poolsOf(settings, task)[0]?.name ?? "none"

const good: End = { _tag: "Good" }
const cut: End = { _tag: "CutShort" }

const happen = (
  stage: Option.Option<Stage>,
  at: number,
  name: string,
  attributes: Attributes = {}
): ReadonlyArray<Move> => Option.isNone(stage) ? [] : [{ _tag: "Happen", at, name, attributes }]

const begin = (settings: Settings, task: Task.Task, at: number): ReadonlyArray<Move> => [
  {
    _tag: "Begin",
    at,
    name: `invoke_agent ${task.request.agent}`,
    attributes: taskAttributes(settings, task)
  },
  { _tag: "Enter", at, phase: "queued", attributes: phaseAttributes(settings, task) }
]

const cutShort = (stage: Option.Option<Stage>, at: number): ReadonlyArray<Move> =>
  Option.isNone(stage) ? [] : [
    { _tag: "Leave", at, end: cut },
    { _tag: "Finish", at, end: cut, attributes: {} }
  ]

const ended = (
  settings: Settings,
  stage: Stage,
  task: Task.Task,
  at: number,
  outcome: Task.Outcome
): ReadonlyArray<Move> => {
  const end = endOf(outcome)
  const pool = { "errand.pool": poolOf(settings, task) }
  const words = { "errand.outcome": Task.statusOf(outcome), ...reasonOf(outcome) }
  const silentSince = stage.phase === "run" && isFoundOut(outcome) ? task.progress.activeAt : undefined
  const settle = silentSince === undefined ? undefined : Math.min(at, Math.max(stage.since, silentSince))
  return [
    ...settle === undefined ? [{ _tag: "Leave" as const, at, end }] : [
      { _tag: "Leave" as const, at: settle, end },
      { _tag: "Enter" as const, at: settle, phase: "settle" as const, attributes: phaseAttributes(settings, task) },
      { _tag: "Leave" as const, at, end: good }
    ],
    {
      _tag: "Finish",
      at,
      end,
      attributes: {
        ...words,
        ...sessionAttributes(task),
        "errand.tool_calls": task.progress.toolCalls,
        ...outcome._tag === "Failed" ? { "error.type": outcome.reason } : {}
      }
    },
    ...stage.phase === "queued" ? [queued(settings, task, at - stage.since, Task.statusOf(outcome))] : [],
    ...task.startedAt === undefined ? [] : [{
      _tag: "Measure" as const,
      what: "ran" as const,
      seconds: Task.duration(task, at) / 1_000,
      attributes: { ...pool, "errand.outcome": Task.statusOf(outcome) }
    }],
    { _tag: "Count", attributes: { ...pool, ...words } }
  ]
}

const queued = (settings: Settings, task: Task.Task, ms: number, outcome: "started" | Task.Status): Measure => ({
  _tag: "Measure",
  what: "queued",
  seconds: Math.max(0, ms) / 1_000,
  attributes: { "errand.pool": poolOf(settings, task), "errand.outcome": outcome }
})

const endOf = (outcome: Task.Outcome): End => {
  switch (outcome._tag) {
    case "Completed":
      return good
    case "Failed":
      return { _tag: "Failed", message: outcome.message }
    case "Cancelled":
      return cut
  }
}

/** Whether the end was found out by watching the session: whoever calls a task off need not find out anything. */
const isFoundOut = (outcome: Task.Outcome): boolean => outcome._tag !== "Cancelled" || foundOut.has(outcome.reason)

const foundOut: ReadonlySet<Task.CancelReason> = new Set(["quiet-limit", "loop-limit", "call-limit", "interrupted"])

const reasonOf = (outcome: Task.Outcome): Attributes =>
  outcome._tag === "Completed" ? {} : { "errand.reason": outcome.reason }

const taskAttributes = (settings: Settings, task: Task.Task): Attributes => {
  const { adopted, request: { agent, ancestors, background, description, model, parent } } = task
  return {
    ...phaseAttributes(settings, task),
    "errand.task.description": description,
    "errand.background": background,
    "errand.parent": parent,
    "errand.root": ancestors.at(-1) ?? parent,
    "errand.depth": Task.depth(task),
    ...adopted === undefined ? {} : { "errand.adopted": adopted.times },
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": agent,
    ...model === undefined ? {} : { "gen_ai.provider.name": model.provider, "gen_ai.request.model": model.id },
    ...sessionAttributes(task)
  }
}

const phaseAttributes = (settings: Settings, task: Task.Task): Attributes => ({
  "errand.task.id": task.id,
  "errand.run": task.run,
  "errand.pool": poolOf(settings, task)
})

const sessionAttributes = ({ session }: Task.Task): Attributes =>
  session === undefined ? {} : { "session.id": session, "gen_ai.conversation.id": session }
