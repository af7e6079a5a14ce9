/**
 * After a restart: a short message for whoever looks on, of the tasks that this OpenCode goes on with. Their parents are
 * told when they are used; a person cannot know that there is something to wait for.
 */
import { Journal, Notices } from "@errand/core"
import { Effect, Layer } from "effect"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Client } from "./host/Client.ts"
import * as Mode from "./Mode.ts"
import { returned } from "./text/returned.ts"

/** By then what was left behind is taken over, and a terminal is there that shows it. */
const settled = "2 seconds"

export const layer = (
  { toasts }: Pick<PluginSettings, "toasts">
): Layer.Layer<never, never, Client | Journal.Journal | Notices.Notices> =>
  toasts && !Mode.isForItsSessions(process.argv) ? Layer.effectDiscard(Effect.forkScoped(show)) : Layer.empty

const show = Effect.gen(function*() {
  const client = yield* Client
  const journal = yield* Journal.Journal
  const notices = yield* Notices.Notices
  yield* Effect.sleep(settled)
  const words = returned(yield* journal.tasks, notices.holdsUnsafe())
  if (words !== "") yield* Effect.ignoreCause(Effect.timeout(client.toast(words, "info"), "2 seconds"))
})
