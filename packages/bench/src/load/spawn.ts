/**
 * Runs `load/main.ts` in a fresh process under Bun and reads what it found.
 */
import type { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { fresh } from "../fresh.ts"
import type { BenchError } from "../Measure.ts"
import { entryOf } from "../peers/install.ts"
import type { Peer } from "../peers/Peer.ts"
import { Weight } from "./Weight.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))

/** What the plugin weighs. `env`: for what its module looks at. */
export const weigh = (peer: Peer, env: Readonly<Record<string, string>>): Effect.Effect<Weight, BenchError> =>
  fresh({ what: `${peer.title} cannot be imported`, words: [main, entryOf(peer)], found: Weight, env })
