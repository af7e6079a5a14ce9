/**
 * What is wrong with a file of Errand's own is said in the log and, as it changes what people can rely on, as a toast.
 */
import type { FileProblem } from "@errand/core/sqlite"
import { Effect, Queue, type Scope } from "effect"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Client } from "./host/Client.ts"

/** Says it beside everything else: nobody waits for OpenCode to have said it. */
export const teller = ({ toasts }: PluginSettings): Effect.Effect<
  (problem: FileProblem.FileProblem) => Effect.Effect<void>,
  never,
  Client | Scope.Scope
> =>
  Effect.gen(function*() {
    const client = yield* Client
    const problems = yield* Queue.unbounded<FileProblem.FileProblem>()
    yield* Queue.take(problems).pipe(
      Effect.tap(({ message }) => Effect.ignore(client.log("error", message))),
      Effect.tap(({ message }) => toasts ? Effect.ignore(client.toast(message, "error")) : Effect.void),
      Effect.forever,
      Effect.forkScoped
    )
    return (problem) => Effect.asVoid(Queue.offer(problems, problem))
  })
