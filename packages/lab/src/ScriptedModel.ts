/**
 * A model provider on loopback that does what it is told: it answers OpenAI chat requests from the scripts in the
 * prompts (`Script.ts`) and from rules, and keeps a log of all it was asked. `Choice.ts` says which answer is chosen.
 */
import { Data, Effect, FiberSet, Latch, type Scope } from "effect"
import * as Http from "node:http"
import { text } from "node:stream/consumers"
import { play } from "./Answer.ts"
import { type ChatMessage, parse, type ToolDefinition } from "./ChatRequest.ts"
import { choose, type Kind, type Rule } from "./Choice.ts"
import { GrowingLog, type WaitFor } from "./GrowingLog.ts"
import type { Step } from "./Script.ts"

export type { ChatMessage, ToolDefinition } from "./ChatRequest.ts"
export { textOf } from "./ChatRequest.ts"
export type { Kind, Rule } from "./Choice.ts"

/** The model's server could not listen on loopback. */
export class ModelStartError extends Data.TaggedError("ModelStartError")<{ readonly cause: unknown }> {}

/** One chat request. Times are milliseconds since 1970, with fractions. */
export interface ModelRequest {
  /** Counts from 1; not reset. */
  readonly n: number
  readonly kind: Kind
  /** Which script or rule answered (see `Choice`), and with which of its steps. */
  readonly key: string
  readonly idx: number
  /** The model's id without the provider. */
  readonly model: string
  /** The OpenCode session (and its parent) that asked, where OpenCode says so in a header. */
  readonly sessionID: string | undefined
  readonly parentSessionID: string | undefined
  readonly messages: ReadonlyArray<ChatMessage>
  readonly tools: ReadonlyArray<ToolDefinition>
  /** The whole request as it came. */
  readonly body: string
  readonly headers: Http.IncomingHttpHeaders
  readonly startedAt: number
  /** Absent while the request is open. */
  readonly endedAt: number | undefined
  /** The connection was closed before the answer was complete, by whichever side. */
  readonly aborted: boolean
  /** The HTTP status, if the script made the request fail. */
  readonly failed: number | undefined
}

export interface ScriptedModel {
  /** Base URL for an OpenAI-compatible client, ending in `/v1`. */
  readonly url: string
  /** The requests so far, oldest first, as they are now. */
  readonly requests: Effect.Effect<ReadonlyArray<ModelRequest>>
  /** Waits for a request such that ...; also looks again when a request ends. */
  readonly waitFor: WaitFor<ModelRequest>
  /** How many requests are open now. Requests for titles and summaries never count. */
  readonly inFlight: (predicate?: (request: ModelRequest) => boolean) => Effect.Effect<number>
  /** The greatest number that were open at the same time. */
  readonly maxInFlight: (predicate?: (request: ModelRequest) => boolean) => Effect.Effect<number>
  /** Adds a rule for user messages without a script, after those that are there. */
  readonly onMessage: (rule: Rule) => Effect.Effect<void>
  /** Lets the steps with this `gate` go on, those that come later too. */
  readonly openGate: (name: string) => Effect.Effect<void>
  /** Forgets the log, the gates (opening them), the counts of `times` and the rules added by `onMessage`. */
  readonly reset: Effect.Effect<void>
}

export interface Options {
  /** The rules to begin with. They stay on `reset`. */
  readonly onMessage?: ReadonlyArray<Rule>
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const now = (): number => performance.timeOrigin + performance.now()
const isTurn = (request: ModelRequest): boolean => request.kind !== "title" && request.kind !== "summary"
const everyRequest = () => true
const header = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0]

/** How often a step fails, or drops, before it answers. */
const timesOf = ({ drop, fail }: Step): number => {
  if (drop !== undefined && drop !== false) return drop === true ? Infinity : drop.times
  return fail === undefined ? 0 : fail.times ?? Infinity
}

/** The most intervals that overlap at one point. One that ends when another starts does not overlap it. */
const mostOverlapping = (requests: ReadonlyArray<ModelRequest>): number => {
  const changes = requests.flatMap(({ endedAt, startedAt }): ReadonlyArray<readonly [at: number, by: number]> =>
    endedAt === undefined ? [[startedAt, 1]] : [[startedAt, 1], [endedAt, -1]]
  ).toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
  let open = 0
  let most = 0
  for (const [, by] of changes) {
    open += by
    most = Math.max(most, open)
  }
  return most
}

const respond = (response: Http.ServerResponse, status: number, body: unknown) =>
  Effect.sync(() => {
    if (!response.headersSent) response.writeHead(status, { "content-type": "application/json" })
    response.end(JSON.stringify(body))
  })

