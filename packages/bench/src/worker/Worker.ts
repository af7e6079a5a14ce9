/**
 * The bench's hold on a process in which one competitor's plugin is loaded, as OpenCode loads it.
 *
 * All times are ms since 1970 with fractions, from the clock that the server's reports are told by.
 */
import type { Effect } from "effect"
import type { BenchError } from "../Measure.ts"
import type { Cancel, Launch, Output } from "../peers/Peer.ts"

/** A call of a tool that has come back. */
export interface Called {
  /** When it was called, and when it came back. */
  readonly from: number
  readonly to: number
  /** What the agent would read; of a tool that threw, what it threw. */
  readonly text: string
  readonly threw: boolean
}

export interface Launched extends Called {
  /** As the text names them; absent where it does not. */
  readonly task?: string | undefined
  readonly session?: string | undefined
}

/** A launch, and the session whose agent asks for it. */
export interface LaunchIn extends Launch {
  readonly parent: string
}

export interface Worker {
  readonly pid: number
  /** How long the import of the plugin's module took, and how long the plugin's own function (ms). */
  readonly loaded: { readonly importing: number; readonly starting: number }
  /** All are called in the same moment, as an agent does that calls several tools at once. In the order of the asks. */
  readonly launch: (asks: ReadonlyArray<LaunchIn>) => Effect.Effect<ReadonlyArray<Launched>, BenchError>
  readonly output: (parent: string, ask: Output) => Effect.Effect<Called, BenchError>
  readonly cancel: (parent: string, ask: Cancel) => Effect.Effect<Called, BenchError>
  /** Bytes, after a full garbage collection. */
  readonly memory: Effect.Effect<{ readonly heap: number; readonly rss: number }, BenchError>
  /** Processor time used so far (ms), and when that was read. */
  readonly cpu: Effect.Effect<{ readonly used: number; readonly at: number }, BenchError>
  /** The longest time (ms) for which the event loop was not free within so many ms from now. Looking takes time itself. */
  readonly block: (ms: number) => Effect.Effect<number, BenchError>
  /** Ends the plugin as OpenCode ends it. */
  readonly dispose: Effect.Effect<void, BenchError>
}
