/**
 * The folders that a competitor believes to be its user's: a home, a configuration, a project. Gone with the scope.
 */
import { Effect, type Scope } from "effect"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { BenchError } from "../Measure.ts"
import type { Peer, Setup } from "../peers/Peer.ts"

export interface Sandbox {
  /** The project that OpenCode is opened in. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
}

const attempt = <A>(what: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => new BenchError({ what, cause }) })

/** `files` of a peer are below `root`: `config/…` is OpenCode's configuration folder, `home/…` the home. */
export const make = Effect.fnUntraced(
  function*(peer: Peer, setup: Setup): Effect.fn.Return<Sandbox, BenchError, Scope.Scope> {
    const root = yield* Effect.acquireRelease(
      attempt("a folder for a competitor", () => mkdtemp(Path.join(tmpdir(), "errand-bench-"))),
      (root) => Effect.promise(() => rm(root, { recursive: true, force: true }))
    )
    const at = (...names: ReadonlyArray<string>) => Path.join(root, ...names)
    const files = Object.entries(peer.files(setup))
    const folders = [
      "home",
      "tmp",
      "data",
      "cache",
      "state",
      "project",
      "config",
      ...files.map(([name]) => Path.dirname(name))
    ]
    yield* attempt("the settings of a competitor", async () => {
      await Promise.all(folders.map((folder) => mkdir(at(folder), { recursive: true })))
      await Promise.all(files.map(([name, value]) => writeFile(at(name), JSON.stringify(value))))
    })
    return {
      directory: at("project"),
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: at("home"),
        XDG_CONFIG_HOME: at("home", ".config"),
        XDG_DATA_HOME: at("data"),
        XDG_CACHE_HOME: at("cache"),
        XDG_STATE_HOME: at("state"),
        TMPDIR: at("tmp"),
        OPENCODE_CONFIG_DIR: at("config"),
        OPENCODE_DISABLE_AUTOUPDATE: "true",
        ...peer.env
      }
    }
  }
)
