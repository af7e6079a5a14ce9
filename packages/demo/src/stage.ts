/**
 * Where the story takes place: an OpenCode with the built plugin and a sample project. Either in a sandbox with a
 * scripted model, or with the user's own configuration and a real one.
 */
import { OpenCode, Sandbox, ScriptedModel } from "@errand/lab"
import { Data, Effect, type Schema } from "effect"
import { existsSync } from "node:fs"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { files } from "./sampleProject.ts"
import * as Script from "./script.ts"

/** The demo cannot begin; the message says what to do. */
export class CannotBegin extends Data.TaggedError("CannotBegin")<{ readonly message: string }> {}

export const limit = 2

/** The version that the lab brings along. */
export const opencodeVersion = "1.18.33"

const plugin = new URL("../../opencode/dist/index.js", import.meta.url)

const built = Effect.suspend(() =>
  existsSync(fileURLToPath(plugin))
    ? Effect.void
    : Effect.fail(new CannotBegin({ message: "the plugin is not built: run `npx -y pnpm@12.21.0 demo` instead" }))
)

/** The plugin with its settings, as it stands in `opencode.json`. */
const pluginEntry = (settings: Schema.JsonObject): readonly [string, Schema.JsonObject] => [plugin.href, settings]

/** What a person would write. */
export const pluginLine = (provider: string): string =>
  `"plugin": [["opencode-errand", { "providerConcurrency": { "${provider}": ${limit} } }]]`

/** A sandbox, and a scripted model for it. */
export const scripted = Effect.gen(function*() {
  yield* built
  const model = yield* ScriptedModel.make({ onMessage: Script.rules })
  const sandbox = yield* Sandbox.make({
    model,
    providers: { [Script.provider]: [Script.crewModel], [Script.mainProvider]: [Script.mainModel] },
    plugins: [pluginEntry({ providerConcurrency: { [Script.provider]: limit } })],
    files
  })
  return { model, server: yield* OpenCode.serve(sandbox) }
})

const attempt = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new CannotBegin({ message: `it could not be set up: ${String(cause)}` })
  })

const temporary = Effect.acquireRelease(
  attempt(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "errand-demo-")).then((dir) => Fs.realpath(dir))),
  (root) => Effect.ignore(attempt(() => Fs.rm(root, { recursive: true, force: true, maxRetries: 5 })))
)

/** What the agents may do on a machine that is somebody's: read the sample project, and nothing else. */
const readOnly: Schema.JsonObject = {
  edit: "deny",
  bash: "deny",
  webfetch: "deny",
  websearch: "deny",
  external_directory: "deny",
  question: "deny",
  task: "deny"
}

const defined = (env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).flatMap(([key, value]) => value === undefined ? [] : [[key, value]]))

/** Fails with the models that there are, where the one asked for is not among them. */
const knows = Effect.fnUntraced(function*(server: OpenCode.OpenCodeServer, provider: string, model: string) {
  const { data } = yield* attempt(() => server.client.config.providers())
  const providers = data?.providers ?? []
  const found = providers.find(({ id }) => id === provider)
  if (found !== undefined && model in found.models) return undefined
  const known = found === undefined
    ? `providers: ${providers.map(({ id }) => id).join(", ")}`
    : `models of ${provider}: ${Object.keys(found.models).slice(0, 20).join(", ")}`
  return yield* new CannotBegin({
    message: `OpenCode, as you configured it, has no model ${provider}/${model}. Known ${known}.`
  })
})

/** The user's own OpenCode, in a temporary project. */
export const real = Effect.fnUntraced(function*(provider: string, model: string) {
  yield* built
  const root = yield* temporary
  const project = Path.join(root, "project")
  const write = (path: string, text: string) => {
    const file = Path.join(project, path)
    return attempt(() => Fs.mkdir(Path.dirname(file), { recursive: true }).then(() => Fs.writeFile(file, text)))
  }
  const config: Schema.JsonObject = {
    model: `${provider}/${model}`,
    plugin: [pluginEntry({ providerConcurrency: { [provider]: limit }, maxConcurrency: limit, permissions: "reject" })],
    permission: readOnly,
    share: "disabled",
    autoupdate: false,
    snapshot: false
  }
  yield* Effect.forEach(
    Object.entries({ ...files, "opencode.json": JSON.stringify(config, null, 2) }),
    ([path, text]) => write(path, text),
    { discard: true }
  )
  const env = defined(process.env)
  const server = yield* OpenCode.serve({
    root,
    home: Os.homedir(),
    project,
    configDir: "",
    dataDir: "",
    // The user's own database may belong to another version of OpenCode, and keeps the user's sessions only.
    // OpenCode leaves files in the temporary folder when it is ended.
    env: { OPENCODE_DB: Path.join(root, "opencode.db"), ...env, TMPDIR: root },
    write: () => Effect.void,
    read: () => Effect.succeed("")
  })
  yield* knows(server, provider, model)
  return server
})
