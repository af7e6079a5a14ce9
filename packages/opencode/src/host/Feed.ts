/**
 * What OpenCode tells the plugin: its `event` hook pours in, whoever wants to know listens.
 *
 * The hook is called before anything else is running and is never waited for, so pouring in is a plain call that cannot
 * fail. Events are decoded once, here; those that mean nothing are dropped.
 */
import { Context, Effect, Layer, Option, PubSub, Stream } from "effect"
import * as Events from "./events.ts"
import type { Event } from "./wire.ts"

export class Feed extends Context.Service<Feed, {
  /** Every event that means something, from the moment of listening. */
  readonly events: Stream.Stream<Event>
}>()("opencode-errand/Feed") {}

export interface Source {
  /** Takes whatever OpenCode passes to the hook. Never throws. */
  readonly pour: (event: unknown) => void
  readonly layer: Layer.Layer<Feed>
}

/** Even to look at a value may throw. */
const decode = Option.liftThrowable(Events.decode)

/** Made before the runtime is, as the hook is there first. */
export const make = (): Source => {
  const hub = Effect.runSync(PubSub.unbounded<Event>())
  return {
    pour: (event) => {
      const known = Option.flatten(decode(event))
      if (Option.isSome(known)) PubSub.publishUnsafe(hub, known.value)
    },
    layer: Layer.succeed(Feed, Feed.of({ events: Stream.fromPubSub(hub) }))
  }
}
