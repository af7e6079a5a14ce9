/**
 * What the agents of a simulated host do: scripts of steps, chosen by what a session was told.
 */
import type { Effect } from "effect"
import type { HostEvent } from "../AgentHost.ts"
import type { Notice } from "../Notice.ts"
import type { SessionId } from "../Task.ts"

/** One thing that an agent does in a turn. Times are in ms. */
export type Step =
  /** Thinks. */
  | { readonly do: "wait"; readonly ms: number }
  /** Writes while it thinks: signs of life every `every` ms. */
  | { readonly do: "stream"; readonly ms: number; readonly every: number }
  | {
    readonly do: "tool"
    readonly name: string
    readonly ms: number
    readonly error?: string
    /** What it is called with; not told where it is left out. */
    readonly input?: unknown
  }
  /** Ends the turn with an answer. */
  | { readonly do: "say"; readonly text: string; readonly cut?: boolean }
  /** Ends the turn with an answer after which the context is full: a summary by the host, and it makes the agent go on. */
  | { readonly do: "fill"; readonly text: string }
  /** The provider fails, and the host waits before it tries again; `attempt` counts from 1. */
  | { readonly do: "retry"; readonly ms: number; readonly message: string; readonly attempt?: number }
  /** The turn ends in an error of the provider. */
  | { readonly do: "fail"; readonly message: string }
  /** The provider takes the answer back: its message has ended when the error is told. */
  | { readonly do: "filter"; readonly text: string; readonly message: string }
  /** The prompt is refused after it was accepted: an error event, twice, and nothing else: no message, not even idle. */
  | { readonly do: "refuse"; readonly message: string }
  /** There is no such model: the prompt is kept, nobody answers it, and the error is told before idle and after it. */
  | { readonly do: "no-model"; readonly message: string }
  /** The context overflows: an error event, a summary by the host, and the host makes the agent go on. */
  | { readonly do: "overflow" }
  /** The turn ends after a tool call, without an answer. */
  | { readonly do: "stop" }
  | { readonly do: "hang" }
  /** Nothing ever comes of the prompt: no message, no event. */
  | { readonly do: "ignore" }
  /** The host tells something, true or not: that the session is idle, or that it has ended. */
  | { readonly do: "tell"; readonly event: (session: SessionId) => HostEvent }
  /** Uses a tool (for `ms`) that a person must allow first. Refused without a word, the turn ends; with one, it goes on. */
  | { readonly do: "permission"; readonly name: string; readonly what: string; readonly ms: number }
  /** Asks a question; goes on when it is answered. */
  | { readonly do: "ask"; readonly what: string }
  | { readonly do: "todos"; readonly open: number }
  /** Does something of the test's: launches a task of its own, for example. */
  | { readonly do: "call"; readonly name: string; readonly effect: Effect.Effect<unknown> }

/** What a person answers when a session wants a permission. `word`: what the agent is told of a refusal. */
export type Reply = "allow" | "refuse" | { readonly word: string }

/** What a session was told: by a prompt, or by a notice. */
export interface Told {
  readonly session: SessionId
  readonly text: string
  readonly notice: Notice | undefined
  /** How many times this session was told something before. */
  readonly nth: number
}
