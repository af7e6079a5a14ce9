/**
 * What there is on this OpenCode: agents, providers, the configuration. In OpenCode's own form, as far as plugins are
 * known to read it; a real one has many more models, and sends longer lists.
 */
import type { Settings } from "./Reports.ts"
import type { ModelRef } from "./wire.ts"

export type Catalog = ReturnType<typeof make>

const allowAll = [{ permission: "*", pattern: "*", action: "allow" }]

const agent = (name: string, mode: "primary" | "subagent", hidden = false) => ({
  name,
  description: `The agent ${name}`,
  mode,
  native: true,
  ...(hidden ? { hidden } : {}),
  permission: allowAll,
  options: {}
})

const modelOf = (providerID: string, id: string) => ({
  id,
  providerID,
  api: { id, url: "", npm: "@ai-sdk/openai-compatible" },
  name: id,
  family: "",
  capabilities: {
    temperature: false,
    reasoning: false,
    attachment: false,
    toolcall: true,
    input: { text: true, audio: false, image: false, video: false, pdf: false },
    output: { text: true, audio: false, image: false, video: false, pdf: false },
    interleaved: false
  },
  cost: { input: 0, output: 0, cache: { read: 0, write: 0 } },
  limit: { context: 200_000, output: 8_192 },
  status: "active",
  options: {},
  headers: {},
  release_date: "",
  variants: {}
})

const providerOf = (id: string, models: ReadonlyArray<string>) => ({
  id,
  name: id,
  source: "config",
  env: [],
  options: { apiKey: "no-key" },
  models: Object.fromEntries(models.map((model) => [model, modelOf(id, model)]))
})

/** A model by its text, `provider/model`. */
export const parseModel = (text: string): ModelRef => {
  const slash = text.indexOf("/")
  return { providerID: text.slice(0, slash), modelID: text.slice(slash + 1) }
}

export const make = (settings: Settings) => {
  const { agents = [], directory = "/project", model = "fake/m1", providers = { fake: ["m1", "m2", "m3", "m4"] } } =
    settings
  const all = [
    agent("build", "primary"),
    agent("plan", "primary"),
    ...["general", "explore", ...agents].map((name) => agent(name, "subagent")),
    ...["compaction", "summary", "title"].map((name) => agent(name, "primary", true))
  ]
  const names = new Set(all.map(({ name }) => name))
  const list = Object.entries(providers).map(([id, models]) => providerOf(id, models))
  const defaults = Object.fromEntries(Object.entries(providers).map(([id, models]) => [id, models.at(-1) ?? ""]))
  const json = {
    agents: JSON.stringify(all),
    providers: JSON.stringify({ providers: list, default: defaults }),
    provider: JSON.stringify({ all: list, default: defaults, connected: list.map(({ id }) => id) }),
    config: JSON.stringify({
      $schema: "https://opencode.ai/config.json",
      command: {},
      snapshot: false,
      plugin: [],
      share: "disabled",
      autoupdate: false,
      model,
      small_model: model,
      username: "bench",
      mode: {},
      agent: {},
      provider: Object.fromEntries(list.map(({ id, name, options }) => [id, { name, options }]))
    })
  }
  return {
    directory,
    model: parseModel(model),
    agents: all.filter(({ hidden }) => hidden !== true).map(({ name }) => name).toSorted(),
    hasAgent: (name: string) => names.has(name),
    hasModel: ({ modelID, providerID }: ModelRef) => providers[providerID]?.includes(modelID) === true,
    json
  }
}
