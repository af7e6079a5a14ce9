/**
 * The journal of a project: a file of its own in the user's data directory, so that tasks outlive OpenCode.
 */
import { Journal } from "@errand/core"
import { SqliteJournal } from "@errand/core/sqlite"
import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { basename, join } from "node:path"
import type { PluginSettings } from "./config/PluginSettings.ts"
import * as FileProblems from "./FileProblems.ts"
import type { Client } from "./host/Client.ts"
import * as Mode from "./Mode.ts"

export interface Surroundings {
  /** The project's directory. */
  readonly directory: string
  /** The user's home directory. */
  readonly home: string
  /** The environment; `XDG_DATA_HOME` is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The variable that is `1` where an OpenCode is only started to see whether it has its tools (`doctor`): the tasks that were
 * left behind are somebody else's to go on with.
 */
export const lookOnly = "ERRAND_LOOK_ONLY"

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
  settings: PluginSettings
): Layer.Layer<Journal.Journal, never, Client> =>
  settings.journal === "memory" || surroundings.env[lookOnly] === "1" ? Journal.Journal.layer : Layer.unwrap(Effect.map(
    FileProblems.teller(settings),
    (onProblem) =>
      SqliteJournal.layer({
        file: fileOf(surroundings),
        retentionMs: settings.retentionMs,
        inherits: Mode.isForItsSessions(process.argv) ? "when asked" : "at start",
        onProblem,
        without: "set \"journal\": \"memory\""
      })
  ))
