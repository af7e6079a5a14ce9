/**
 * A throw-away place for OpenCode to live in: a temp folder with a home, the XDG folders and a project, configured for
 * a scripted model. Nothing of the caller's environment gets in but `PATH`, and nothing is fetched from a network.
 */
import { Data, Effect, type Schema, type Scope } from "effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import { promisify } from "node:util"
import type { ScriptedModel } from "./ScriptedModel.ts"

/** A file of the sandbox could not be written, or git failed. */
export class SandboxError extends Data.TaggedError("SandboxError")<{ readonly cause: unknown }> {}

export interface Options {
  /** Who answers for all providers. */
  readonly model: Pick<ScriptedModel, "url">
  /** Provider ids and their model ids, besides `fake` with `m1` to `m4`. The default model is `fake/m1`. */
  readonly providers?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Further keys for `opencode.json`; they win over ours. `provider` is joined with ours. */
  readonly config?: Schema.JsonObject
  /** Entries of OpenCode's `plugin` list: a spec (such as a `file://` URL), or a spec and its options. */
  readonly plugins?: ReadonlyArray<string | readonly [spec: string, options: Schema.JsonObject]>
  /** The whole of `tui.json` in the global config folder: the settings of OpenCode's terminal, its plugins among them. */
  readonly tui?: Schema.JsonObject
  /** Files of the project: path relative to it -> text. */
  readonly files?: Readonly<Record<string, string>>
  /** Further environment variables for OpenCode. */
  readonly env?: Readonly<Record<string, string>>
  /** Makes the project a git repository with one empty commit. Default false: starts faster. */
  readonly git?: boolean
}

/** Absolute paths. All are below `root`, which is removed at the end (unless `ERRAND_LAB_KEEP` is set, to look at it). */
export interface Sandbox {
  readonly root: string
  readonly home: string
  /** OpenCode's working directory; holds `opencode.json`. */
  readonly project: string
  /** OpenCode's global config folder and its data folder (database, logs, tool output). */
  readonly configDir: string
  readonly dataDir: string
  /** The whole environment for OpenCode. */
  readonly env: Readonly<Record<string, string>>
  /** Writes a file of the project (path relative to it), making its folders. */
  readonly write: (path: string, text: string) => Effect.Effect<void, SandboxError>
  /** Reads a file of the project. */
  readonly read: (path: string) => Effect.Effect<string, SandboxError>
}

const opencodeVersion = "1.18.33"

const switches: Readonly<Record<string, string>> = {
  OPENCODE_DISABLE_AUTOUPDATE: "true",
  OPENCODE_DISABLE_MODELS_FETCH: "true",
  OPENCODE_DISABLE_DEFAULT_PLUGINS: "true",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "true",
  OPENCODE_DISABLE_CLAUDE_CODE: "true",
  OPENCODE_DISABLE_EXTERNAL_SKILLS: "true",
  OPENCODE_DISABLE_SHARE: "true",
  OPENCODE_DISABLE_EMBEDDED_WEB_UI: "true",
  DO_NOT_TRACK: "1"
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, SandboxError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new SandboxError({ cause }) })

const writeFile = (file: string, text: string) =>
  attempt(() => Fs.mkdir(Path.dirname(file), { recursive: true }).then(() => Fs.writeFile(file, text)))

const json = (value: unknown): string => JSON.stringify(value, null, 2)

/**
 * OpenCode runs an npm install in every config folder at start, and plugins wait for it. It skips the folders in which
 * it finds what it would have installed; it only compares names.
 */
const seedDeps = Effect.fnUntraced(function*(dir: string) {
  const dependencies = { "@opencode-ai/plugin": opencodeVersion }
  yield* attempt(() => Fs.mkdir(Path.join(dir, "node_modules"), { recursive: true }))
  yield* writeFile(Path.join(dir, "package.json"), json({ dependencies }))
  const lock = { lockfileVersion: 3, packages: { "": { dependencies } } }
  yield* writeFile(Path.join(dir, "package-lock.json"), json(lock))
})

const provider = (url: string, id: string, models: ReadonlyArray<string>): Schema.JsonObject => ({
  npm: "@ai-sdk/openai-compatible",
  name: id,
  options: { baseURL: url, apiKey: "no-key" },
  models: Object.fromEntries(models.map((name) => [name, {
    name,
    tool_call: true,
    limit: { context: 200_000, output: 8192 }
  }]))
})

