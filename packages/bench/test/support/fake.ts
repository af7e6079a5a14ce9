/**
 * A fake OpenCode for a test file, with a plugin's client, the bench's hold on it, and everything that it tells.
 */
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk"
import { Context, Data, Effect, Layer, Schedule, Schema } from "effect"
import { type Handle, type Reports, Script, Server } from "../../src/server/index.ts"
import { hear, type ServerEvent } from "./events.ts"

/** Where the sessions of these tests are. */
export const directory = "/bench/test"

export class Fake extends Context.Service<Fake, {
  readonly url: string
  readonly client: OpencodeClient
  readonly control: Handle.Control
  /** Everything that was told in the directory. */
  readonly events: ReadonlyArray<ServerEvent>
  /** What was told of a session. */
  readonly heard: (session: string) => ReadonlyArray<ServerEvent>
}>()("@errand/bench/test/Fake") {
  static readonly layer = Layer.effect(
    Fake,
    Effect.gen(function*() {
      const { control, url } = yield* Server.start
      const events: Array<ServerEvent> = []
      yield* hear(url, (event) => events.push(event), `/event?directory=${directory}`)
      return Fake.of({
        url,
        client: createOpencodeClient({ baseUrl: url, directory }),
        control,
        events,
        heard: (session) => events.filter(({ properties }) => properties["sessionID"] === session)
      })
    })
  )
}

/** Tests share the server, and run on the real clock. */
export const real = { excludeTestServices: true, timeout: "60 seconds" } as const

/** The server as new. */
export const fresh = Effect.tap(
  Fake,
  ({ control }) => control.reset({ directory, providers: { fake: ["m1", "m2"], other: ["m1"] } })
)

/** It is not so yet. `found` is what was found instead. */
class NotYet extends Data.TaggedError("NotYet")<{ readonly found: unknown }> {}

/** Looks until what it finds is right, for some seconds at most. */
export const eventually = <A, E, R>(look: Effect.Effect<A, E, R>, isRight: (found: A) => boolean) =>
  Effect.filterOrFail(look, isRight, (found) => new NotYet({ found })).pipe(
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1_000 })
  )

const Created = Schema.Struct({ data: Schema.Struct({ id: Schema.String }) })

/** A session of a task, as a plugin opens it; gives its id. */
export const child = Effect.fnUntraced(function*(parentID: string) {
  const { client } = yield* Fake
  const made = yield* Effect.tryPromise(() => client.session.create({ body: { parentID, title: "a task" } }))
  return (yield* Schema.decodeUnknownEffect(Created)(made)).data.id
})

export interface Saying {
  readonly agent?: string
  /** `provider/model` */
  readonly model?: string
  readonly noReply?: boolean
  readonly synthetic?: boolean
  /** What the script says besides its steps. */
  readonly script?: Omit<Script.Script, "steps">
}

/** A prompt of a plugin's: a text, or a script. */
export const prompt = Effect.fnUntraced(function*(
  id: string,
  said: string | ReadonlyArray<Script.Step>,
  { agent = "general", model = "fake/m1", noReply = false, script, synthetic }: Saying = {}
) {
  const { client } = yield* Fake
  const [providerID = "", modelID = ""] = model.split("/")
  const text = typeof said === "string" ? said : Script.script(said, script)
  const part = { type: "text" as const, text, ...(synthetic === undefined ? {} : { synthetic }) }
  const body = { agent, model: { providerID, modelID }, noReply, parts: [part] }
  yield* Effect.tryPromise(() => client.session.promptAsync({ path: { id }, body }))
})

/** What the log says of one session, of these kinds. */
export const logOf = Effect.fnUntraced(function*(session: string, ...kinds: ReadonlyArray<Reports.Entry["kind"]>) {
  const { control } = yield* Fake
  const { entries } = yield* control.log({ kinds })
  return entries.filter((entry) => entry.session === session)
})

/** Waits until a session has worked and rests. */
export const atRest = (session: string) =>
  eventually(
    Effect.flatMap(Fake, ({ control }) => control.session(session)),
    ({ activity, turns }) => activity === "idle" && turns > 0
  )

export const done: Script.Step = { do: "say", text: "done" }

/** The text of each message of an agent. */
export const answers = Effect.fnUntraced(function*(id: string) {
  const { client } = yield* Fake
  const { data = [] } = yield* Effect.tryPromise(() => client.session.messages({ path: { id } }))
  return data.filter(({ info }) => info.role === "assistant").map(({ parts }) =>
    parts.flatMap((part) => part.type === "text" ? [part.text] : []).join("")
  )
})
