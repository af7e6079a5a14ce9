/**
 * What the two releases of oh-my-opencode have in common.
 *
 * They come with much besides background tasks: everything that can be switched off and has nothing to do with those is
 * off, so that its requests and its time do not count against them. A task takes the model of a category; its tool has no
 * other word for one. So each model has a category of its own, and a launch that names a model has the agent that
 * categories have, whatever agent was asked for.
 */
import type { Call, Cancel, Launch, Limits, Output, Setup } from "./Peer.ts"

/** More than anybody runs: 0 is refused for the default. */
const any = 1_000_000

const limitsOf = ({ defaultConcurrency, ...others }: Limits) => ({
  ...(defaultConcurrency === undefined
    ? {}
    : { defaultConcurrency: defaultConcurrency === 0 ? any : defaultConcurrency }),
  ...others
})

const categoryOf = (model: string): string => `bench-${model.replace(/[^a-z0-9]+/gi, "-")}`

/** The MCP servers that both would add to OpenCode: for looking things up on the net. */
const lookups = ["websearch", "context7", "grep_app"]

/** The settings that both have. `own`: the MCP servers that only one of them brings. */
export const settings = (
  { limits, models }: Setup,
  disabledHooks: ReadonlyArray<string>,
  own: ReadonlyArray<string> = []
) => ({
  background_task: limitsOf(limits),
  categories: Object.fromEntries(models.map((model) => [categoryOf(model), { model, description: "For the bench" }])),
  disabled_hooks: disabledHooks,
  disabled_mcps: [...lookups, ...own],
  auto_update: false,
  claude_code: { mcp: false, commands: false, skills: false, agents: false, hooks: false, plugins: false },
  tmux: { enabled: false }
})

export const launch = (tool: string) => ({ agent, background, description, model, prompt }: Launch): Call => ({
  tool,
  args: {
    description,
    prompt,
    load_skills: [],
    run_in_background: background,
    ...(model === undefined ? { subagent_type: agent } : { category: categoryOf(model) })
  }
})

export const output = ({ block, task, timeout }: Output): Call => ({
  tool: "background_output",
  args: { task_id: task, block, timeout }
})

export const cancel = (ask: Cancel): Call => ({
  tool: "background_cancel",
  args: "task" in ask ? { taskId: ask.task } : { all: true }
})