const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const configOf = ({ config, model, plugins, providers }: Options): Schema.JsonObject => {
  const all = { fake: ["m1", "m2", "m3", "m4"], ...providers }
  const own = Object.fromEntries(Object.entries(all).map(([id, models]) => [id, provider(model.url, id, models)]))
  const extra = config?.["provider"]
  return {
    model: "fake/m1",
    small_model: "fake/m1",
    autoupdate: false,
    share: "disabled",
    snapshot: false,
    ...(plugins === undefined ? {} : { plugin: plugins }),
    ...config,
    provider: { ...own, ...(isObject(extra) ? extra : {}) }
  }
}

const initGit = (project: string, env: Readonly<Record<string, string>>) => {
  const git = (...args: ReadonlyArray<string>) => attempt(() => promisify(execFile)("git", args, { cwd: project, env }))
  const author = ["-c", "user.name=lab", "-c", "user.email=lab@localhost"]
  return Effect.andThen(git("init", "-q"), git(...author, "commit", "-q", "--allow-empty", "-m", "init"))
}

/**
 * Kills what OpenCode has left running. Its `bash` tool starts commands in process groups of their own, and they outlive
 * it; they are known by the home that they inherited. Linux only: elsewhere they are left alone.
 */
const killStrays = (home: string) =>
  attempt(() => Fs.readdir("/proc")).pipe(
    Effect.flatMap((names) =>
      Effect.forEach(
        names.filter((name) => /^\d+$/.test(name)),
        (pid) =>
          attempt(() => Fs.readFile(`/proc/${pid}/environ`, "latin1")).pipe(
            Effect.filterOrFail((environ) => environ.split("\0").includes(`HOME=${home}`)),
            Effect.flatMap(() => attempt(() => Promise.resolve(process.kill(Number(pid), "SIGKILL")))),
            Effect.ignore
          ),
        { discard: true }
      )
    ),
    Effect.ignore
  )

const tempFolder = Effect.acquireRelease(
  // The real path: OpenCode compares folders by their names.
  attempt(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "errand-lab-")).then((dir) => Fs.realpath(dir))),
  (root) =>
    process.env["ERRAND_LAB_KEEP"] === undefined
      ? Effect.ignore(attempt(() => Fs.rm(root, { recursive: true, force: true, maxRetries: 5 })))
      : Effect.logInfo(`kept ${root}`)
)

/** Makes a sandbox that is removed with the scope. Start OpenCode in it by `OpenCode.serve` or `OpenCode.run`. */
export const make = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Sandbox, SandboxError, Scope.Scope> {
    const root = yield* tempFolder
    const home = Path.join(root, "home")
    const project = Path.join(root, "project")
    const xdg = {
      XDG_CONFIG_HOME: Path.join(root, "config"),
      XDG_DATA_HOME: Path.join(root, "data"),
      XDG_CACHE_HOME: Path.join(root, "cache"),
      XDG_STATE_HOME: Path.join(root, "state")
    }
    yield* Effect.addFinalizer(() => killStrays(home))
    // OpenCode unpacks a library of 5 MB into it at each start, and leaves it there when it is killed.
    const temp = Path.join(root, "tmp")
    const dirs = [home, project, temp, ...Object.values(xdg)]
    yield* Effect.forEach(dirs, (dir) => attempt(() => Fs.mkdir(dir)), { discard: true })

    const configDir = Path.join(xdg.XDG_CONFIG_HOME, "opencode")
    yield* seedDeps(configDir)
    const write = (path: string, text: string) => writeFile(Path.join(project, path), text)
    yield* write("opencode.json", json(configOf(options)))
    if (options.tui !== undefined) yield* writeFile(Path.join(configDir, "tui.json"), json(options.tui))
    const files = Object.entries(options.files ?? {})
    yield* Effect.forEach(files, ([path, text]) => write(path, text), { discard: true })
    if (files.some(([path]) => Path.normalize(path).startsWith(`.opencode${Path.sep}`))) {
      yield* seedDeps(Path.join(project, ".opencode"))
    }

    const env = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: home,
      TMPDIR: temp,
      TERM: "dumb",
      LANG: "C.UTF-8",
      ...xdg,
      ...switches,
      ...options.env
    }
    if (options.git === true) yield* initGit(project, env)

    return {
      root,
      home,
      project,
      configDir,
      dataDir: Path.join(xdg.XDG_DATA_HOME, "opencode"),
      env,
      write,
      read: (path) => attempt(() => Fs.readFile(Path.join(project, path), "utf8"))
    }
  }
)
