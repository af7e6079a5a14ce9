/**
 * Who looks: the TUI halves that said hello, and what they ask for.
 *
 * Boards are kept only where somebody looks, so that a server without a screen does nothing for them.
 */
import { Task, Tasks } from "@errand/core"
import { Context, Effect, Layer, Option, PubSub, Stream } from "effect"
import { Client } from "../host/Client.ts"
import { Feed } from "../host/Feed.ts"
import * as Command from "./Command.ts"

export class Audience extends Context.Service<Audience, {
  /** Waits until somebody has said hello, since OpenCode has started. */
  readonly present: Effect.Effect<void>
  /** What they say, from now on. */
  readonly commands: Stream.Stream<Command.Command>
}>()("opencode-errand/Audience") {
  static readonly layer: Layer.Layer<Audience, never, Feed> = Layer.effect(
    Audience,
    Effect.gen(function*() {
      const { greeted, listen } = yield* Feed
      const commands = yield* Effect.acquireRelease(PubSub.unbounded<Command.Command>(), PubSub.shutdown)
      yield* listen(({ properties, type }) => {
        if (type !== "tui.command.execute") return undefined
        const command = Command.parse(properties.command)
        return Option.isSome(command) ? PubSub.publish(commands, command.value) : undefined
      })
      return Audience.of({ present: greeted, commands: Stream.fromPubSub(commands) })
    })
  )
}

const elsewhere = "That task runs in another OpenCode window on this directory: cancel it there."

/** Calls off what a person wants to be called off. */
export const wishes: Layer.Layer<never, never, Audience | Client | Tasks.Tasks> = Layer.effectDiscard(
  Effect.gen(function*() {
    const { commands } = yield* Audience
    const client = yield* Client
    const tasks = yield* Tasks.Tasks
    const cancel = Effect.fnUntraced(function*(id: string) {
      const { cancelled, task } = yield* tasks.cancel(id, "by-person")
      // An answer to what a person has just done, whatever they want to hear of besides.
      if (!cancelled && !Task.isTerminal(task)) yield* Effect.timeout(client.toast(elsewhere, "warning"), "2 seconds")
    })
    yield* Stream.runForEach(commands, (command) =>
      command._tag === "Cancel"
        // To cancel takes as long as the host does; the next wish is not to wait for it.
        ? Effect.forkChild(Effect.ignore(cancel(command.task)))
        : Effect.void).pipe(Effect.forkScoped({ startImmediately: true }))
  })
)
