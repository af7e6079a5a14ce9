/**
 * The rim, configuration: whatever stands in a file, the settings can be used, and what was not used is said.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Option, Schema } from "effect"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileUnreadable, load, type Loaded, type ReadFile } from "../../src/config/ConfigFiles.ts"
import { warnings } from "../../src/config/ConfigWarnings.ts"
import { defaults, PluginSettings } from "../../src/config/PluginSettings.ts"
import { clean } from "../fixtures.ts"
import { anyJson, below, objectOf, oneOf, trickyText } from "./support/arbitraries.ts"

const user = "/home/me/.config/opencode/errand.json"
const project = "/p/.opencode/errand.jsonc"
const older = "/p/.opencode/oh-my-opencode.json"
const surroundings = { directory: "/p", home: "/home/me", env: {} }

const disk = (files: Readonly<Record<string, string>>): ReadFile => (path) =>
  files[path] === "EACCES"
    ? Effect.fail(new FileUnreadable({ path, message: "EACCES" }))
    : Effect.succeed(Option.fromUndefinedOr(files[path]))

const loaded = (files: Readonly<Record<string, string>>, options?: unknown) => load(surroundings, options, disk(files))

const isSettings = Schema.is(Schema.toType(PluginSettings))
const keys = Object.keys(PluginSettings.fields)
const isKey = (key: string) => keys.includes(key)

/** What is so whatever was read. */
const isSound = ({ problems, settings }: Loaded, input: unknown): void => {
  assert.isTrue(isSettings(settings))
  for (const { message, source } of problems) {
    assert.isTrue(message.startsWith(`${source}: `), message)
    assert.match(message, /\.$/)
    assert.notInclude(message, "\n")
    assert.isTrue(clean(message, input), message)
  }
}

const said = (all: Loaded, source: string): ReadonlyArray<string> =>
  all.problems.filter((problem) => problem.source === source).map(({ message }) => message)

/** A JSON text with some of it missing, doubled, or put between comments. */
const spoilt = Arbitrary.map(
  Arbitrary.all({ value: anyJson, how: Arbitrary.schema(below(6)), at: Arbitrary.schema(below(1_000)) }),
  ({ at, how, value }) => {
    const text = JSON.stringify(value) ?? "undefined"
    const middle = Math.floor((text.length * at) / 1_000)
    switch (how) {
      case 0:
        return text.slice(0, middle)
      case 1:
        return text + text
      case 2:
        return `\ufeff// a comment\n${text}/* one without an end`
      case 3:
        return `${text.slice(0, middle)}\u0000${text.slice(middle)}`
      case 4:
        return "[".repeat(at * 100) + text
      default:
        return `{"a":`.repeat(at) + text
    }
  }
)

/** Bytes that are no text, as a reader of files makes text of them. */
const bytes = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(below(256)), { maxLength: 200 }),
  (all) => Buffer.from(all).toString("utf8")
)

const anyText: Arbitrary.Arbitrary<string> = oneOf<string>(
  Arbitrary.schema(Schema.String),
  trickyText,
  spoilt,
  bytes,
  Arbitrary.map(anyJson, (value) => JSON.stringify(value) ?? "")
)

const knownMembers = objectOf([...keys, "__proto__", "constructor", "$schema", "defaultConcurency"], anyJson)

