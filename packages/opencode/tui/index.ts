/**
 * `opencode-errand/tui`: the half of the plugin that OpenCode's terminal loads. It shows what the other half, in the
 * server, writes into the metadata of sessions, and sends a person's wishes there. It keeps nothing and decides nothing:
 * without it all works, only plainer.
 *
 * The terminal shows its first screen when its plugins are loaded. So here is next to nothing; the rest is loaded a moment
 * later, when nobody waits for it.
 */
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { setTimeout as sleep } from "node:timers/promises"

/** The first screen is there by then, and no task can have been launched (ms). */
const startWithin = 200

const tui = async (api: TuiPluginApi): Promise<void> => {
  const load = async () => {
    await sleep(startWithin, undefined, { signal: api.lifecycle.signal })
    const { start } = await import("./Screen.tsx")
    if (!api.lifecycle.signal.aborted) start(api)
  }
  void load().catch((error: unknown) => {
    if (api.lifecycle.signal.aborted) return
    const message = `What Errand shows could not be loaded: ${String(error)}. Install opencode-errand again.`
    api.ui.toast({ variant: "error", title: "Errand", message })
  })
}

export default { id: "opencode-errand", tui }
