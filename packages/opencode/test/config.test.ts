import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { merge, type Source } from "../src/config/Config.ts"
import { FileUnreadable, fromDisk, load, type ReadFile } from "../src/config/ConfigFiles.ts"
import { jsonSchema } from "../src/config/ConfigSchema.ts"
import { warnings } from "../src/config/ConfigWarnings.ts"
import { defaults, PluginSettings } from "../src/config/PluginSettings.ts"
import { clean } from "./fixtures.ts"

const file = (source: string, text: string): Source => ({ source, content: { text } })
const said = (...sources: ReadonlyArray<Source>): ReadonlyArray<string> =>
  merge(sources).problems.map((problem) => problem.message)

describe("merge", () => {
  it("F8 nothing at all gives the defaults of the design", () => {
    const { settings, problems } = merge([])
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(settings, defaults)
    assert.strictEqual(settings.defaultConcurrency, 5)
    assert.strictEqual(settings.permissions, "ask")
    assert.strictEqual(settings.permissionWaitMs, 600_000)
    assert.strictEqual(settings.noticeMaxChars, 2_000)
    assert.deepStrictEqual([settings.agents, settings.ultrawork, settings.toasts], [true, true, true])
    assert.strictEqual(settings.runHoldMs, 1_800_000)
  })

  it("reads comments and trailing commas; the later source wins key by key, in records too", () => {
    const { settings, problems } = merge([
      file(
        "user",
        `\ufeff{ // mine
        "$schema": "https://example.com/errand.schema.json",
        "providerConcurrency": { "anthropic": 3, "openai": 2, },
        "taskTtlMs": 1000, "toasts": false,
      }`
      ),
      file("project", "{ \"providerConcurrency\": { \"anthropic\": 0, \"google\": 2 }, \"toasts\": true }"),
      { source: "plugin options", content: { value: { taskTtlMs: 2_000, ultrawork: undefined } } }
    ])
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(settings, {
      ...defaults,
      providerConcurrency: { anthropic: 0, openai: 2, google: 2 },
      taskTtlMs: 2_000,
      toasts: true
    })
  })

  it("an invalid value costs its own key: it names file, key, what was found, what is allowed, what is used", () => {
    const user = file("user", "{ \"maxConcurrency\": 4 }")
    const project = file(
      "project",
      JSON.stringify({
        maxConcurrency: "4",
        defaultConcurrency: -1,
        staleTimeoutMs: 1.5,
        permissions: "never",
        agents: "yes",
        modelConcurrency: 3,
        providerConcurrency: { anthropic: null, openai: 2 },
        pollIntervalMs: 0,
        stablePolls: 7
      })
    )
    const { settings, problems } = merge([user, project])
    assert.deepStrictEqual(problems.map((problem) => problem.message), [
      "project: maxConcurrency is \"4\", but must be a whole number, 0 or more. 4 is used, from user.",
      "project: defaultConcurrency is -1, but must be a whole number, 0 or more. The default is used: 5.",
      "project: staleTimeoutMs is 1.5, but must be a whole number, 0 or more. The default is used: 180000.",
      "project: permissions is \"never\", but must be \"ask\" or \"reject\". The default is used: \"ask\".",
      "project: agents is \"yes\", but must be true or false. The default is used: true.",
      "project: modelConcurrency is 3, but must be an object of whole numbers, for example {\"anthropic\": 2}. "
      + "It is ignored.",
      "project: providerConcurrency.anthropic is null, but must be a whole number, 0 or more. It is ignored.",
      "project: pollIntervalMs is 0, but must be a whole number, 1 or more. The default is used: 2000."
    ])
    assert.deepStrictEqual(problems[6]?.key, "providerConcurrency.anthropic")
    assert.deepStrictEqual(settings, {
      ...defaults,
      maxConcurrency: 4,
      providerConcurrency: { openai: 2 },
      stablePolls: 7
    })
  })

  it("says what is used in the end, from whichever source", () => {
    assert.deepStrictEqual(
      said(
        file("user", "{\"providerConcurrency\":{\"a\":-1}}"),
        file("project", "{\"providerConcurrency\":{\"a\":2}}")
      ),
      ["user: providerConcurrency.a is -1, but must be a whole number, 0 or more. 2 is used, from project."]
    )
  })

  it("an unknown key is a problem, with the key that was meant", () => {
    assert.deepStrictEqual(said(file("user", "{\"defaultConcurency\":3,\"bananas\":1}")), [
      "user: there is no setting \"defaultConcurency\"; did you mean defaultConcurrency? It is ignored.",
      "user: there is no setting \"bananas\". It is ignored."
    ])
  })

  it("a broken file is ignored and says where it is broken", () => {
    assert.deepStrictEqual(said(file("user", "{\n  \"toasts\": ,\n}")), [
      "user: value expected at line 2, column 13. The file is ignored."
    ])
    assert.deepStrictEqual(merge([file("user", "{\"toasts\": false")]).settings, defaults)
    assert.deepStrictEqual(said(file("user", "[".repeat(200_000))), ["user: nested too deeply. The file is ignored."])
    assert.deepStrictEqual(said(file("user", "[1]")), [
      "user: expected an object with settings, found a list. It is ignored."
    ])
    assert.deepStrictEqual(said(file("user", " \n")), [])
  })

  it("takes one section of the older tool's file, and nothing else in it is our business", () => {
    const older = (background_task: unknown): Source => ({
      source: "omo",
      section: "background_task",
      content: { text: JSON.stringify({ agents: { oracle: {} }, background_task }) }
    })
    const { settings, problems } = merge([older({ defaultConcurrency: 3, circuitBreaker: { enabled: true } })])
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(settings, { ...defaults, defaultConcurrency: 3 })
    assert.deepStrictEqual(said(older(undefined)), [])
    assert.deepStrictEqual(said(older(3)), ["omo: background_task must be an object, found 3. It is ignored."])
    assert.include(said(older({ defaultConcurrency: "3" }))[0], "omo: defaultConcurrency is \"3\", but must be")
  })

  const isSettings = Schema.is(Schema.toType(PluginSettings))
  const Member = Schema.Tuple([Schema.Literals([...Object.keys(PluginSettings.fields), "__proto__", "x"]), Schema.Json])

  it.prop("any text as a file never throws and gives valid settings", { text: Schema.String }, ({ text }) => {
    const { settings, problems } = merge([file("user", text), file("project", `{"toasts": ${text}}`)])
    return isSettings(settings) && problems.every((problem) => clean(problem.message, text))
  }, { arbitrary: { runs: 500 } })

  it.prop(
    "any values of known settings never throw and give valid settings, what is valid being kept",
    { user: Schema.Array(Member), project: Schema.Array(Member) },
    ({ user, project }) => {
      // As text, `-0` is `0`.
      const text = JSON.stringify(Object.fromEntries(user))
      const { settings, problems } = merge([
        file("user", text),
        { source: "options", content: { value: Object.fromEntries(project) } }
      ])
      assert.isTrue(isSettings(settings))
      const whole = Schema.decodeOption(Schema.fromJsonString(PluginSettings), { onExcessProperty: "error" })(text)
      if (Option.isSome(whole) && project.length === 0) assert.deepStrictEqual(settings, whole.value)
      return problems.every((problem) => clean(problem.message, [user, project]))
    },
    { arbitrary: { runs: 300 } }
  )
})