const closed = (response: Http.ServerResponse) =>
  Effect.callback<void>((resume) => {
    if (response.destroyed) return resume(Effect.void)
    const done = () => resume(Effect.void)
    response.once("close", done)
    return Effect.sync(() => response.off("close", done))
  })

const listen = (handler: Http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<Http.Server, ModelStartError>((resume) => {
      const server = Http.createServer(handler)
      server.once("error", (cause) => resume(Effect.fail(new ModelStartError({ cause }))))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

/** Starts the model on a free port of 127.0.0.1; it stops, and cuts all connections, with the scope. */
export const make = Effect.fnUntraced(
  function*(options: Options = {}): Effect.fn.Return<ScriptedModel, ModelStartError, Scope.Scope> {
    const log = new GrowingLog<Mutable<ModelRequest>>()
    const failures = new Map<string, number>()
    const gates = new Map<string, Latch.Latch>()
    const addedRules: Array<Rule> = []
    let seq = 0

    const gate = (name: string): Latch.Latch => {
      const found = gates.get(name) ?? Latch.makeUnsafe()
      gates.set(name, found)
      return found
    }

    const chat = Effect.fnUntraced(function*(message: Http.IncomingMessage, response: Http.ServerResponse) {
      const startedAt = now()
      const body = yield* Effect.tryPromise(() => text(message))
      const request = yield* parse(body)
      const { idx, key, kind, step } = choose(request, [...(options.onMessage ?? []), ...addedRules])
      const n = ++seq
      const entry: Mutable<ModelRequest> = {
        n,
        kind,
        key,
        idx,
        model: request.model,
        // A provider whose name begins with "opencode" is told the session under a name of its own.
        sessionID: header(message.headers["x-session-id"] ?? message.headers["x-opencode-session"]),
        parentSessionID: header(message.headers["x-parent-session-id"]),
        messages: request.messages,
        tools: (request.tools ?? []).map((tool) => tool.function),
        body,
        headers: message.headers,
        startedAt,
        endedAt: undefined,
        aborted: false,
        failed: undefined
      }
      log.append(entry)
      const end = (aborted: boolean) => {
        if (entry.endedAt !== undefined) return
        entry.endedAt = now()
        entry.aborted = aborted
        log.touch()
      }

      const work = Effect.gen(function*() {
        if (step.gate !== undefined) yield* gate(step.gate).await
        const counter = JSON.stringify([key, idx, entry.sessionID])
        const used = failures.get(counter) ?? 0
        const failing = used < timesOf(step)
        if (failing) {
          failures.set(counter, used + 1)
          entry.failed = step.fail?.status
        }
        yield* play({ n, request, step, response, failing, onEnd: () => end(false) })
      })
      yield* Effect.raceFirst(work, closed(response)).pipe(Effect.ensuring(Effect.sync(() => end(true))))
    })

    const handle = (message: Http.IncomingMessage, response: Http.ServerResponse): Effect.Effect<void> => {
      const path = new URL(message.url ?? "/", "http://127.0.0.1").pathname
      if (path.endsWith("/models")) return respond(response, 200, { object: "list", data: [] })
      if (!path.endsWith("/chat/completions")) {
        return respond(response, 404, { error: { message: `the scripted model does not know ${path}` } })
      }
      // Only a request that is none gets here. The text is fixed: OpenCode may retry because of a word in it.
      return chat(message, response).pipe(
        Effect.catch(() => respond(response, 400, { error: { message: "the scripted model cannot read this" } }))
      )
    }

    const run = yield* FiberSet.makeRuntime()
    const server = yield* listen((message, response) => {
      run(handle(message, response))
    })
    const address = server.address()
    if (address === null || typeof address === "string") return yield* new ModelStartError({ cause: address })

    const snapshot = Effect.sync(() => log.entries.map((entry): ModelRequest => ({ ...entry })))
    const turns = (predicate: (request: ModelRequest) => boolean) =>
      Effect.map(snapshot, (requests) => requests.filter((request) => isTurn(request) && predicate(request)))

    return {
      url: `http://127.0.0.1:${address.port}/v1`,
      requests: snapshot,
      waitFor: log.waitFor,
      inFlight: (predicate = everyRequest) =>
        Effect.map(turns(predicate), (requests) => requests.filter(({ endedAt }) => endedAt === undefined).length),
      maxInFlight: (predicate = everyRequest) => Effect.map(turns(predicate), mostOverlapping),
      onMessage: (rule) => Effect.sync(() => void addedRules.push(rule)),
      openGate: (name) => Effect.asVoid(Latch.open(gate(name))),
      reset: Effect.sync(() => {
        log.clear()
        failures.clear()
        for (const latch of gates.values()) latch.openUnsafe()
        gates.clear()
        addedRules.length = 0
      })
    }
  }
)
