/**
 * How calls to a simulated host go wrong: it is slow, it fails, it hangs, it does what was asked and says that it did not.
 */
import { Clock, Effect, Ref } from "effect"
import { HostError } from "../AgentHost.ts"
import type { SessionId } from "../Task.ts"
import type { Process } from "./Process.ts"

export type Operation =
  | "open"
  | "attach"
  | "prompt"
  | "abort"
  | "activity"
  | "transcript"
  | "todos"
  | "parentOf"
  | "notify"
  | "received"

/**
 * How one call goes wrong. `fail`: no answer (`unreachable`), and it is not done. `refuse`: the answer is no (`refused`).
 * `hang`: it is not done, and there is never an answer. `die`: a defect. `fail-after`, `hang-after`: it is done, and then
 * reported as failed, or never answered. `slow`: it is done that much later (ms). `late`: it is done at once, and its
 * answer takes that long (ms).
 */
export type Fault =
  | "ok"
  | "fail"
  | "refuse"
  | "hang"
  | "die"
  | "fail-after"
  | "hang-after"
  | { readonly slow: number }
  | { readonly late: number }

export interface Call {
  readonly operation: Operation
  readonly session: SessionId | undefined
  /** Epoch ms. */
  readonly at: number
  /** Of `open` and `prompt`: whether the agent may launch tasks of its own. */
  readonly mayLaunch?: boolean
}

/** Every call goes through here: it is written down, and then goes as the fault decided for it wants. */
export interface Line {
  readonly call: <A, E>(
    operation: Operation,
    session: SessionId | undefined,
    effect: Effect.Effect<A, E>,
    more?: Pick<Call, "mayLaunch">
  ) => Effect.Effect<A, E | HostError>
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  readonly faults: (fault: (call: Call) => Fault) => Effect.Effect<void>
}

/** `latency`: how long every call takes (ms). */
export const make = (latency: number, process: Process): Line => {
  const calls: Array<Call> = []
  const fault = Ref.makeUnsafe<(call: Call) => Fault>(() => "ok")
  return {
    calls: Effect.sync(() => [...calls]),
    faults: (f) => Ref.set(fault, f),
    call: (operation, session, effect, more = {}) =>
      Effect.gen(function*() {
        const made: Call = { operation, session, at: yield* Clock.currentTimeMillis, ...more }
        calls.push(made)
        const how = (yield* Ref.get(fault))(made)
        const unreachable = new HostError({
          operation,
          kind: "unreachable",
          message: `simulated fault in ${operation}`
        })
        const refused = new HostError({ operation, kind: "refused", message: `simulated refusal of ${operation}` })
        const stillUp = Effect.flatMap(process.isUp, (up) => up ? Effect.void : Effect.fail(unreachable))
        // Whoever waits for an answer learns of the death: the connection is closed.
        const forEver: Effect.Effect<never, HostError> = Effect.andThen(process.death, Effect.fail(unreachable))
        const pause = (ms: number) => Effect.timeoutOrElse(forEver, { duration: ms, orElse: () => Effect.void })
        if (latency > 0) yield* pause(latency)
        if (typeof how === "object" && "slow" in how) yield* pause(how.slow)
        yield* stillUp
        if (typeof how === "object") {
          return "late" in how ? yield* Effect.tap(effect, () => pause(how.late)) : yield* effect
        }
        switch (how) {
          case "ok":
            return yield* effect
          case "fail":
            return yield* unreachable
          case "refuse":
            return yield* refused
          case "hang":
            return yield* forEver
          case "die":
            return yield* Effect.die(unreachable)
          case "fail-after":
            return yield* Effect.andThen(effect, Effect.fail(unreachable))
          case "hang-after":
            return yield* Effect.andThen(effect, forEver)
        }
      })
  }
}