describe("load", () => {
  const surroundings = { directory: "/p", home: "/home/me", env: {} }
  const disk = (files: Readonly<Record<string, string>>): ReadFile => (path) =>
    path.endsWith("secret.json") || files[path] === "EACCES"
      ? Effect.fail(new FileUnreadable({ path, message: "EACCES" }))
      : Effect.succeed(Option.fromUndefinedOr(files[path]))

  it.effect("user, then project, then options", () =>
    Effect.gen(function*() {
      const loaded = yield* load(
        surroundings,
        { maxConcurrency: 9 },
        disk({
          "/home/me/.config/opencode/errand.json": "{\"maxConcurrency\":1,\"taskTtlMs\":1,\"maxDepth\":1}",
          "/p/.opencode/errand.jsonc": "{\"maxConcurrency\":2,\"taskTtlMs\":2,}",
          "/p/.opencode/oh-my-opencode.json": "{\"background_task\":{\"maxDepth\":7}}"
        })
      )
      assert.deepStrictEqual(loaded.sources, [
        "/home/me/.config/opencode/errand.json",
        "/p/.opencode/errand.jsonc",
        "plugin options"
      ])
      assert.deepStrictEqual(loaded.problems, [])
      assert.deepStrictEqual(loaded.settings, { ...defaults, maxConcurrency: 9, taskTtlMs: 2, maxDepth: 1 })
    }))

  it.effect("the older tool's file counts where there is no other", () =>
    Effect.gen(function*() {
      const files = {
        "/home/me/.config/opencode/oh-my-opencode.json": "{\"background_task\":{\"maxDepth\":7,\"stablePolls\":5}}",
        "/p/.opencode/oh-my-opencode.jsonc": "{\"background_task\":{\"maxDepth\":6,},}"
      }
      const loaded = yield* load(surroundings, undefined, disk(files))
      assert.deepStrictEqual(loaded.settings, { ...defaults, maxDepth: 6, stablePolls: 5 })
      assert.deepStrictEqual(loaded.problems, [])
      const own = yield* load(surroundings, undefined, disk({ ...files, "/p/.opencode/errand.json": "{" }))
      assert.deepStrictEqual(own.settings, defaults)
      assert.deepStrictEqual(own.sources, ["/p/.opencode/errand.json"])
    }))

  it.effect("beside OpenCode's own configuration: XDG_CONFIG_HOME or ~/.config, and OPENCODE_CONFIG_DIR above all", () =>
    Effect.gen(function*() {
      const files = disk({
        "/c/errand.json": "{\"maxDepth\":1}",
        "/x/opencode/errand.json": "{\"maxDepth\":2,\"stablePolls\":2}",
        "/home/me/.config/opencode/errand.json": "{\"maxDepth\":4,\"stablePolls\":4}",
        "/p/.opencode/errand.json": "{\"maxConcurrency\":5}"
      })
      const found = (env: Record<string, string>) =>
        Effect.map(
          load({ ...surroundings, env }, undefined, files),
          ({ settings: { maxConcurrency, maxDepth, stablePolls } }) => [maxDepth, stablePolls, maxConcurrency]
        )
      assert.deepStrictEqual(yield* found({ OPENCODE_CONFIG_DIR: "/c", XDG_CONFIG_HOME: "/x" }), [1, 2, 5])
      assert.deepStrictEqual(yield* found({ OPENCODE_CONFIG_DIR: "", XDG_CONFIG_HOME: "/x" }), [2, 2, 5])
      assert.deepStrictEqual(yield* found({ XDG_CONFIG_HOME: "" }), [4, 4, 5])
      assert.deepStrictEqual(yield* found({ OPENCODE_DISABLE_PROJECT_CONFIG: "1" }), [4, 4, 0])
    }))

  it.effect("in a folder of a project its settings count as in the project, and the nearest most", () =>
    Effect.gen(function*() {
      const files = disk({
        "/p/.opencode/errand.json": "{\"maxDepth\":1,\"stablePolls\":2}",
        "/p/a/.opencode/errand.json": "{\"maxDepth\":2}",
        "/p/b/.opencode/errand.json": "{\"maxDepth\":4}"
      })
      const loaded = yield* load({ ...surroundings, directory: "/p/a/src" }, undefined, files)
      assert.deepStrictEqual(loaded.settings, { ...defaults, maxDepth: 2, stablePolls: 2 })
      assert.deepStrictEqual(loaded.sources, ["/p/.opencode/errand.json", "/p/a/.opencode/errand.json"])
    }))

  it.effect("jsonc before json, and says so; an unreadable file is a problem, not a failure", () =>
    Effect.gen(function*() {
      const loaded = yield* load(
        surroundings,
        null,
        disk({
          "/p/.opencode/errand.jsonc": "{\"maxDepth\":2}",
          "/p/.opencode/errand.json": "{\"maxDepth\":1}",
          "/home/me/.config/opencode/errand.json": "EACCES"
        })
      )
      assert.strictEqual(loaded.settings.maxDepth, 2)
      assert.deepStrictEqual(loaded.problems.map((problem) => problem.message), [
        "/home/me/.config/opencode/errand.json: cannot be read (EACCES). The file is ignored.",
        "/p/.opencode/errand.json: ignored, because /p/.opencode/errand.jsonc is beside it. Keep one of them."
      ])
    }))

  it.effect("reads the disk", () =>
    Effect.gen(function*() {
      const self = yield* fromDisk(import.meta.filename)
      assert.isTrue(Option.exists(self, (text) => text.includes("reads the disk")))
      assert.isTrue(Option.isNone(yield* fromDisk(`${import.meta.dirname}/nothing.json`)))
      assert.isTrue(Option.isNone(yield* fromDisk(`${import.meta.filename}/errand.json`)))
      assert.strictEqual((yield* Effect.flip(fromDisk(import.meta.dirname))).message, "EISDIR")
    }))
})

