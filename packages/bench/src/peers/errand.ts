/**
 * Errand itself, as it is built, with its defaults but for the limits. So it keeps its tasks in a file, as it does for
 * users: below the sandbox's data folder, a new one each time.
 */
import type { Peer } from "./Peer.ts"

export const errand: Peer = {
  id: "errand",
  title: "Errand",
  entry: "opencode-errand",
  agents: ["librarian", "oracle", "momus"],
  env: {},
  files: ({ limits }) => ({ "config/errand.json": limits }),
  launch: ({ agent, background, description, model, prompt }) => ({
    tool: "delegate_task",
    args: { description, prompt, agent, background, ...(model === undefined ? {} : { model }) }
  }),
  output: ({ block, task, timeout }) => ({ tool: "background_output", args: { task_id: task, block, timeout } }),
  cancel: (ask) => ({ tool: "background_cancel", args: "task" in ask ? { task_id: ask.task } : { all: true } })
}
