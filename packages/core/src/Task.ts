/**
 * What a task is, and the one state machine that the whole system goes through.
 *
 * A task is one errand: a request, a status and, in the end, an outcome. Nothing changes a task but an event
 * (`TaskEvent`), and `apply` says what an event makes of it. A terminal status is final: of all the events that reach a
 * finished task only `Continued` is taken, and it starts a new run. Every event names the run that it belongs to, so
 * that an echo of an earlier run cannot touch a later one.
 */
import { Option, Schema } from "effect"
import { Model } from "./Model.ts"
import type { TaskEvent } from "./TaskEvent.ts"

/** `bg_` and eight hex digits. */
export const TaskId = Schema.String.check(Schema.isPattern(/^bg_[0-9a-f]{8}$/)).pipe(Schema.brand("TaskId"))
export type TaskId = typeof TaskId.Type

/** The host's name for a conversation. Its form is the host's own business. */
export const SessionId = Schema.String.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** The tutorial's words. The last three are terminal. */
export const Status = Schema.Literals(["pending", "running", "completed", "error", "cancelled"])
export type Status = typeof Status.Type

/** What was asked for, and by whom. */
export const Request = Schema.Struct({
  /** A few words for people and lists. */
  description: Schema.String,
  /** The full instruction for the agent. */
  prompt: Schema.String,
  /** The host's name of the agent that does it. */
  agent: Schema.String,
  /** The model that will really be used; absent where the host does not say. Decides the pools. */
  model: Schema.optionalKey(Model),
  /** The session that is owed the news. */
  parent: SessionId,
  /** The parent, its parent, and so on up to the root session. Never empty; its length is the task's depth. */
  ancestors: Schema.NonEmptyArray(SessionId),
  /** Whether the parent goes on meanwhile (`true`) or waits for the answer itself (`false`: it is owed no notice). */
  background: Schema.Boolean
})
export type Request = typeof Request.Type

/** Why a task ended as `error`. */
export const FailureReason = Schema.Literals([
  /** The host did not open the session, or refused the prompt. */
  "start-failed",
  /** The session was prompted and nothing ever came of it. */
  "never-started",
  /** The agent or its model provider ended in an error. */
  "agent-error",
  /** The session stopped in the middle, without an answer and without an error. */
  "no-answer",
  /** The host has not answered for too long. */
  "host-unreachable",
  /** The process that it ran in is gone, and it was not to be continued. */
  "interrupted",
  /** A fault in Errand itself. */
  "defect"
])
export type FailureReason = typeof FailureReason.Type

/** Why a task ended as `cancelled`. */
export const CancelReason = Schema.Literals([
  /** Somebody called it off (`background_cancel`, or the caller of a foreground task went away). */
  "requested",
  /** A person called it off. Unlike `requested`, its parent does not know. */
  "by-person",
  /** Somebody further above called it off. Its parent does not know. */
  "from-above",
  /** The session was interrupted in the host, by a person for example. */
  "interrupted",
  /** The session, or one above it, was deleted. */
  "deleted",
  /** The task that launched it ended without waiting for it. */
  "parent-ended",
  /** It ran for longer than `taskTtlMs`. */
  "time-limit",
  /** It showed no activity of its own for longer than `staleTimeoutMs`. */
  "quiet-limit",
  /** It made the same tool call more than `maxRepeatedCalls` times in a row. */
  "loop-limit",
  /** It made more than `maxToolCalls` tool calls. */
  "call-limit",
  /** Errand was shut down. */
  "shutdown"
])
export type CancelReason = typeof CancelReason.Type

/** How a task ended. */
export const Outcome = Schema.TaggedUnion({
  Completed: {
    /** The agent's last good answer. Empty when it gave none: a reader is told so, in words. */
    answer: Schema.String,
    /** How many characters the answer had before it was cut to `answerMaxChars`; absent when it is whole. */
    cutFrom: Schema.optionalKey(Schema.Int),
    /** What a reader should know besides, for example todos that were left open. */
    note: Schema.optionalKey(Schema.String)
  },
  Failed: { reason: FailureReason, message: Schema.String },
  Cancelled: {
    reason: CancelReason,
    message: Schema.String,
    /** The setting that fired, where one did. */
    setting: Schema.optionalKey(Schema.String)
  }
})
export type Outcome = typeof Outcome.Type

/** What was seen of the session so far. A measurement, not state: it never decides anything. */
export const Progress = Schema.Struct({
  toolCalls: Schema.Int,
  lastTool: Schema.optionalKey(Schema.String),
  /** Epoch ms of the last sign of life of the session's own. */
  activeAt: Schema.optionalKey(Schema.Int),
  /** What the session is waiting for a person to allow, for example `bash "npm test"`. */
  waitingFor: Schema.optionalKey(Schema.String),
  /** What the provider said when the host last decided to try again, and when it will (epoch ms). */
  retry: Schema.optionalKey(Schema.Struct({ attempt: Schema.Int, message: Schema.String, nextAt: Schema.Int }))
})
export type Progress = typeof Progress.Type

