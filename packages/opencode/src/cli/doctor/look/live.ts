/**
 * Starts an OpenCode of its own on loopback, asks it for its tools and models, and stops it again.
 */
import type { Model } from "@errand/core"
import { Clock, Data, Effect, Option, Schema, type Scope, Stream, SubscriptionRef } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { createServer } from "node:net"
import type { Surroundings } from "../../../config/ConfigPlaces.ts"
import { lookOnly } from "../../../Journals.ts"
import type { LiveFound } from "../checks/live.ts"
import { reasonOf } from "./install.ts"

/** OpenCode may install packages first, and wait more than a minute for a registry that does not answer. */
const patience = "100 seconds"

/**
 * When it is asked (once more), beside the questions that are on their way: one that comes in the moment in which OpenCode
 * begins to listen may never be answered (seen in 1.18.33).
 */
const moments = ["0 seconds", "5 seconds", "20 seconds", "50 seconds"] as const

/** How long it has to stop by itself. */
const farewell = "3 seconds"

export interface Live {
  readonly found: LiveFound
  readonly models: ReadonlyArray<Model.Model> | undefined
}

class Unanswered extends Data.TaggedError("Unanswered")<{ readonly why: string }> {}

const Ids = Schema.Array(Schema.String)
const Providers = Schema.Struct({
  providers: Schema.Array(
    Schema.Struct({ id: Schema.String, models: Schema.Record(Schema.String, Schema.Unknown) })
  )
})

export const live = Effect.fn("doctor.live")(function*(
  path: string,
  { directory, env }: Surroundings
): Effect.fn.Return<Live, never, ChildProcessSpawner.ChildProcessSpawner> {
  const output = yield* SubscriptionRef.make<ReadonlyArray<string>>([])
  const asked = Effect.gen(function*() {
    const startedAt = yield* Clock.currentTimeMillis
    const url = yield* start(path, directory, env, output)
    const ask = asker(url, directory)
    const tools = yield* ask("/experimental/tool/ids", Ids)
    const ms = (yield* Clock.currentTimeMillis) - startedAt
    const models = yield* Effect.option(ask("/config/providers", Providers))
    const complaints = (yield* SubscriptionRef.get(output)).filter((line) =>
      /plugin/i.test(line) && /ERROR|WARN/.test(line)
    )
    return {
      found: { _tag: "Answered" as const, tools, ms, complaints },
      models: Option.getOrUndefined(Option.map(models, modelsOf))
    }
  })
  return yield* asked.pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new Unanswered({ why: `no answer within ${patience}` }))
    }),
    Effect.scoped,
    Effect.catch(({ why }) =>
      Effect.map(SubscriptionRef.get(output), (lines): Live => ({
        found: { _tag: "Failed", why, output: lines.slice(-3) },
        models: undefined
      }))
    )
  )
})

/** Gives its address. It is stopped with the scope, and everything that it has started with it. */
const start = Effect.fnUntraced(function*(
  path: string,
  directory: string,
  env: Surroundings["env"],
  output: SubscriptionRef.SubscriptionRef<ReadonlyArray<string>>
): Effect.fn.Return<string, Unanswered, ChildProcessSpawner.ChildProcessSpawner | Scope.Scope> {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const port = yield* freePort
  const { OPENCODE_SERVER_PASSWORD: _, ...rest } = env
  const child = yield* spawner.spawn(
    ChildProcess.make(path, ["serve", "--hostname", "127.0.0.1", "--port", String(port), "--print-logs"], {
      cwd: directory,
      // Its tasks are not ours to take over, and nobody else may need a password for this moment.
      env: { ...rest, [lookOnly]: "1" },
      extendEnv: false,
      stdin: "ignore",
      forceKillAfter: farewell
    })
  ).pipe(Effect.mapError(({ message }) => new Unanswered({ why: message })))
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => SubscriptionRef.update(output, (lines) => [...lines.slice(-500), line])),
    Effect.ignore,
    Effect.forkScoped
  )
  const ready = SubscriptionRef.changes(output).pipe(
    Stream.map((lines) => lines.findLast((line) => listening.test(line))),
    Stream.filter((line) => line !== undefined),
    Stream.runHead,
    Effect.map(Option.match({ onNone: () => "", onSome: (line) => listening.exec(line)?.[1] ?? "" }))
  )
  const ended = Effect.matchEffect(child.exitCode, {
    onFailure: ({ message }) => Effect.fail(new Unanswered({ why: message })),
    onSuccess: (code) => Effect.fail(new Unanswered({ why: `it ended at once, with exit code ${code}` }))
  })
  return yield* Effect.raceFirst(ready, ended)
})

const listening = /listening on (http:\/\/\S+)/

const asker =
  (url: string, directory: string) => <A>(path: string, schema: Schema.Codec<A>): Effect.Effect<A, Unanswered> => {
    const target = new URL(path, url)
    target.searchParams.set("directory", directory)
    return Effect.raceAllFirst(moments.map((moment) => Effect.delay(get(target), moment))).pipe(
      Effect.flatMap((text) =>
        Effect.mapError(
          Schema.decodeEffect(Schema.fromJsonString(schema))(text),
          () => new Unanswered({ why: `${path} answers something else than expected` })
        )
      )
    )
  }

const get = (target: URL): Effect.Effect<string, Unanswered> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(target, { signal })
      return { status: response.status, text: await response.text() }
    },
    catch: (error) => new Unanswered({ why: reasonOf(error) })
  }).pipe(
    Effect.filterOrFail(
      ({ status }) => status === 200,
      ({ status, text }) => new Unanswered({ why: `${target.pathname} answers ${status}: ${text.slice(0, 300)}` })
    ),
    Effect.map(({ text }) => text)
  )

const modelsOf = ({ providers }: typeof Providers.Type): ReadonlyArray<Model.Model> =>
  providers.flatMap(({ id, models }) => Object.keys(models).map((model) => ({ provider: id, id: model })))

/** OpenCode's own `--port 0` tries 4096 first, where somebody may look for an OpenCode that stays. */
const freePort: Effect.Effect<number, Unanswered> = Effect.callback((resume) => {
  const server = createServer()
  const failed = (why: string) => resume(Effect.fail(new Unanswered({ why })))
  server.once("error", ({ message }) => failed(message))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    server.close(() => port === undefined ? failed("there is no free port") : resume(Effect.succeed(port)))
  })
})
