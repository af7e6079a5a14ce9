/**
 * How long a real OpenCode takes for the first request after its start: it loads the project then, and its plugins.
 */
import { OpenCode } from "@errand/lab"
import { Effect, Schema, type Scope } from "effect"
import type { BenchError } from "../Measure.ts"
import { NoPart } from "../measures/compare.ts"
import type { Peer } from "../peers/Peer.ts"
import { broken, make } from "./Place.ts"

const listening = /listening on (http:\/\/\S+)/
const decodeNames = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Array(Schema.String)))

/** The tool that launches tasks. */
const toolOf = (peer: Peer): string => peer.launch({ description: "", prompt: "", agent: "", background: true }).tool

/**
 * From the request on to the end of its answer (ms), in folders that no OpenCode was in before. Without a plugin where no
 * competitor is named; a plugin that is not there afterwards takes no part.
 */
export const firstRequest = Effect.fnUntraced(
  function*(peer: Peer | undefined): Effect.fn.Return<number, BenchError | NoPart, Scope.Scope> {
    const { sandbox } = yield* make(peer)
    const failed = broken("OpenCode did not start")
    // The next one may sit where this one was: no connection is kept.
    const args = ["serve", "--hostname", "127.0.0.1", "--port", "0", "--print-logs"]
    const child = yield* Effect.mapError(OpenCode.start(sandbox, args), failed)
    const line = yield* Effect.mapError(
      child.lines.waitFor((line) => listening.test(line), { timeout: "60 seconds", what: "OpenCode's address" }),
      failed
    )
    const get = (path: string) =>
      Effect.tryPromise({
        try: async (signal) => {
          const url = new URL(path, listening.exec(line)?.[1])
          url.searchParams.set("directory", sandbox.project)
          const from = performance.now()
          const response = await fetch(url, { signal, headers: { connection: "close" } })
          const text = await response.text()
          if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`)
          return { text, ms: performance.now() - from }
        },
        catch: broken("OpenCode gave no answer")
      }).pipe(Effect.timeoutOrElse({
        duration: "60 seconds",
        orElse: () => Effect.fail(new NoPart({ why: "OpenCode gave no answer within a minute" }))
      }))
    const { ms } = yield* get("/agent")
    if (peer === undefined) return ms
    const { text } = yield* get("/experimental/tool/ids")
    const tools = yield* Effect.mapError(decodeNames(text), broken("OpenCode's tools"))
    return tools.includes(toolOf(peer)) ? ms : yield* new NoPart({ why: "OpenCode 1.18.33 did not load it" })
  }
)
