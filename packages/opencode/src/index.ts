/**
 * `opencode-errand`: the plugin, as OpenCode loads it.
 *
 * OpenCode answers nothing before its plugins are loaded. So here is only what it has to know by then: the tools, and the
 * crew. Everything else is in `Plugin`, which is loaded by whatever needs it first, or a moment after the start. That is why
 * nothing here, and nothing that is imported here, may use Effect: the build looks.
 *
 * Whatever happens inside, nothing is thrown at OpenCode: a hook that throws hangs sessions.
 */
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { restoreAll } from "./cards/Kept.ts"
import * as ConfigPlaces from "./config/ConfigPlaces.ts"
import { addCrew } from "./Crew.ts"
import type { Hooks, PluginInput, ToolDefinition } from "./hooks.ts"
import * as Knock from "./Knock.ts"
import type { Loaded, Running } from "./Plugin.ts"
import { definitions, type ToolName } from "./tools/definitions.ts"

/** OpenCode has started by then, and nobody waits for what is loaded now (ms). */
const startWithin = 1_000

const server = async (input: PluginInput, options?: unknown): Promise<Hooks> => {
  const env = { ...process.env }
  const home = homedir()
  const over = new AbortController()
  let loading: Promise<Loaded> | undefined
  let starting: Promise<Running> | undefined
  let running: Running | undefined
  /** What terminals said before it was at work. */
  const said: Array<Parameters<Hooks["event"]>[0]> = []
  let hear = () => {}
  /** Somebody has said something, so this is the copy that is spoken to. */
  const heard = new Promise<void>((resolve) => {
    hear = resolve
  })

  const load = (): Promise<Loaded> => {
    loading ??= import("./Plugin.ts").then(({ load }) => load({ input, options, home, env }))
    return loading
  }

  /** The plugin at work; whoever asks first starts it. */
  const plugin = (): Promise<Running> => {
    starting ??= load().then(async ({ start }) => {
      running = start()
      await Promise.all(said.splice(0).map(running.event))
      return running
    })
    return starting
  }

  /** What was left behind goes on even where nobody does anything; not in a copy that nobody speaks to. */
  const wake = async (): Promise<void> => {
    await sleep(startWithin, undefined, { ref: false, signal: over.signal })
    if (starting === undefined && said.length === 0 && await Knock.knock(input, over.signal)) await heard
    if (!over.signal.aborted) await plugin()
  }

  const toolOf = (id: ToolName): ToolDefinition => ({
    description: definitions[id].description,
    args: definitions[id].jsonSchema.properties,
    execute: async (args, context) => {
      try {
        return await (await plugin()).use(id, args, context)
      } catch (error) {
        const output = `${id} failed, because Errand could not be started: ${String(error)}. Tell the person: `
          + "the plugin opencode-errand has to be installed again."
        return { title: "failed", output, metadata: {} }
      }
    }
  })

  void wake().catch(() => undefined)

  return {
    dispose: safely(async () => {
      over.abort()
      await (await starting)?.dispose()
    }),
    // Before it is at work there is nothing that it would have to hear, but that somebody looks.
    event: safely(async (event) => {
      if (running !== undefined) await running.event(event)
      else if (Knock.isCommand(event.event)) {
        if (said.length < 32) said.push(event)
        hear()
      }
    }),
    config: safely(async (config) => {
      const settings = await mention("agents", { directory: input.directory, home, env }, options)
        ? (await load()).settings
        : { agents: true }
      Object.assign(config, addCrew(config, settings))
    }),
    tool: {
      delegate_task: toolOf("delegate_task"),
      background_output: toolOf("background_output"),
      background_cancel: toolOf("background_cancel")
    },
    "tool.definition": safely(async ({ toolID }, output) => {
      const definition = Object.entries(definitions).find(([id]) => id === toolID)?.[1]
      if (definition !== undefined) output.jsonSchema = definition.jsonSchema
    }),
    "chat.message": safely(async (...message) => (await plugin())["chat.message"](...message)),
    // Before every request: it is worth no wait for the rest.
    "experimental.chat.messages.transform": safely(async (_, { messages }) => restoreAll(messages)),
    "experimental.session.compacting": safely(async (...summary) =>
      (await plugin())["experimental.session.compacting"](...summary)
    ),
    "experimental.text.complete": safely(async (...text) => (await plugin())["experimental.text.complete"](...text))
  }
}

/** A hook that cannot fail, whatever OpenCode passes to it: what goes wrong in it is ours alone. */
const safely = <Args extends ReadonlyArray<unknown>>(hook: (...args: Args) => Promise<void>) =>
async (
  ...args: Args
): Promise<void> => {
  try {
    await hook(...args)
  } catch {
    return
  }
}

/**
 * Whether any settings so much as mention a key, as it is or in the disguise of an escape: only then have they to be read
 * as they are meant.
 */
const mention = async (key: string, surroundings: ConfigPlaces.Surroundings, options: unknown): Promise<boolean> => {
  const texts = await Promise.all(
    ConfigPlaces.files(surroundings).map((file) => readFile(file, "utf8").catch(() => ""))
  )
  return [...texts, JSON.stringify(options) ?? ""].some((text) => text.includes(`"${key}"`) || text.includes("\\u"))
}

export default { id: "opencode-errand", server }
