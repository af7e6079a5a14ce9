/**
 * A plugin, loaded and used as OpenCode 1.18.33 does it: what its module may export, what it is given, its hooks.
 *
 * What comes from a plugin is of no known form, so it is looked at piece by piece.
 */
import { createOpencodeClient } from "@opencode-ai/sdk"
import { pathToFileURL } from "node:url"
import type { Call, Start } from "./Protocol.ts"

/** What of a plugin is used here. */
export interface Plugin {
  /** How long the import of its module and its own function took (ms). */
  readonly loaded: { readonly importing: number; readonly starting: number }
  readonly hear: (event: unknown) => void
  /** Waits until the plugin has dealt with the messages so far: OpenCode asks the model, and calls its tools, only then. */
  readonly heard: () => Promise<unknown>
  /** What the agent reads. Rejects where the tool throws, or where there is none. */
  readonly call: (call: Call) => Promise<string>
  readonly dispose: () => Promise<void>
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null

const isFunction = (value: unknown): value is (...args: Array<unknown>) => unknown => typeof value === "function"

/** The plugin's function: of `default { id, server }`, else the default export, else the first that is exported. */
const functionOf = (module: Fields) => {
  const { default: main } = module
  const found = isFields(main) ? main["server"] : main ?? Object.values(module).find(isFunction)
  if (!isFunction(found)) throw new Error("the module exports no plugin")
  return found
}

/**
 * The user's message that an event tells of. OpenCode hands each to plugins before it stores it, and that is how they
 * know who speaks in a session; here it is read from its event, which comes once for each, without its text.
 */
const spoken = (event: unknown): Fields | undefined => {
  const { properties, type } = isFields(event) ? event : {}
  if (type !== "message.updated" || !isFields(properties)) return undefined
  const { info } = properties
  return isFields(info) && info["role"] === "user" ? info : undefined
}

export const load = async ({ directory, entry, url }: Start): Promise<Plugin> => {
  const began = performance.now()
  const module: unknown = await import(pathToFileURL(entry).href)
  const imported = performance.now()
  const input = {
    client: createOpencodeClient({ baseUrl: url, directory }),
    project: { id: "bench", worktree: directory, vcs: "git", time: { created: Date.now() } },
    directory,
    worktree: directory,
    experimental_workspace: { register: () => undefined },
    serverUrl: new URL(url),
    // Bun's shell, where there is one: this runs under Bun.
    $: Reflect.get(Reflect.get(globalThis, "Bun") ?? {}, "$")
  }
  const made: unknown = await functionOf(isFields(module) ? module : {})(input)
  const hooks = isFields(made) ? made : {}
  const started = performance.now()
  // A hook is a method: it may use the others. What it throws at once is a rejection like any other.
  const hook = async (name: string, ...args: Array<unknown>): Promise<unknown> => {
    const found = hooks[name]
    return isFunction(found) ? found.apply(hooks, args) : undefined
  }
  await hook("config", { agent: {}, command: {}, mcp: {}, provider: {}, permission: {}, plugin: [] })

  const call = async ({ args, session, tool }: Call): Promise<string> => {
    const tools = hooks["tool"]
    const found = isFields(tools) ? tools[tool] : undefined
    if (!isFields(found) || !isFunction(found["execute"])) throw new Error(`the plugin has no tool ${tool}`)
    // As the model wrote them: OpenCode only shows it the tool's schemas, and neither checks by them nor fills in defaults.
    const result: unknown = await found["execute"](args, {
      sessionID: session,
      messageID: "msg_bench",
      callID: "call_bench",
      agent: "build",
      abort: new AbortController().signal,
      messages: [],
      extra: {},
      directory,
      worktree: directory,
      metadata: () => undefined,
      ask: async () => undefined
    })
    return isFields(result) ? String(result["output"]) : String(result)
  }

  let heard: Promise<unknown> = Promise.resolve()

  return {
    heard: () => heard,
    loaded: { importing: imported - began, starting: started - imported },
    // Nobody waits for an event in OpenCode either; what a hook throws there is only logged.
    hear: (event) => {
      const message = spoken(event)
      if (message !== undefined) {
        const said = { ...message, messageID: message["id"] }
        heard = Promise.all([heard, hook("chat.message", said, { message, parts: [] }).catch(() => undefined)])
      }
      void hook("event", { event }).catch(() => undefined)
    },
    call,
    dispose: async () => void (await hook("dispose"))
  }
}
