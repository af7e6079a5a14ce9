/**
 * What a person has to know of Errand itself: in the log, and where they look. That is a short message in the terminal;
 * under `opencode run` and in an editor (`opencode acp`), which show none, it is standard error.
 */
import { Console, Effect } from "effect"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Client } from "./host/Client.ts"
import * as Mode from "./Mode.ts"

type Level = "warning" | "error"

/** Shows one thing, or several of a kind, to whoever looks on. Whatever goes wrong with that touches nothing else. */
export type Show = (level: Level, first: string, ...more: ReadonlyArray<string>) => Effect.Effect<void>

export const log = (level: Level, message: string): Effect.Effect<void, never, Client> =>
  Effect.flatMap(Client, (client) => Effect.ignore(client.log(level === "error" ? "error" : "warn", message)))

export const shower = ({ toasts }: Pick<PluginSettings, "toasts">): Effect.Effect<Show, never, Client> =>
  Effect.map(Client, (client) => (level, first, ...more) => {
    if (Mode.isForItsSessions(process.argv)) {
      return Effect.forEach([first, ...more], (text) => Console.error(`Errand: ${text}`), { discard: true })
    }
    const rest = more.length === 0 ? "" : ` (and ${more.length} more, see the log)`
    return toasts ? Effect.ignore(client.toast(`${first}${rest}`, level)) : Effect.void
  })
