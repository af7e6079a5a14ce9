/**
 * What can be wrong with a request about tasks. Every message says what happened and what to do next.
 */
import { Schema } from "effect"
import { SessionId, TaskId } from "./Task.ts"

export class TaskNotFound extends Schema.TaggedError<TaskNotFound>()("TaskNotFound", { id: Schema.String }) {
  override get message(): string {
    return `There is no task ${this.id}. Task ids look like bg_1a2b3c4d and are given when a task is launched`
  }
}

/** The task belongs to a conversation that the asking session is no part of. */
export class TaskForeign extends Schema.TaggedError<TaskForeign>()("TaskForeign", { id: TaskId }) {
  override get message(): string {
    return `Task ${this.id} belongs to another conversation and can only be used there`
  }
}

/** No task ran in this session. */
export class SessionUnknown extends Schema.TaggedError<SessionUnknown>()("SessionUnknown", { session: SessionId }) {
  override get message(): string {
    return `No task ran in session ${this.session}, so there is nothing to continue. Launch a new task instead`
  }
}

export class TaskRunning extends Schema.TaggedError<TaskRunning>()("TaskRunning", {
  id: TaskId,
  session: SessionId
}) {
  override get message(): string {
    return `Task ${this.id} is still at work in session ${this.session} and cannot take another prompt. ` +
      "Wait until it is reported, or cancel it first"
  }
}

/** Whoever is below a task waits for that task: neither could ever end. */
export class TaskAbove extends Schema.TaggedError<TaskAbove>()("TaskAbove", { id: TaskId }) {
  override get message(): string {
    return `Task ${this.id} cannot be waited for from here: it is the task that sent you out, or you yourself, and it ends ` +
      "after you do. End your turn with your answer instead"
  }
}

/** Whoever is waited for waits for the one who would wait: neither could ever end. */
export class TaskWaiting extends Schema.TaggedError<TaskWaiting>()("TaskWaiting", { id: TaskId }) {
  override get message(): string {
    return `Task ${this.id} cannot be waited for from here: it waits for you, itself or through others, and ends after you ` +
      "do. End your turn with your answer instead"
  }
}

export class CannotContinue extends Schema.TaggedError<CannotContinue>()("CannotContinue", { session: SessionId }) {
  override get message(): string {
    return `The host cannot continue session ${this.session}. Launch a new task with everything it needs to know`
  }
}

/** The task would be deeper than `maxDepth`. */
export class TooDeep extends Schema.TaggedError<TooDeep>()("TooDeep", {
  parent: SessionId,
  root: SessionId,
  depth: Schema.Int,
  maxDepth: Schema.Int
}) {
  override get message(): string {
    return `A task launched from session ${this.parent} would be at depth ${this.depth} below session ${this.root}, ` +
      `and maxDepth is ${this.maxDepth}. Do the work in this session, or raise maxDepth`
  }
}

/** Nobody is there any more for whom a task could be. */
export class SessionDeleted extends Schema.TaggedError<SessionDeleted>()("SessionDeleted", {
  /** The one that was deleted: the session that launches, or one above it. */
  session: SessionId
}) {
  override get message(): string {
    return `Session ${this.session} was deleted, so no task is launched from it or below it. Use another session`
  }
}

/** It cannot be found out where the parent session belongs, so nothing is launched from it. */
export class LineageUnknown extends Schema.TaggedError<LineageUnknown>()("LineageUnknown", {
  session: SessionId,
  why: Schema.String
}) {
  override get message(): string {
    return `It is not known where session ${this.session} belongs (${this.why}), so no task is launched from it. Try again`
  }
}
