/**
 * Settings out of files and options, what is said of those that cannot be used, and the agents that come along.
 */
import { assert, layer } from "@effect/vitest"
import { type Sandbox, Script } from "@errand/lab"
import { Effect, Schedule, Schema } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { lastUser, live, patience, World, world } from "./support/b.ts"

const { script } = Script

/** A file beside the user's own OpenCode configuration. */
const inUserDirectory = (name: string, text: string) => ({ configDir }: Sandbox.Sandbox) =>
  Effect.promise(() => writeFile(join(configDir, name), text))

/** The limits that are in force, in the words in which an agent is told of them. */
const limits = Effect.gen(function*() {
  const { parent, requestsOf, server } = yield* World
  const session = yield* parent
  yield* server.prompt(session, `ulw ${script([{ say: "ok" }])}`)
  const [request] = yield* requestsOf(session)
  return /run at most: (.*?)\. What/.exec(request === undefined ? "" : lastUser(request))?.[1]
})

const AgentList = Schema.Array(Schema.Struct({
  name: Schema.String,
  mode: Schema.String,
  description: Schema.optionalKey(Schema.String),
  model: Schema.optionalKey(Schema.Struct({ providerID: Schema.String, modelID: Schema.String })),
  permission: Schema.Array(Schema.Struct({
    permission: Schema.String,
    pattern: Schema.String,
    action: Schema.String
  }))
}))

const agents = Effect.gen(function*() {
  const { server } = yield* World
  const { body } = yield* server.request("GET", "/agent")
  return Schema.decodeUnknownSync(AgentList)(body)
})

/** What is said in the log once the plugin has had time to, and in the toast that comes after it, where one is to come. */
const complaints = Effect.fnUntraced(function*(expected: number, shown = true) {
  const { server } = yield* World
  const lines = Effect.map(
    server.logs,
    (logs) =>
      logs.split("\n").filter((line) => line.includes("message=\"errand: ")).map((line) =>
        line.replaceAll("\\\"", "\"")
      )
  )
  const log = yield* lines.pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (all) => all.length >= expected }),
    Effect.timeout(patience)
  )
  const isToast = ({ type }: { readonly type: string }) => type === "tui.toast.show"
  // It is sent right after the last line.
  yield* shown ? server.waitFor(isToast, { timeout: patience, what: "the toast" }) : Effect.sleep("1 second")
  const toast = (yield* server.events).find(isToast)
  return { log, toast: toast === undefined ? undefined : String(toast.properties["message"]) }
})

layer(
  world({
    providers: { anthropic: ["claude-opus-4-5"] },
    config: {
      agent: {
        oracle: { mode: "subagent", description: "My own oracle.", prompt: "You are mine." },
        Momus: { mode: "subagent", description: "My own Momus.", prompt: "You are mine." },
        librarian: { model: "anthropic/claude-opus-4-5" }
      }
    },
    prepare: inUserDirectory(
      "errand.jsonc",
      `{
        // Of the user.
        "providerConcurrency": { "fake": 7, "anthropic": 6 },
        "defaultConcurrency": 4,
        "maxConcurrency": 8,
        "pollIntervalMs": 1000,
      }`
    ),
    files: {
      ".opencode/errand.jsonc": JSON.stringify({
        providerConcurrency: { fake: 3, antropic: 1 },
        modelConcurrency: { "m-none": 1 },
        maxConcurrency: 9,
        taskTtlMs: "soon",
        permissions: "never",
        maxDeph: 2
      }),
      // Not read: Errand has files of its own.
      ".opencode/oh-my-opencode.json": JSON.stringify({ background_task: { providerConcurrency: { fake: 1 } } })
    },
    settings: { defaultConcurrency: 2 }
  }),
  live
)("settings", (it) => {
  it.effect("of the project go over the user's, and the plugin's options over both, key by key", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* limits,
        "1 of model m-none, 3 of provider fake, 6 of provider anthropic, 1 of provider antropic, 2 of any other model, "
          + "and 9 in all"
      )
    }))

  it.effect("that cannot be used are named with their file, what was found and what is allowed; defaults hold", () =>
    Effect.gen(function*() {
      const { sandbox } = yield* World
      const { log, toast } = yield* complaints(5)
      const file = join(sandbox.project, ".opencode", "errand.jsonc")
      const expected = [
        `${file}: taskTtlMs is "soon", but must be a whole number, 0 or more. The default is used: 1800000.`,
        `${file}: permissions is "never", but must be "ask" or "reject". The default is used: "ask".`,
        `${file}: there is no setting "maxDeph"; did you mean maxDepth? It is ignored.`,
        "providerConcurrency[\"antropic\"] has no effect: OpenCode knows no provider of that name. "
        + "Did you mean \"anthropic\"?",
        "modelConcurrency[\"m-none\"] has no effect: OpenCode knows no model of that name."
      ]
      for (const message of expected) {
        assert.isTrue(log.some((line) => line.includes(`errand: ${message}`)), `${message}\n${log.join("\n")}`)
      }
      assert.lengthOf(log, expected.length)
      assert.match(toast ?? "none", /errand\.jsonc: .* \(and 2 more, see the log\)$/)
    }))

  it.effect("leave out the crew whose names the user has given to others, in any case", () =>
    Effect.gen(function*() {
      const all = yield* agents
      const described = (name: string) =>
        all.filter((agent) => agent.name.toLowerCase() === name).map(({ description }) => description)
      assert.deepStrictEqual(described("oracle"), ["My own oracle."])
      assert.deepStrictEqual(described("momus"), ["My own Momus."])
      assert.match(described("librarian").join(), /^Documentation and prior art/)
      // That one is only tuned: it has its model, and reads only.
      const librarian = all.find(({ name }) => name === "librarian")
      assert.deepInclude(librarian, {
        mode: "subagent",
        model: { providerID: "anthropic", modelID: "claude-opus-4-5" }
      })
      assert.strictEqual(
        librarian?.permission.findLast(({ permission }) => ["edit", "*"].includes(permission))?.action,
        "deny"
      )
    }))
})