describe("jsonSchema", () => {
  const Shape = Schema.Struct({
    required: Schema.optionalKey(Schema.Never),
    additionalProperties: Schema.Literal(false),
    properties: Schema.Record(Schema.String, Schema.Struct({ description: Schema.String }))
  })
  const Default = Schema.Struct({ default: Schema.Json })

  it("B18 has every setting with its description and the default that is used, $schema, and no other", () => {
    const { properties } = Schema.decodeUnknownSync(Shape)(jsonSchema())
    assert.deepStrictEqual(Object.keys(properties), ["$schema", ...Object.keys(PluginSettings.fields)])
    const { $schema, ...settings } = Schema.decodeUnknownSync(
      Schema.Struct({ properties: Schema.Record(Schema.String, Schema.Unknown) })
    )(jsonSchema()).properties
    assert.isDefined($schema)
    const values = Object.entries(settings).map((
      [key, value]
    ) => [key, Schema.decodeUnknownSync(Default)(value).default])
    assert.deepStrictEqual(Object.fromEntries(values), defaults)
  })
})

describe("warnings", () => {
  const known = [
    { provider: "anthropic", id: "opus" },
    { provider: "anthropic", id: "haiku" },
    { provider: "openrouter", id: "anthropic/opus" }
  ]
  const warned = (settings: Partial<PluginSettings>) => warnings({ ...defaults, ...settings }, known)

  it("A11 a key that matches no provider and no model", () => {
    assert.deepStrictEqual(
      warned({
        providerConcurrency: { antropic: 1, openrouter: 1 },
        modelConcurrency: { "opus": 1, "anthropic/haiku": 1, "anthropic/opus": 1, "gpt-5": 1 }
      }),
      [
        "providerConcurrency[\"antropic\"] has no effect: OpenCode knows no provider of that name. Did you mean \"anthropic\"?",
        "modelConcurrency[\"gpt-5\"] has no effect: OpenCode knows no model of that name."
      ]
    )
    assert.deepStrictEqual(warnings({ ...defaults, providerConcurrency: { x: 1 } }, []), [])
  })

  it("A10 a model with a limit of its own lets its provider exceed the provider's number", () => {
    const settings = { providerConcurrency: { anthropic: 3 }, modelConcurrency: { opus: 2 } }
    assert.deepStrictEqual(warned(settings), [
      "providerConcurrency[\"anthropic\"] is 3, but up to 5 tasks of that provider can run at once: opus has a limit of "
      + "its own (2), and the most specific limit counts alone. Set concurrencyPolicy to \"layered\" to make all of them count."
    ])
    assert.include(
      warned({ ...settings, modelConcurrency: { opus: 0 } })[0],
      "but any number of tasks of that provider"
    )
    assert.deepStrictEqual(warned({ ...settings, concurrencyPolicy: "layered" }), [])
    assert.deepStrictEqual(warned({ ...settings, maxConcurrency: 3 }), [])
    assert.deepStrictEqual(warned({ ...settings, providerConcurrency: { anthropic: 0 } }), [])
    // Every model has its own limit, so the provider's is never used, and their sum stays within it.
    assert.deepStrictEqual(warned({ ...settings, modelConcurrency: { opus: 2, haiku: 1 } }), [])
    assert.lengthOf(warned({ ...settings, modelConcurrency: { opus: 2, haiku: 2 } }), 1)
  })
})
