/**
 * The journal of a project: a file of its own in the user's data directory, so that tasks outlive OpenCode.
 */
import { Journal } from "@errand/core"
import { type FileProblem, SqliteJournal } from "@errand/core/sqlite"
import { Effect, Layer, Queue } from "effect"
import { createHash } from "node:crypto"
import { basename, join } from "node:path"
import { Client } from "./host/Client.ts"
import type { PluginSettings } from "./PluginSettings.ts"
import * as RunHold from "./RunHold.ts"

export interface Surroundings {
  /** The project's directory. */
  readonly directory: string
  /** The user's home directory. */
  readonly home: string
  /** The environment; `XDG_DATA_HOME` is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Where Errand keeps what outlives OpenCode. */
export const dataDirectory = ({ env, home }: Omit<Surroundings, "directory">): string => {
  const data = env["XDG_DATA_HOME"]
  return join(data === undefined || data === "" ? join(home, ".local", "share") : data, "errand")
}

/** Named after the project, for people; by the hash of its path no two projects share one. */
export const fileOf = (surroundings: Surroundings): string => {
  const { directory } = surroundings
  const name = basename(directory).replace(/[^\w.-]+/g, "_").slice(0, 40)
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 12)
  return join(dataDirectory(surroundings), "journals", `${name === "" ? "root" : name}-${hash}.sqlite`)
}

export const layer = (
  surroundings: Surroundings,
  { journal, retentionMs, toasts }: PluginSettings
): Layer.Layer<Journal.Journal, never, Client> =>
  journal === "memory" ? Journal.Journal.layer : Layer.unwrap(Effect.gen(function*() {
    const client = yield* Client
    const problems = yield* Queue.unbounded<FileProblem.FileProblem>()
    // Told beside everything else: nobody waits for OpenCode to have said it.
    yield* Queue.take(problems).pipe(
      Effect.tap(({ message }) => Effect.ignore(client.log("error", message))),
      Effect.tap(({ message }) => toasts ? Effect.ignore(client.toast(message, "error")) : Effect.void),
      Effect.forever,
      Effect.forkScoped
    )
    return SqliteJournal.layer({
      file: fileOf(surroundings),
      retentionMs,
      // `run` is there for one session. What others have left behind is not its business.
      inherits: RunHold.isRun(process.argv) ? "when asked" : "at start",
      onProblem: (problem) => Effect.asVoid(Queue.offer(problems, problem))
    })
  }))