/** As the tutorial has it, comments and all. */
const tutorial = `{
  "$schema": "https://code-yeongyu.github.io/oh-my-opencode/schema.json",

  "background_task": {
    // Provider 级并发限制(推荐设置)
    "providerConcurrency": {
      "anthropic": 3,     // Anthropic 模型最多同时 3 个
      "openai": 2,         // OpenAI 模型最多同时 2 个
      "google": 2          // Google 模型最多同时 2 个
    },

    // Model 级并发限制(优先级最高)
    "modelConcurrency": {
      "claude-opus-4-5": 2,    // Opus 4.5 最多同时 2 个
      "gpt-5.2": 2              // GPT 5.2 最多同时 2 个
    },

    // 默认并发限制(当上面都没配置时使用)
    "defaultConcurrency": 3
  }
}
`

layer(
  world({
    providers: { anthropic: ["claude-opus-4-5"], openai: ["gpt-5.2"], google: ["gemini"] },
    prepare: inUserDirectory("oh-my-opencode.json", tutorial)
  }),
  live
)("the older tool's file", (it) => {
  it.effect("is read where there is no other: the tutorial's own example", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* limits,
        "2 of model claude-opus-4-5, 2 of model gpt-5.2, 3 of provider anthropic, 2 of provider openai, "
          + "2 of provider google, 3 of any other model"
      )
    }))

  it.effect("does not stop a model with a limit of its own from going over its provider's, and one is told so", () =>
    Effect.gen(function*() {
      const { log, toast } = yield* complaints(2, false)
      assert.isUndefined(toast)
      assert.lengthOf(log, 2)
      assert.include(log[0] ?? "", "\"anthropic\"] is 3, but up to 5 tasks of that provider can run at once")
      assert.include(log[1] ?? "", "\"openai\"] is 2, but up to 4 tasks of that provider can run at once")
    }))

  it.effect("brings the crew along as subagents that only read", () =>
    Effect.gen(function*() {
      const { asked, launch, parent, told } = yield* World
      const all = yield* agents
      const session = yield* parent
      for (const name of ["librarian", "oracle", "momus"]) {
        const agent = all.find((agent) => agent.name === name)
        assert.strictEqual(agent?.mode, "subagent")
        const rules = agent?.permission ?? []
        for (const permission of ["edit", "bash", "task", "question"]) {
          const last = rules.findLast((rule) => rule.permission === permission || rule.permission === "*")
          assert.deepStrictEqual(last, { permission, pattern: "*", action: "deny" })
        }
        const child = yield* launch(session, script([{ say: `${name} has read` }]), { agent: name.toUpperCase() })
        assert.include(child.output, `Agent: ${name}`)
        yield* told(session, new RegExp(`${name} has read`))
        const tools = (yield* asked(child.session)).tools.map((tool) => tool.name)
        assert.includeMembers(tools, ["read", "grep", "glob"])
        for (const tool of ["edit", "write", "patch", "bash", "task", "question"]) assert.notInclude(tools, tool)
      }
    }))
})

layer(world({ settings: { agents: false, ultrawork: false, toasts: false, taskTtlMs: -1 } }), live)(
  "switched off",
  (it) => {
    it.effect("agents: there is no crew", () =>
      Effect.gen(function*() {
        const names = (yield* agents).map(({ name }) => name)
        assert.includeMembers(names, ["general", "explore"])
        for (const name of ["librarian", "oracle", "momus"]) assert.notInclude(names, name)
        const { call, parent } = yield* World
        const output = yield* call(yield* parent, "delegate_task", { agent: "oracle", description: "-", prompt: "x" })
        assert.include(output, "Unknown agent: \"oracle\". Pass one of these as agent: explore, general.")
      }))

    it.effect("ultrawork: a message is what was written", () =>
      Effect.gen(function*() {
        const { parent, server } = yield* World
        const session = yield* parent
        yield* server.prompt(session, "ulw")
        const parts = (yield* server.messages(session))[0]?.parts.map((part) => part.type === "text" ? part.text : part)
        assert.deepStrictEqual(parts, ["ulw"])
      }))

    it.effect("toasts: there are none, and what is wrong is in the log", () =>
      Effect.gen(function*() {
        const { launch, parent, server, told } = yield* World
        const session = yield* parent
        yield* launch(session, script([{ fail: { status: 400, body: "bad" } }]))
        yield* told(session, /FAILED/)
        // Nobody tells when nothing is shown: the log is written at the time at which a toast would be.
        const logged = Effect.map(server.logs, (logs) =>
          logs.includes("plugin options: taskTtlMs is -1, but must be a whole number, 0 or more."))
        yield* Effect.repeat(Effect.delay(logged, 50), {
          until: (done) =>
            done
        }).pipe(Effect.timeout(patience))
        assert.isFalse((yield* server.events).some(({ type }) => type === "tui.toast.show"))
      }))
  }
)
