/**
 * The package as its users get it: what is in it, in which ways OpenCode loads it, and how it behaves where OpenCode
 * does not.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Sandbox, ScriptedModel } from "@errand/lab"
import { Effect, Schema } from "effect"
import { build } from "esbuild"
import { execFile } from "node:child_process"
import { readdir, readFile, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { bundle, plugin } from "./support/b.ts"
import { registryWith } from "./support/registry.ts"

const run = promisify(execFile)
const here = dirname(fileURLToPath(import.meta.url))
const folder = dirname(dirname(bundle))
const ours = ["delegate_task", "background_output", "background_cancel"]

/** A tarball as it would be published, below the sandbox. */
const packed = async ({ env, root }: Sandbox.Sandbox): Promise<string> => {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", root], { cwd: folder, env })
  const name = (await readdir(root)).find((file) => file.endsWith(".tgz"))
  return join(root, name ?? "no tarball")
}

describe("the package", () => {
  it.live("has no imports but Node's own and its own, and all that it loads is below 800 kB; at the start next to nothing", () =>
    Effect.promise(async () => {
      assert.isBelow((await stat(bundle)).size, 20_000)
      const { metafile } = await build({
        entryPoints: [bundle],
        bundle: true,
        write: false,
        metafile: true,
        format: "esm",
        packages: "external",
        logLevel: "silent"
      })
      const files = Object.entries(metafile.inputs)
      // What sends traces is loaded only where somebody wants them.
      const [always, traced] = [false, true].map((is) => files.filter(([file]) => /\/OtlpExport-/.test(file) === is))
      assert.isBelow((always ?? []).reduce((sum, [, { bytes }]) => sum + bytes, 0), 800_000)
      const imports = files.flatMap(([, input]) => input.imports.map(({ path }) => path))
      assert.deepStrictEqual(imports.filter((path) => !path.startsWith("node:") && !(path in metafile.inputs)), [])
      const texts = await Promise.all(files.map(([file]) => readFile(file, "utf8")))
      const sends = await Promise.all(
        [always, traced].map(async (part) =>
          (await Promise.all((part ?? []).map(([file]) => readFile(file, "utf8")))).join("").includes("OTLP-Exporter")
        )
      )
      assert.deepStrictEqual(sends, [false, true])
      assert.notMatch(texts.join("\n"), /SIGINT|SIGTERM|SIGHUP|process\.exit\(/)
    }))

  const loads = Effect.fnUntraced(function*(sandbox: Sandbox.Sandbox, spec: string, options?: OpenCode.ServeOptions) {
    const config = yield* Effect.flatMap(sandbox.read("opencode.json"), decodeConfig)
    yield* sandbox.write("opencode.json", JSON.stringify({ ...config, plugin: [spec] }))
    const server = yield* OpenCode.serve(sandbox, options)
    const { body } = yield* server.request("GET", "/experimental/tool/ids")
    assert.includeMembers([...yield* decodeIds(body)], ours)
    const failed = (yield* server.events).filter(({ type }) => type === "session.error")
    assert.deepStrictEqual(failed, [])
  })

  const forms = [
    ["by the path of its file", () => Promise.resolve(plugin)],
    ["by the path of its folder", () => Promise.resolve(pathToFileURL(folder).href)],
    [
      "by its name, from a packed tarball",
      async (sandbox: Sandbox.Sandbox) => `opencode-errand@file:${await packed(sandbox)}`
    ]
  ] as const
  for (const [how, specOf] of forms) {
    it.live(`is loaded ${how}`, () =>
      Effect.gen(function*() {
        const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make() })
        yield* loads(sandbox, yield* Effect.promise(() => specOf(sandbox)))
      }))
  }

  it.live("is loaded by its name alone, from a registry", () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make() })
      const manifest = yield* Effect.flatMap(
        Effect.promise(() => readFile(join(folder, "package.json"), "utf8")),
        decodeManifest
      )
      const registry = yield* registryWith(yield* Effect.promise(() => packed(sandbox)), manifest)
      yield* loads(sandbox, "opencode-errand", { env: { npm_config_registry: registry } })
    }))
})

const decodeConfig = Schema.decodeEffect(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.String))
const decodeManifest = Schema.decodeEffect(
  Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String, main: Schema.String }))
)

const Report = Schema.Struct({
  runtime: Schema.String,
  exported: Schema.Array(Schema.String),
  id: Schema.String,
  keys: Schema.Array(Schema.String),
  calledByInit: Schema.Array(Schema.String),
  failures: Schema.Array(Schema.String),
  outputs: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  agents: Schema.Array(Schema.String),
  exits: Schema.Array(Schema.Json),
  listeners: Schema.Struct({ before: Schema.Array(Schema.Int), after: Schema.Array(Schema.Int) })
})

describe("without an OpenCode", () => {
  for (const runtime of ["bun", "node"]) {
    it.live(`on ${runtime}: waits for nobody at the start, throws nothing, ends, and leaves the process alone (E8, E9)`, () =>
      Effect.gen(function*() {
        const binary = runtime === "node" ? process.execPath : fileURLToPath(import.meta.resolve("bun/bin/bun.exe"))
        // It ends by itself: nothing is left open.
        const { stderr, stdout } = yield* Effect.promise(() => run(binary, [join(here, "support/offline.mjs"), bundle]))
        const report = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Report))(stdout)
        assert.strictEqual(report.runtime, runtime)
        assert.strictEqual(stderr, "")
        assert.deepStrictEqual(report.exported, ["default"])
        assert.deepStrictEqual(report.keys, ["id", "server"])
        assert.strictEqual(report.id, "opencode-errand")
        assert.deepStrictEqual(report.calledByInit, [])
        assert.deepStrictEqual(report.failures, [])
        assert.deepStrictEqual(report.exits, [])
        assert.deepStrictEqual(report.listeners.after, report.listeners.before)
        assert.sameMembers(report.agents.slice(), ["librarian", "oracle", "momus"])
        assert.sameMembers(Object.keys(report.outputs), ours)
        for (const outputs of Object.values(report.outputs)) {
          assert.lengthOf(outputs, 3)
          for (const output of outputs) assert.notMatch(output, /undefined|fault in Errand/)
        }
        assert.match(report.outputs["delegate_task"]?.[2] ?? "", /^OpenCode did not answer \(.*\)\. Nothing was done/)
      }))
  }
})
