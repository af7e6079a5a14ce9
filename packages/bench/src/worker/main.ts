/**
 * The process of one competitor: loads its plugin, hands it the server's events, and does what the bench asks for.
 *
 *     bun --expose-gc main.ts '{"url":"http://…","directory":"…","entry":"…"}'
 *
 * Plain promises: nothing of the bench's own shall take part in what is measured.
 */
import { Schema } from "effect"
import { createWriteStream } from "node:fs"
import { createInterface } from "node:readline"
import { stamp } from "../server/clock.ts"
import * as events from "./events.ts"
import * as gauge from "./gauge.ts"
import * as Plugin from "./Plugin.ts"
import { type Answer, Ask, channel, Start } from "./Protocol.ts"

const { directory, entry, url } = Schema.decodeUnknownSync(Schema.fromJsonString(Start))(process.argv[2])
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Ask))

const out = createWriteStream("", { fd: channel })
const say = (answer: Answer) => void out.write(`${JSON.stringify(answer)}\n`)

// Whatever a plugin does in the background and nobody waits for is its own affair.
process.on("unhandledRejection", (error) => console.error(error))
process.on("uncaughtException", (error) => console.error(error))

const plugin = await Plugin.load({ directory, entry, url })
await events.listen(url, directory, plugin.hear)

const called = async (call: Plugin.Plugin["call"] extends (call: infer C) => unknown ? C : never) => {
  const from = stamp()
  const [text, threw] = await plugin.call(call).then(
    (text) => [text, false] as const,
    (error: unknown) => [error instanceof Error ? error.message : String(error), true] as const
  )
  return { from, to: stamp(), text, threw }
}

const answer = async ({ what }: Ask): Promise<unknown> => {
  switch (what.do) {
    case "call":
      await plugin.heard()
      return Promise.all(what.calls.map(called))
    case "memory":
      return gauge.memory()
    case "cpu":
      return gauge.cpu(stamp)
    case "block":
      return gauge.block(what.ms)
    case "dispose":
      return plugin.dispose()
  }
}

const lines = createInterface({ input: process.stdin })
lines.on("line", (line) => {
  const ask = decode(line)
  answer(ask).then(
    (value) => say({ n: ask.n, value }),
    (error: unknown) => say({ n: ask.n, failed: String(error) })
  )
})
// The bench has ended, in whatever way.
lines.on("close", () => process.exit(0))

say({ n: 0, value: plugin.loaded })
