/**
 * The port: what a system that runs agents must be able to do for Errand, and what it tells.
 *
 * Hosts differ. One keeps transcripts and can say what every session is doing; another is a command-line program whose
 * only word is how it ended. So what a host can do is data (`Capabilities`), and Errand asks only for that. Every
 * operation is an Effect that may be slow, fail or hang: Errand puts a time limit on each. The contract of each
 * operation is a suite in `testing/HostContract`.
 */
import { Context, Effect, Layer, Schema, type Stream } from "effect"
import type { Model } from "./Model.ts"
import type { Notice } from "./Notice.ts"
import { type Request, SessionId, type TaskId } from "./Task.ts"

/** What a session is doing. `unknown` is an honest answer: Errand then looks at what it wrote. */
export const Activity = Schema.Literals(["busy", "retry", "idle", "unknown"])
export type Activity = typeof Activity.Type

/** What a host can do. */
export interface Capabilities {
  /** `activity` answers. Without it a session's end is told by events, or by a transcript that stays the same. */
  readonly activity: boolean
  /** `transcript` answers. Without it the session's end must be told by an `Ended` event. */
  readonly transcript: boolean
  /** `todos` answers. */
  readonly todos: boolean
  /** A session can be prompted again after it ended. */
  readonly continues: boolean
  /** `received` can tell whether a notice arrived. Without it an unclear delivery counts as delivered. */
  readonly receipts: boolean
  /** A healthy session may be silent for as long as it likes: the quiet limit does not apply. */
  readonly silent: boolean
}

/** The host did not do what was asked. `message` is for people: what the host said. */
export class HostError extends Schema.TaggedError<HostError>()("HostError", {
  /** The operation of the port, for example `open`. */
  operation: Schema.String,
  /** `refused`: the host answered no. `unreachable`: it did not answer, so it may or may not have done it. */
  kind: Schema.Literals(["refused", "unreachable"]),
  message: Schema.String
}) {}

/** The host knows no such session (any more). */
export class SessionGone extends Schema.TaggedError<SessionGone>()("SessionGone", { session: SessionId }) {
  override get message(): string {
    return `The host has no session ${this.session}: it was deleted, or it belongs to another host`
  }
}

/** What to open a session for. */
export interface OpenRequest {
  readonly task: TaskId
  readonly request: Request
  /** Whether the agent in the session may launch tasks of its own (it may not at the depth limit). */
  readonly mayLaunch: boolean
  /** Whether a process that is gone may have opened one for the task already, of which nobody knows. */
  readonly mayExist?: boolean | undefined
}

/** What to say in a session. */
export interface Prompt {
  readonly text: string
  readonly agent: string
  readonly model?: Model | undefined
  /** Whether the agent may launch tasks of its own. */
  readonly mayLaunch: boolean
}

/** One message of a transcript, as far as Errand needs to know it. */
export interface Message {
  readonly id: string
  readonly role: "user" | "assistant"
  /** Written by the host itself: a summary, or its own "go on" after one. */
  readonly automatic: boolean
  /** The notices that the message carries, by id. */
  readonly notices: ReadonlyArray<string>
  /** Everything the author said, tool calls left out. */
  readonly text: string
  readonly tools: ReadonlyArray<{
    readonly name: string
    readonly state: "running" | "done" | "failed"
    readonly error?: string | undefined
  }>
  /**
   * How far an assistant's message is. `open`: still being written. `done`: ended with a reason that ends the turn.
   * `more`: ended, and the turn goes on (a tool call). `cut`: ended at the model's output limit. `stopped`: ended
   * without a reason. `aborted` and `failed`: ended by an error.
   */
  readonly state: "open" | "done" | "more" | "cut" | "stopped" | "aborted" | "failed"
  /** What went wrong, where something did. */
  readonly error?: string | undefined
  /** Changes whenever the message does. Used to notice life, never shown. */
  readonly fingerprint: string
}

/** What a host tells about its sessions, as it happens. Nothing relies on a single one of these arriving. */
export type HostEvent =
  | { readonly _tag: "Busy"; readonly session: SessionId }
  | { readonly _tag: "Idle"; readonly session: SessionId }
  | {
    readonly _tag: "Retrying"
    readonly session: SessionId
    readonly attempt: number
    readonly message: string
    /** Epoch ms. */
    readonly nextAt: number
  }
  /** Text or reasoning is being written. */
  | { readonly _tag: "Wrote"; readonly session: SessionId }
  | {
    readonly _tag: "Tool"
    readonly session: SessionId
    readonly call: string
    readonly name: string
    readonly state: "running" | "done" | "failed"
    /**
     * What a running tool was called with, where the host knows it by now: compared by value with the call before it, and
     * never kept or shown. Left out of calls that are rightly made again and again, such as one that waits.
     */
    readonly input?: unknown
  }
  /**
   * A message has reached its end: look at the transcript again. `last`: it has ended its turn for good, as far as it says
   * itself, so that soon the session will be told to be idle; where it is not, the host is asked at the next poll.
   */
  | { readonly _tag: "MessageEnded"; readonly session: SessionId; readonly last?: boolean | undefined }
  | { readonly _tag: "Erred"; readonly session: SessionId; readonly message: string; readonly aborted: boolean }
  /** The session wants a person to allow or answer something. `what` is for people: `bash "npm test"`. */
  | { readonly _tag: "Asked"; readonly session: SessionId; readonly ask: string; readonly what: string }
  | { readonly _tag: "Answered"; readonly session: SessionId; readonly ask: string }
  | { readonly _tag: "Deleted"; readonly session: SessionId }
  /**
   * A notice stands in the session, and will whatever becomes of the host. For one that takes a notice before it keeps it:
   * until then, a second at most, it counts as on its way.
   */
  | { readonly _tag: "Received"; readonly session: SessionId; readonly notice: string }
  /** The session's work is over, for certain: the last word of hosts that have no transcript. */
  | {
    readonly _tag: "Ended"
    readonly session: SessionId
    readonly result: { readonly _tag: "Done"; readonly answer: string } | {
      readonly _tag: "Failed"
      readonly message: string
    }
  }

