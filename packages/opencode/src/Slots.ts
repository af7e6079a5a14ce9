/**
 * Limits over all OpenCode processes of this user: their slots are kept in one file.
 */
import { SqliteSlots } from "@errand/core/sqlite"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import type { PluginSettings } from "./config/PluginSettings.ts"
import * as FileProblems from "./FileProblems.ts"
import type { Client } from "./host/Client.ts"
import * as Journals from "./Journals.ts"

export const fileOf = (user: Omit<Journals.Surroundings, "directory">): string =>
  join(Journals.dataDirectory(user), "slots.sqlite")

export const layer = (
  user: Omit<Journals.Surroundings, "directory">,
  settings: PluginSettings
): Layer.Layer<never, never, Client> =>
  settings.limitsScope === "process" ? Layer.empty : Layer.unwrap(Effect.map(
    FileProblems.teller(settings),
    (onProblem) => SqliteSlots.layer({ file: fileOf(user), onProblem, without: "set \"limitsScope\": \"process\"" })
  ))
