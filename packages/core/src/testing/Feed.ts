/**
 * The feed of events of a simulated host: what it tells may be lost, doubled or late, and the feed itself may break off.
 */
import { Deferred, Effect, PubSub, Ref, Stream } from "effect"
import { HostError, type HostEvent } from "../AgentHost.ts"
import type { Process } from "./Process.ts"

/** What becomes of an event: the delays (ms) at which it is told; none loses it. */
export type Deliver = (event: HostEvent) => ReadonlyArray<number>

export type Feed = Effect.Success<ReturnType<typeof make>>

const brokenOff = new HostError({
  operation: "events",
  kind: "unreachable",
  message: "the feed of events broke off"
})

export const make = Effect.fnUntraced(function*(process: Process) {
  const events = yield* PubSub.unbounded<HostEvent>()
  const deliver = yield* Ref.make<Deliver>(() => [0])
  const ending = yield* Ref.make(Deferred.makeUnsafe<void, HostError>())
  return {
    tell: Effect.fnUntraced(function*(event: HostEvent) {
      for (const delay of (yield* Ref.get(deliver))(event)) {
        yield* delay === 0
          ? PubSub.publish(events, event)
          : process.later(PubSub.publish(events, event), delay)
      }
    }),
    deliver: (f: Deliver) => Ref.set(deliver, f),
    /** Ends the feed for all who listen, who may listen anew: what is told meanwhile is lost on them. */
    cut: (how: "ended" | "failed") =>
      Effect.flatMap(
        Ref.getAndSet(ending, Deferred.makeUnsafe()),
        (end) => how === "ended" ? Deferred.succeed(end, undefined) : Deferred.fail(end, brokenOff)
      ),
    events: Stream.unwrap(Effect.flatMap(process.isUp, (up) =>
      up
        ? Effect.map(
          Ref.get(ending),
          (end) => Stream.interruptWhen(Stream.fromPubSub(events), Deferred.await(end))
        )
        : Effect.fail(brokenOff)))
  }
})
