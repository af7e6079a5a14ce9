/**
 * What OpenCode tells the plugin: its `event` hook pours in, whoever wants to know listens.
 *
 * The hook is called before anything else is running and is never waited for, so pouring in is a plain call that cannot
 * fail. Events are decoded once, here; those that mean nothing are dropped.
 */
import { Context, Effect, Latch, Layer, Option, PubSub, Ref, type Scope, Stream } from "effect"
import * as Events from "./events.ts"
import type { Event } from "./wire.ts"

/** What is to be done about an event; nothing about most of them. Whoever waits for something long does that elsewhere. */
export type Listener = (event: Event) => Effect.Effect<unknown> | undefined

export class Feed extends Context.Service<Feed, {
  /**
   * Every event that means something, from the moment of listening, and that somebody writes: of each session at most once
   * a second, and before whatever else it does.
   */
  readonly signs: Stream.Stream<Event>
  /**
   * From now on, and while the scope lasts, does about every event what the listener says; not about that somebody writes.
   * All who listen are asked about an event before the next one comes, by one fiber: nobody is woken up for nothing.
   */
  readonly listen: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
  /** Waits until somebody who looks has said hello. That may have been before anybody could listen. */
  readonly greeted: Effect.Effect<void>
}>()("opencode-errand/Feed") {}

export interface Source {
  /** Takes whatever OpenCode passes to the hook. Never throws. */
  readonly pour: (event: unknown) => void
  readonly layer: Layer.Layer<Feed>
}

/** Even to look at a value may throw. */
const decode = Option.liftThrowable(Events.decode)
const writerOf = Option.liftThrowable(Events.writerOf)
const isGreeting = Option.liftThrowable(Events.isGreeting)

/** A model writes some fifty pieces a second, and only that it does is news. All who write are told of together (ms). */
const often = 1_000

/** Made before the runtime is, as the hook is there first. Who writes is told of before the poll would ask for them. */
export const make = (pollIntervalMs = Number.POSITIVE_INFINITY): Source => {
  const signs = Effect.runSync(PubSub.unbounded<Event>())
  const listeners = new Set<(event: Event) => Option.Option<ReturnType<Listener>>>()
  /** The sessions that write, of which it is not told yet. */
  const writing = new Map<string, Event>()
  const someone = Latch.makeUnsafe(false)
  /** What came since those who listen were last told. Events come in bunches, and to wake somebody costs more than one. */
  const pending: { readonly events: Array<Event>; readonly signs: Array<Event> } = { events: [], signs: [] }
  const something = Latch.makeUnsafe(false)
  /** Whether anybody could be told; else nothing is kept for them. */
  const open = Ref.makeUnsafe(false)
  const greeted = Latch.makeUnsafe(false)

  const pass = Effect.gen(function*() {
    yield* Latch.await(something)
    yield* Latch.close(something)
    // First to those who wait for an end.
    yield* PubSub.publishAll(signs, pending.signs.splice(0))
    for (const event of pending.events.splice(0)) {
      for (const listener of listeners) {
        const todo = Option.getOrUndefined(listener(event))
        if (todo !== undefined) yield* Effect.ignoreCause(todo)
      }
    }
  })

  const tell = Effect.gen(function*() {
    yield* Latch.await(someone)
    yield* Effect.sleep(Math.min(often, pollIntervalMs / 2))
    yield* Latch.close(someone)
    pending.signs.push(...writing.values())
    writing.clear()
    yield* Latch.open(something)
  })

  return {
    pour: (event) => {
      // By far the most events: a piece of a text is looked at by hand, as a schema costs more than all the rest of it.
      const writer = Option.getOrUndefined(writerOf(event))
      if (writer !== undefined) {
        if (writing.has(writer)) return
        writing.set(writer, { type: "message.part.delta", properties: { sessionID: writer } })
        Latch.openUnsafe(someone)
        return
      }
      if (Option.getOrElse(isGreeting(event), () => false)) Latch.openUnsafe(greeted)
      if (!Ref.getUnsafe(open)) return
      const known = Option.flatten(decode(event))
      if (Option.isNone(known)) return
      const session = Events.sessionOf(known.value) ?? ""
      const wrote = writing.get(session)
      if (wrote !== undefined) {
        pending.signs.push(wrote)
        writing.delete(session)
      }
      pending.events.push(known.value)
      pending.signs.push(known.value)
      Latch.openUnsafe(something)
    },
    layer: Layer.effect(
      Feed,
      Effect.gen(function*() {
        yield* Effect.acquireRelease(Ref.set(open, true), () => Ref.set(open, false))
        yield* Effect.forkScoped(Effect.forever(tell))
        yield* Effect.forkScoped(Effect.forever(pass))
        return Feed.of({
          signs: Stream.fromPubSub(signs),
          listen: (listener) =>
            Effect.suspend(() => {
              // An event that one cannot make anything of is lost on nobody else.
              const own = Option.liftThrowable(listener)
              listeners.add(own)
              return Effect.addFinalizer(() => Effect.sync(() => listeners.delete(own)))
            }),
          greeted: Latch.await(greeted)
        })
      })
    )
  }
}