describe("configuration", () => {
  it.effect.prop(
    "any text in any of the files: never a failure, settings that can be used, every problem a sentence",
    { mine: anyText, ours: anyText, old: anyText },
    ({ mine, old, ours }) =>
      Effect.gen(function*() {
        isSound(yield* loaded({ [user]: mine, [project]: ours, [older]: old }), [mine, ours])
        isSound(yield* loaded({ [older]: old }), old)
        isSound(yield* loaded({ [older]: `{"background_task":${old}}` }), old)
      }),
    { arbitrary: { runs: 250, size: 30 } }
  )

  it.effect.prop(
    "any value for any setting: what is not used is named with its file, and the rest of the file still counts",
    { members: knownMembers, options: knownMembers },
    ({ members, options }) =>
      Effect.gen(function*() {
        // The one setting that is certain to be right, among others that may be anything.
        const text = `{"stablePolls": 77, ${JSON.stringify({ ...own(members) }).slice(1)}`
        const withOne = JSON.stringify(own(members)) === "{}" ? `{"stablePolls": 77}` : text
        const all = yield* loaded({ [user]: withOne }, own(options))
        isSound(all, [members, options])
        assert.strictEqual(all.settings.stablePolls, 77)
        const messages = said(all, user)
        for (const [key, value] of Object.entries(own(members))) {
          if (key === "$schema") continue
          const alone = yield* loaded({ [user]: `{${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}}` })
          const ignored = said(alone, user).length > 0
          assert.strictEqual(messages.some((message) => message.startsWith(named(key))), ignored, `${key}: ${text}`)
          if (!isKey(key)) assert.isTrue(ignored, key)
        }
      }),
    { arbitrary: { runs: 150, size: 20 } }
  )

  it.effect("a member of the name __proto__ is one like any other: not obeyed, and named", () =>
    Effect.gen(function*() {
      const all = yield* loaded({
        [project]: "{\"__proto__\": {\"maxDepth\": 9, \"toasts\": false}, \"constructor\": 1, \"stablePolls\": 4,"
          + "\"providerConcurrency\": {\"__proto__\": -1, \"a\": 2}}"
      })
      assert.deepStrictEqual(all.settings, { ...defaults, stablePolls: 4, providerConcurrency: { a: 2 } })
      assert.deepStrictEqual(said(all, project), [
        `${project}: there is no setting "__proto__". It is ignored.`,
        `${project}: there is no setting "constructor". It is ignored.`,
        `${project}: providerConcurrency.__proto__ is -1, but must be a whole number, 0 or more. It is ignored.`
      ])
      const limits = yield* loaded({ [project]: "{\"providerConcurrency\": {\"__proto__\": 3}}" })
      assert.deepStrictEqual(Object.entries(limits.settings.providerConcurrency), [["__proto__", 3]])
      assert.deepStrictEqual(limits.problems, [])
    }))

  it.effect("a setting that is there twice: the last one counts, and that is said; so in the older tool's file", () =>
    Effect.gen(function*() {
      const text = "{\"maxDepth\": 1, \"modelConcurrency\": {\"m\": 1, \"n\": 2, \"m\": 3}, \"maxDepth\": 2, "
        + "\"other\": 1, \"other\": {\"maxDepth\": 1, \"maxDepth\": 2}}"
      const twice = ["maxDepth", "modelConcurrency.m"].map((key) =>
        `${key} is there more than once. The last one counts.`
      )
      const all = yield* loaded({ [user]: text })
      assert.deepStrictEqual(all.settings, { ...defaults, maxDepth: 2, modelConcurrency: { m: 3, n: 2 } })
      assert.deepStrictEqual(said(all, user), [
        ...twice.map((words) => `${user}: ${words}`),
        `${user}: there is no setting "other". It is ignored.`
      ])
      const old = yield* loaded({ [older]: `{"x": 1, "x": 2, "background_task": {}, "background_task": ${text}}` })
      assert.deepStrictEqual(said(old, older), [
        `${older}: background_task is there more than once. The last one counts.`,
        ...twice.map((words) => `${older}: ${words}`)
      ])
    }))

  it.effect("comments, trailing commas and a mark at the start are no problem; a broken file says where", () =>
    Effect.gen(function*() {
      const fine = "\ufeff// mine\r\n{ /* here */ \"maxDepth\": 2, \"modelConcurrency\": { \"m\": 1, }, }\r\n"
      const all = yield* loaded({ [user]: fine, [project]: fine.slice(0, -6) })
      assert.strictEqual(all.settings.maxDepth, 2)
      assert.deepStrictEqual(said(all, user), [])
      assert.lengthOf(said(all, project), 1)
      assert.match(said(all, project)[0] ?? "", /at line \d+, column \d+\. The file is ignored\.$/)
    }))

  it.effect("the largest numbers and the longest lists can be used", () =>
    Effect.gen(function*() {
      const numbers = keys.filter((key) =>
        typeof Object.entries(defaults).find(([name]) => name === key)?.[1] === "number"
      )
      const all = yield* loaded({
        [user]: JSON.stringify(Object.fromEntries(numbers.map((key) => [key, Number.MAX_SAFE_INTEGER]))),
        [project]: JSON.stringify({
          modelConcurrency: Object.fromEntries(Array.from({ length: 8_000 }, (_, n) => [`p/m${n}`, n]))
        })
      })
      isSound(all, [])
      assert.deepStrictEqual(all.problems, [])
      assert.strictEqual(Object.keys(all.settings.modelConcurrency).length, 8_000)
      assert.strictEqual(all.settings.taskTtlMs, Number.MAX_SAFE_INTEGER)
    }))

  it.effect("what cannot be read on the disk is named, and the other file still counts", () =>
    Effect.acquireUseRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "errand-"))),
      (home) =>
        Effect.gen(function*() {
          const own = join(home, ".opencode")
          yield* Effect.promise(async () => {
            // A directory where a file should be.
            await mkdir(join(home, "errand.jsonc"), { recursive: true })
            await mkdir(own)
            await writeFile(join(own, "errand.json"), Buffer.from([0xff, 0xfe, 0x00, 0x7b]))
            await writeFile(join(own, "errand.jsonc"), "{\"maxDepth\": 2}")
          })
          const all = yield* load({ directory: home, home, env: { OPENCODE_CONFIG_DIR: home } }, { stablePolls: 8 })
          assert.deepStrictEqual(all.settings, { ...defaults, maxDepth: 2, stablePolls: 8 })
          assert.deepStrictEqual(all.problems.map(({ message }) => message), [
            `${join(own, "errand.json")}: ignored, because ${
              join(own, "errand.jsonc")
            } is beside it. Keep one of them.`,
            `${join(home, "errand.jsonc")}: cannot be read (EISDIR). The file is ignored.`
          ])
        }),
      (home) => Effect.promise(() => rm(home, { recursive: true }))
    ))

  it.effect.prop(
    "any options beside the plugin's name: the same",
    { options: anyJson, mine: anyText },
    ({ mine, options }) =>
      Effect.gen(function*() {
        const all = yield* loaded({ [user]: mine, [project]: "EACCES" }, options)
        isSound(all, [mine, options])
        assert.lengthOf(said(all, project), 1)
        const known = [{ provider: "anthropic", id: "opus" }]
        assert.isTrue(warnings(all.settings, known).every((warning) => clean(warning, [mine, options])))
      }),
    { arbitrary: { runs: 150, size: 30 } }
  )
})

/** The members as a JSON text brings them: none from anywhere else. */
const own = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([key]) => key !== "stablePolls"))

/** How a problem begins that is about a key. */
const named = (key: string): string =>
  isKey(key) ? `${user}: ${key}` : `${user}: there is no setting ${JSON.stringify(key)}`