export const Task = Schema.Struct({
  id: TaskId,
  /** Counts from 1; continuing the session starts the next run. */
  run: Schema.Int,
  request: Request,
  status: Status,
  /** Epoch ms. When this run was asked for. */
  queuedAt: Schema.Int,
  /** Epoch ms. When this run got its slots. */
  startedAt: Schema.optionalKey(Schema.Int),
  /** Epoch ms. */
  endedAt: Schema.optionalKey(Schema.Int),
  /** The conversation; kept over runs. */
  session: Schema.optionalKey(SessionId),
  /** Present once this run has its session: the last message that was there before its prompt, if there was one. */
  opened: Schema.optionalKey(Schema.Struct({ after: Schema.optionalKey(Schema.String) })),
  /**
   * How often this run was taken over from a process that was gone, how long it ran before that (ms), and how much of that
   * is not charged to its time limit (ms).
   */
  adopted: Schema.optionalKey(Schema.Struct({
    times: Schema.Int,
    ranMs: Schema.Int,
    uncountedMs: Schema.optionalKey(Schema.Int)
  })),
  /** Present exactly when the status is terminal. */
  outcome: Schema.optionalKey(Outcome),
  progress: Progress
})
export type Task = typeof Task.Type

const noProgress: Progress = { toolCalls: 0 }

/** Whether the task is over for good (until somebody continues it). */
export const isTerminal = (task: Task): boolean => task.outcome !== undefined

/** How many sessions there are above the task's own: 1 for a task of a root session. */
export const depth = (task: Task): number => task.request.ancestors.length

/** Whether a session sent the task out, itself or through tasks of its own. */
export const isBelow = (task: Task, session: SessionId): boolean => task.request.ancestors.includes(session)

/** How long the task ran, or has run until `now` (ms); 0 while it has not started. What it ran elsewhere counts, too. */
export const duration = (task: Task, now: number): number =>
  ranBefore(task) + (task.startedAt === undefined ? 0 : Math.max(0, (task.endedAt ?? now) - task.startedAt))

/** Whether this run of the task ever ran, here or in a process that is gone. */
export const hasRun = (task: Task): boolean =>
  task.startedAt !== undefined || task.opened !== undefined || ranBefore(task) > 0

/** Whether it ended because everything did. */
export const isShutdown = ({ outcome }: Task): boolean => outcome?._tag === "Cancelled" && outcome.reason === "shutdown"

/** How long this run of the task ran in processes that are gone (ms). */
export const ranBefore = (task: Task): number => task.adopted?.ranMs ?? 0

/** How much of its time it had spent there (ms): not that in which a person was waited for, or its slots were lent. */
export const spentBefore = (task: Task): number => ranBefore(task) - uncountedBefore(task)

const uncountedBefore = (task: Task): number => task.adopted?.uncountedMs ?? 0

/** How long the task waited in line, or has waited until `now` (ms). */
export const queuedFor = (task: Task, now: number): number =>
  Math.max(0, (task.startedAt ?? task.endedAt ?? now) - task.queuedAt)

/** The status that an outcome means. */
export const statusOf = (outcome: Outcome): Status =>
  Outcome.match(outcome, {
    Completed: () => "completed" as const,
    Failed: () => "error" as const,
    Cancelled: () => "cancelled" as const
  })

/**
 * What an event makes of a task; none when the event is refused: it is about another run, the task is over already, or
 * there is no such task. The caller learns from that whether its event won.
 */
export const apply = (task: Option.Option<Task>, event: TaskEvent): Option.Option<Task> => {
  if (event._tag === "Queued") {
    return Option.isSome(task) || event.run !== 1 ? Option.none() : Option.some({
      id: event.id,
      run: event.run,
      request: event.request,
      status: "pending",
      queuedAt: event.at,
      progress: noProgress
    })
  }
  return Option.flatMap(task, (current) => change(current, event))
}

const change = (task: Task, event: Exclude<TaskEvent, { readonly _tag: "Queued" }>): Option.Option<Task> => {
  if (event._tag === "Continued") {
    return isTerminal(task) && event.run === task.run + 1 ? Option.some(nextRun(task, event)) : Option.none()
  }
  if (isTerminal(task) || event.run !== task.run) return Option.none()
  switch (event._tag) {
    case "Started":
      return task.status === "pending"
        ? Option.some({ ...task, status: "running", startedAt: event.at })
        : Option.none()
    case "Opened":
      return task.status === "running"
        ? Option.some({ ...task, session: event.session, opened: openedOf(event) })
        : Option.none()
    case "Asked":
    case "Answered":
    case "Retried":
    case "Lent":
    case "Restored":
      return task.status === "running" ? Option.some(task) : Option.none()
    case "Adopted":
      return Option.some(adopted(task, event))
    case "Ended":
      return Option.some({
        ...task,
        status: statusOf(event.outcome),
        outcome: event.outcome,
        endedAt: event.at,
        progress: event.progress
      })
  }
}

const openedOf = ({ after }: Extract<TaskEvent, { readonly _tag: "Opened" }>): NonNullable<Task["opened"]> =>
  after === undefined ? {} : { after }

/** Nobody is left who waits for it in a call of theirs: its parent is owed the news. */
const adopted = (task: Task, { ranMs, uncountedMs = 0 }: Extract<TaskEvent, { readonly _tag: "Adopted" }>): Task => ({
  id: task.id,
  run: task.run,
  request: { ...task.request, background: true },
  status: "pending",
  queuedAt: task.queuedAt,
  progress: task.progress,
  adopted: {
    times: (task.adopted?.times ?? 0) + 1,
    ranMs: ranBefore(task) + ranMs,
    uncountedMs: uncountedBefore(task) + uncountedMs
  },
  ...(task.session === undefined ? {} : { session: task.session }),
  ...(task.opened === undefined ? {} : { opened: task.opened })
})

const nextRun = (task: Task, event: Extract<TaskEvent, { readonly _tag: "Continued" }>): Task => ({
  id: task.id,
  run: event.run,
  request: event.request,
  status: "pending",
  queuedAt: event.at,
  progress: noProgress,
  ...(task.session === undefined ? {} : { session: task.session })
})
