/**
 * A real OpenCode's folders with one competitor's plugin in its configuration, or with none.
 */
import { Sandbox, ScriptedModel } from "@errand/lab"
import { Effect, type Scope } from "effect"
import { mkdir, writeFile } from "node:fs/promises"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { BenchError } from "../Measure.ts"
import { entryOf } from "../peers/install.ts"
import type { Peer } from "../peers/Peer.ts"

export interface Place {
  readonly model: ScriptedModel.ScriptedModel
  readonly sandbox: Sandbox.Sandbox
}

export const broken = (what: string) => (cause: unknown): BenchError => new BenchError({ what, cause })

/** A competitor's files are named from a folder that has `config` and `home` in it. */
const fileOf = ({ configDir, home }: Sandbox.Sandbox, name: string): string =>
  name.startsWith("config/")
    ? Path.join(configDir, name.slice("config/".length))
    : Path.join(Path.dirname(home), name)

const write = async (file: string, value: unknown): Promise<void> => {
  await mkdir(Path.dirname(file), { recursive: true })
  await writeFile(file, JSON.stringify(value))
}

/** `env`: further variables for OpenCode. */
export const make = Effect.fnUntraced(
  function*(
    peer: Peer | undefined,
    env: Readonly<Record<string, string>> = {}
  ): Effect.fn.Return<Place, BenchError, Scope.Scope> {
    const model = yield* Effect.mapError(ScriptedModel.make(), broken("the scripted model did not start"))
    const plugins = peer === undefined ? [] : [pathToFileURL(entryOf(peer)).href]
    const sandbox = yield* Effect.mapError(
      Sandbox.make({ model, plugins, env: { ...peer?.env, ...env } }),
      broken("no folders for OpenCode")
    )
    const files = Object.entries(peer?.files({ limits: {}, models: [] }) ?? {})
    yield* Effect.tryPromise({
      try: () => Promise.all(files.map(([name, value]) => write(fileOf(sandbox, name), value))),
      catch: broken("the settings of a competitor")
    })
    return { model, sandbox }
  }
)
