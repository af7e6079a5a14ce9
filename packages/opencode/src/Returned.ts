/**
 * After a restart: a short message for whoever looks on, of the tasks that this OpenCode goes on with. Their parents are
 * told when they are used; a person cannot know that there is something to wait for.
 */
import { Journal, Notices } from "@errand/core"
import { Effect, Layer } from "effect"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Client } from "./host/Client.ts"
import { Feed } from "./host/Feed.ts"
import * as Mode from "./Mode.ts"
import { returned } from "./text/returned.ts"

/** How long a terminal may take until it shows something. One without our half never says that it does. */
const patience = "10 seconds"

/** By then what was left behind is taken over. */
const settled = "2 seconds"

export const layer = (
  { toasts }: Pick<PluginSettings, "toasts">
): Layer.Layer<never, never, Client | Feed | Journal.Journal | Notices.Notices> =>
  toasts && !Mode.isForItsSessions(process.argv) ? Layer.effectDiscard(Effect.forkScoped(show)) : Layer.empty

const show = Effect.gen(function*() {
  const client = yield* Client
  const journal = yield* Journal.Journal
  const notices = yield* Notices.Notices
  const { greeted } = yield* Feed
  yield* Effect.timeoutOption(greeted, patience)
  yield* Effect.sleep(settled)
  const words = returned(yield* journal.tasks, notices.holdsUnsafe())
  if (words !== "") yield* Effect.ignoreCause(Effect.timeout(client.toast(words, "info"), "2 seconds"))
})
