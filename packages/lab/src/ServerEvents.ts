/**
 * The events of an OpenCode server as a growing log. Read from `GET /global/event` (server-sent events): unlike `/event`
 * it also tells what happens while the project is being loaded, and goes on when the instance is disposed of.
 */
import { Effect, Option, Schema } from "effect"
import { GrowingLog } from "./GrowingLog.ts"

/** An event as plugins get it, and when it arrived (milliseconds since 1970). */
export interface ServerEvent {
  readonly at: number
  readonly type: string
  readonly properties: Schema.JsonObject
}

/** Events of type "sync", which repeat the others in another form, have no `properties` and so are left out. */
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({
  payload: Schema.Struct({ type: Schema.String, properties: Schema.Record(Schema.String, Schema.Json) })
})))

const read = (url: URL, log: GrowingLog<ServerEvent>) =>
  Effect.tryPromise(async (signal) => {
    const response = await fetch(url, { signal })
    if (response.body === null) return
    let rest = ""
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n")
      rest = blocks.pop() ?? ""
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5))
        const event = decode(data.join("\n"))
        if (Option.isSome(event)) log.append({ at: Date.now(), ...event.value.payload })
      }
    }
  })

/**
 * Follows the server until it or the scope ends, and gives back the log once the connection stands. Fails with a
 * `WaitTimeout` if it does not stand within ten seconds.
 */
export const follow = Effect.fnUntraced(function*(base: string) {
  const log = new GrowingLog<ServerEvent>()
  // The connection breaks when the server is killed: no error.
  yield* Effect.forkScoped(Effect.ignore(read(new URL("/global/event", base), log)))
  yield* log.waitFor(() => true, { what: "the first event of the server" })
  return log
})
