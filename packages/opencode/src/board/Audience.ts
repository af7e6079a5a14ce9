/**
 * Who looks: the TUI halves that said hello, and what they ask for.
 *
 * Boards are kept only where somebody looks, so that a server without a screen does nothing for them.
 */
import { Tasks } from "@errand/core"
import { Context, Effect, Layer, Option, Stream } from "effect"
import { Feed } from "../host/Feed.ts"
import type { Event } from "../host/wire.ts"
import * as Command from "./Command.ts"

export class Audience extends Context.Service<Audience, {
  /** Waits until somebody has said hello, since OpenCode has started. */
  readonly present: Effect.Effect<void>
  /** What they say, from now on. */
  readonly commands: Stream.Stream<Command.Command>
}>()("opencode-errand/Audience") {
  static readonly layer: Layer.Layer<Audience, never, Feed> = Layer.effect(
    Audience,
    Effect.map(Feed, ({ events, greeted }) =>
      Audience.of({
        present: greeted,
        // Nearly no event is one, so what came at once is looked at in one go.
        commands: Stream.flattenIterable(Stream.mapArray(events, (all) => [all.flatMap(commandIn)]))
      }))
  )
}

/** Calls off what a person wants to be called off. */
export const wishes: Layer.Layer<never, never, Audience | Tasks.Tasks> = Layer.effectDiscard(Effect.gen(function*() {
  const { commands } = yield* Audience
  const tasks = yield* Tasks.Tasks
  yield* Stream.runForEach(commands, (command) =>
    command._tag === "Cancel"
      // To cancel takes as long as the host does; the next wish is not to wait for it.
      ? Effect.forkChild(Effect.ignore(tasks.cancel(command.task, "by-person")))
      : Effect.void).pipe(Effect.forkScoped({ startImmediately: true }))
}))

const commandIn = ({ properties, type }: Event): ReadonlyArray<Command.Command> =>
  type === "tui.command.execute" ? Option.toArray(Command.parse(properties.command)) : []
