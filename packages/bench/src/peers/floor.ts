/**
 * The floor: what nobody can be below. A promise for each task, and events only: no limits, no line, no polling, nothing
 * remembered, and whoever's event is lost waits for ever. It is no system to use; it shows what the others cost.
 */
import { fileURLToPath } from "node:url"
import type { Peer } from "./Peer.ts"

export const floor: Peer = {
  id: "null",
  title: "Floor",
  entry: fileURLToPath(new URL("floor.plugin.ts", import.meta.url)),
  agents: [],
  env: {},
  files: () => ({}),
  launch: ({ agent, description, model, prompt }) => ({
    tool: "launch",
    args: { description, prompt, agent, model: model ?? "" }
  }),
  output: ({ block, task }) => ({ tool: "output", args: { task, block } }),
  cancel: (ask) => ({ tool: "cancel", args: "task" in ask ? { task: ask.task } : { all: true } })
}
