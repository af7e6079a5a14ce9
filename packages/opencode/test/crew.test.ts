import { assert, describe, it } from "@effect/vitest"
import type { Config } from "@opencode-ai/sdk"
import { addCrew, type AgentsConfig, crew, missingCrew } from "../src/Crew.ts"

describe("crew", () => {
  it("adds librarian, oracle and momus, and leaves everything else alone", () => {
    const mine = { description: "mine" }
    const config: Config = { model: "a/b", agent: { build: mine } }
    const before = structuredClone(config)
    const added: Config = addCrew(config, { agents: true })
    assert.deepStrictEqual(config, before)
    assert.deepStrictEqual(Object.keys(added.agent ?? {}), ["build", "librarian", "oracle", "momus"])
    assert.strictEqual(added.agent?.["build"], mine)
    assert.strictEqual(added.model, "a/b")
    assert.deepStrictEqual(Object.keys(addCrew({}, { agents: true }).agent ?? {}), ["librarian", "oracle", "momus"])
  })

  it("a user's agent of that name stays as it is, whatever its case", () => {
    const config = { agent: { Oracle: { disable: true }, MOMUS: { description: "x" } } }
    assert.deepStrictEqual(Object.keys(missingCrew(config, { agents: true })), ["librarian"])
    const all = { agent: { Oracle: { prompt: "mine" }, MOMUS: { disable: true }, librarian: { description: "mine" } } }
    assert.strictEqual(addCrew(all, { agents: true }), all)
  })

  it("one that a user only tunes keeps its prompt and its rules, under the name that the user wrote", () => {
    const config = { agent: { Oracle: { model: "openai/gpt-5.2", temperature: 0.1 }, momus: { prompt: "mine" } } }
    const { agent = {} }: AgentsConfig = addCrew(config, { agents: true })
    assert.deepStrictEqual(Object.keys(agent), ["Oracle", "momus", "librarian"])
    assert.deepStrictEqual(agent["Oracle"], { ...crew["oracle"], model: "openai/gpt-5.2", temperature: 0.1 })
    assert.deepStrictEqual(agent["momus"], { prompt: "mine" })
  })

  it("F2 is tuned as OpenCode shows entries, completed; a user's rule takes the place of ours, and one for all undoes none", () => {
    const rules = (permission: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => {
      const entry = { model: "a/b", options: {}, permission, ...more }
      const { agent = {} }: AgentsConfig = addCrew({ agent: { oracle: entry } }, { agents: true })
      const oracle = agent["oracle"]
      assert.deepInclude(oracle, { model: "a/b", prompt: crew["oracle"]?.prompt, ...more })
      return typeof oracle === "object" && oracle !== null && "permission" in oracle ? oracle.permission : undefined
    }
    const ours = { ...crew["oracle"]?.permission }
    assert.deepStrictEqual(rules({}), ours)
    assert.deepStrictEqual(rules({}, { mode: "all", hidden: true, reasoningEffort: "high" }), ours)
    assert.deepStrictEqual(rules({ bash: "ask" }), { ...ours, bash: "ask" })
    assert.deepStrictEqual(Object.keys(rules({ "*": "allow" }) ?? {}), ["*", ...Object.keys(ours)])
  })

  it("is off with agents: false", () => {
    const config = { agent: {} }
    assert.strictEqual(addCrew(config, { agents: false }), config)
  })

  it("F2 only reads and asks nobody: what is denied is denied, and nothing that a user denies is allowed", () => {
    for (const agent of Object.values(crew)) {
      assert.strictEqual(agent.mode, "subagent")
      assert.includeMembers(Object.keys(agent.permission), ["edit", "bash", "task", "todowrite", "question"])
      assert.deepStrictEqual([...new Set(Object.values(agent.permission))], ["deny"])
      assert.isBelow(agent.prompt.split("\n").length, 30)
    }
  })
})
