/**
 * What is wrong with a file of Errand's own is said in the log and, as it changes what people can rely on, where they look.
 */
import type { FileProblem } from "@errand/core/sqlite"
import { Effect, Queue, type Scope } from "effect"
import type { PluginSettings } from "./config/PluginSettings.ts"
import type { Client } from "./host/Client.ts"
import * as Telling from "./Telling.ts"

/** Says it beside everything else: nobody waits for OpenCode to have said it. */
export const teller = (settings: PluginSettings): Effect.Effect<
  (problem: FileProblem.FileProblem) => Effect.Effect<void>,
  never,
  Client | Scope.Scope
> =>
  Effect.gen(function*() {
    const show = yield* Telling.shower(settings)
    const problems = yield* Queue.unbounded<FileProblem.FileProblem>()
    yield* Queue.take(problems).pipe(
      Effect.tap(({ message }) => Telling.log("error", message)),
      Effect.tap(({ message }) => show("error", message)),
      Effect.forever,
      Effect.forkScoped
    )
    return (problem) => Effect.asVoid(Queue.offer(problems, problem))
  })