export class AgentHost extends Context.Service<AgentHost, {
  readonly capabilities: Capabilities
  /**
   * Opens a session for a task and gives its id. Idempotent by task id: asked again for the same task it gives the same
   * session. A host that has no ids of its own takes the task's.
   */
  readonly open: (request: OpenRequest) => Effect.Effect<SessionId, HostError>
  /** Makes sure that a session from earlier can be prompted again. */
  readonly attach: (session: SessionId) => Effect.Effect<void, HostError | SessionGone>
  /** Says something in a session and returns when the host has taken it, not when it is answered. */
  readonly prompt: (session: SessionId, prompt: Prompt) => Effect.Effect<void, HostError | SessionGone>
  /** Stops whatever the session is doing. Idempotent; an idle or missing session is no error. */
  readonly abort: (session: SessionId) => Effect.Effect<void, HostError>
  /** What these sessions are doing: one call for all. A session that the host does not list is `idle`. */
  readonly activity: (
    sessions: ReadonlyArray<SessionId>
  ) => Effect.Effect<ReadonlyMap<SessionId, Activity>, HostError>
  /** The last messages of a session, oldest first. */
  readonly transcript: (
    session: SessionId,
    options: { readonly last: number }
  ) => Effect.Effect<ReadonlyArray<Message>, HostError | SessionGone>
  /** How many todos of the session are neither done nor dropped. */
  readonly todos: (session: SessionId) => Effect.Effect<number, HostError>
  /** The session that this one is a child of; undefined for a root. */
  readonly parentOf: (session: SessionId) => Effect.Effect<SessionId | undefined, HostError | SessionGone>
  /** Tells a parent what it is owed. With `notice.wakes` it starts a turn in an idle parent; else it is only kept there. */
  readonly notify: (parent: SessionId, notice: Notice) => Effect.Effect<void, HostError | SessionGone>
  /** Whether a notice has arrived at its parent. Asked before a delivery whose end was unclear is tried again. */
  readonly received: (parent: SessionId, notice: string) => Effect.Effect<boolean, HostError>
  /** Everything the host tells. Must be safe to run again after it ended or failed. */
  readonly events: Stream.Stream<HostEvent, HostError>
}>()("@errand/core/AgentHost") {}

/** What every host can do. */
type Essential = Pick<AgentHost["Service"], "open" | "prompt" | "abort" | "notify" | "events">

/**
 * A host from what it can do. What is left out it cannot: no capability is claimed, every session is a root, and every
 * session is silent for as long as it likes until it tells by `Ended` how it went.
 */
export const make = (
  host: Essential & Partial<Omit<AgentHost["Service"], "capabilities">> & {
    readonly capabilities?: Partial<Capabilities>
  }
): AgentHost["Service"] =>
  AgentHost.of({
    attach: (session) => Effect.fail(new SessionGone({ session })),
    activity: () => Effect.succeed(new Map()),
    transcript: () => Effect.succeed([]),
    todos: () => Effect.succeed(0),
    parentOf: () => Effect.succeed(undefined),
    received: () => Effect.succeed(false),
    ...host,
    capabilities: {
      activity: false,
      transcript: false,
      todos: false,
      continues: false,
      receipts: false,
      silent: true,
      ...host.capabilities
    }
  })

/**
 * The same host, of which a call that throws is an Effect that dies: nobody who makes an Effect of a call to give it a time
 * limit, or to try it again, breaks before there is one.
 */
export const suspended = (host: AgentHost["Service"]): AgentHost["Service"] =>
  AgentHost.of({
    capabilities: host.capabilities,
    open: (request) => Effect.suspend(() => host.open(request)),
    attach: (session) => Effect.suspend(() => host.attach(session)),
    prompt: (session, prompt) => Effect.suspend(() => host.prompt(session, prompt)),
    abort: (session) => Effect.suspend(() => host.abort(session)),
    activity: (sessions) => Effect.suspend(() => host.activity(sessions)),
    transcript: (session, options) => Effect.suspend(() => host.transcript(session, options)),
    todos: (session) => Effect.suspend(() => host.todos(session)),
    parentOf: (session) => Effect.suspend(() => host.parentOf(session)),
    notify: (parent, notice) => Effect.suspend(() => host.notify(parent, notice)),
    received: (parent, notice) => Effect.suspend(() => host.received(parent, notice)),
    events: host.events
  })

/** The host as whatever asks it should have it: `suspended`. */
export const layerSuspended: Layer.Layer<AgentHost, never, AgentHost> = Layer.effect(
  AgentHost,
  Effect.map(AgentHost, suspended)
)
