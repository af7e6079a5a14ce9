/**
 * The server's events as they come, read as OpenCode's own clients read them.
 */
import { Deferred, Effect, Schema, type Scope } from "effect"

export interface ServerEvent {
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
}

const Event = Schema.Struct({ type: Schema.String, properties: Schema.Record(Schema.String, Schema.Unknown) })

/** `GET /global/event` tells of each event where it was. */
const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Union([Schema.Struct({ payload: Event }), Event]))
)

/** Hears every event until the scope ends; listens when it gives back. */
export const hear = Effect.fnUntraced(function*(
  url: string,
  pour: (event: ServerEvent) => void,
  path = "/event"
): Effect.fn.Return<void, never, Scope.Scope> {
  const listening = yield* Deferred.make<void>()
  yield* Effect.forkScoped(Effect.ignore(Effect.tryPromise(async (signal) => {
    const response = await fetch(new URL(path, url), { signal })
    if (response.body === null) return
    let rest = ""
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n")
      rest = blocks.pop() ?? ""
      for (const block of blocks) {
        const event = decode(block.slice("data: ".length))
        pour("payload" in event ? event.payload : event)
      }
      Deferred.doneUnsafe(listening, Effect.void)
    }
  })))
  yield* Deferred.await(listening)
})
