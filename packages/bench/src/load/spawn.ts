/**
 * Runs `load/main.ts` in a fresh process under Bun and reads what it found.
 */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { BenchError } from "../Measure.ts"
import { entryOf } from "../peers/install.ts"
import type { Peer } from "../peers/Peer.ts"
import { bun } from "../server/start.ts"
import { Weight } from "./Weight.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Weight))

/** What the plugin's module and all that it imports at start weigh. `env`: for what its module looks at. */
export const weigh = (peer: Peer, env: Readonly<Record<string, string>>): Effect.Effect<Weight, BenchError> => {
  const failed = (cause: unknown) => new BenchError({ what: `${peer.title} cannot be imported`, cause })
  return Effect.callback<string, BenchError>((resume) => {
    const child = execFile(
      bun,
      [main, entryOf(peer)],
      { env },
      (error, stdout) => resume(error === null ? Effect.succeed(stdout) : Effect.fail(failed(error)))
    )
    return Effect.sync(() => void child.kill("SIGKILL"))
  }).pipe(
    // What a plugin prints comes before.
    Effect.flatMap((stdout) => decode(stdout.trim().split("\n").at(-1))),
    Effect.catchTag("SchemaError", (cause) => Effect.fail(failed(cause)))
  )
}
