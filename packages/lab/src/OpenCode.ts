/**
 * The real OpenCode as a scoped resource: `serve` for a server to talk to, `run` for the one-shot command.
 */
import { createOpencodeClient, type Message, type OpencodeClient, type Part, type Session } from "@opencode-ai/sdk"
import { Data, type Duration, Effect, Option, Schema, type Scope } from "effect"
import { type BinaryNotFound, find as findBinary } from "./Binary.ts"
import { freePort } from "./freePort.ts"
import { type WaitFor, WaitTimeout } from "./GrowingLog.ts"
import type { Sandbox } from "./Sandbox.ts"
import { follow, type ServerEvent } from "./ServerEvents.ts"
import { type Exit, spawn, type SpawnError, type Subprocess } from "./Subprocess.ts"

export { BinaryNotFound, find as findBinary } from "./Binary.ts"
export { WaitTimeout } from "./GrowingLog.ts"
export type { ServerEvent } from "./ServerEvents.ts"
export { type Exit, SpawnError, type Subprocess } from "./Subprocess.ts"

/** The server did not get ready. `output` is the end of what it printed. */
export class StartError extends Data.TaggedError("StartError")<{
  readonly reason: string
  readonly output: string
}> {
  override get message(): string {
    return `${this.reason}\n${this.output}`
  }
}

/** A request got no answer, or one that is an error. `cause` is the body of the answer, or what went wrong. */
export class RequestError extends Data.TaggedError("RequestError")<{
  readonly request: string
  readonly status: number | undefined
  readonly cause: unknown
}> {
  override get message(): string {
    return `${this.request}: ${this.status ?? "no answer"} ${JSON.stringify(this.cause)?.slice(0, 1000)}`
  }
}

/** A message with its parts, as OpenCode gives it. */
export interface MessageWithParts {
  readonly info: Message
  readonly parts: ReadonlyArray<Part>
}

/** An answer of `request`: the body is JSON, or text where it is not JSON. */
export interface RawResponse {
  readonly status: number
  readonly body: Schema.Json
}

export interface PromptOptions {
  readonly agent?: string
  /** "provider/model". Default: the session's, else the config's. */
  readonly model?: string
}

/** What can be asked of a server, whoever has started it. */
export interface Connection {
  readonly url: string
  /** OpenCode's own client, for the sandbox's project. It gives errors back instead of failing. */
  readonly client: OpencodeClient
  /** For what the client does not know. Fails only without an answer: look at `status`. */
  readonly request: (
    method: string,
    path: string,
    body?: Schema.Json,
    query?: Readonly<Record<string, string>>
  ) => Effect.Effect<RawResponse, RequestError>
  /**
   * The events so far, oldest first, from before the loading of the project on. A plugin that cannot be loaded shows up
   * here, as a `session.error` without a session, or in the logs.
   */
  readonly events: Effect.Effect<ReadonlyArray<ServerEvent>>
  /** Waits for an event (old or new) such that ... */
  readonly waitFor: WaitFor<ServerEvent>

  /** A new session's id. */
  readonly newSession: (title?: string, parentID?: string) => Effect.Effect<string, RequestError>
  /**
   * Sends a prompt and waits for the end of the turn (five minutes at most); gives the last assistant message. A turn
   * that ends in an error is no failure: see `info.error`.
   */
  readonly prompt: (
    sessionID: string,
    text: string,
    options?: PromptOptions
  ) => Effect.Effect<MessageWithParts, RequestError>
  /** Sends a prompt and does not wait for the turn. */
  readonly promptAsync: (sessionID: string, text: string, options?: PromptOptions) => Effect.Effect<void, RequestError>
  readonly messages: (sessionID: string) => Effect.Effect<ReadonlyArray<MessageWithParts>, RequestError>
  readonly abort: (sessionID: string) => Effect.Effect<void, RequestError>
  readonly children: (sessionID: string) => Effect.Effect<ReadonlyArray<Session>, RequestError>
  /**
   * Waits until the session has been idle for a moment: 150 ms where the last message is a finished answer or there is
   * no message, else a second (a prompt that was just stored, or an answer that a crash has cut off). Default limit
   * 30 seconds.
   */
  readonly idle: (sessionID: string, timeout?: Duration.Input) => Effect.Effect<void, RequestError | WaitTimeout>
}

/** A server of ours. */
export interface OpenCodeServer extends Connection {
  readonly pid: number
  /** What the server has printed so far. */
  readonly logs: Effect.Effect<string>
  /** Default SIGTERM. Does not wait: see `exited`. */
  readonly kill: (signal?: NodeJS.Signals) => Effect.Effect<void>
  readonly exited: Effect.Effect<Exit>
}

export interface ServeOptions {
  /** Joined with the sandbox's. */
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments of `opencode serve`. */
  readonly args?: ReadonlyArray<string>
}

export interface RunOptions {
  readonly stdin?: string
  /** The command is killed after it. Default 60 seconds. */
  readonly timeout?: Duration.Input
  readonly env?: Readonly<Record<string, string>>
  /** Options of OpenCode's that stand before the command. */
  readonly before?: ReadonlyArray<string>
}

export interface RunResult extends Exit {
  readonly stdout: string
  readonly stderr: string
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** It did not end by itself; `signal` is then "SIGKILL". */
  readonly timedOut: boolean
}

/** The text that the assistant (or user) wrote in a message, without what OpenCode or plugins put in. */
export const textOf = ({ parts }: MessageWithParts): string =>
  parts.flatMap((part) => part.type === "text" && part.synthetic !== true ? [part.text] : []).join("\n")

/** Starts any `opencode` command in the sandbox, without waiting for its end. It ends with the scope. */
export const start = Effect.fnUntraced(function*(
  sandbox: Sandbox,
  args: ReadonlyArray<string>,
  options: Omit<RunOptions, "timeout"> & { readonly isTalkedTo?: boolean } = {}
): Effect.fn.Return<Subprocess, BinaryNotFound | SpawnError, Scope.Scope> {
  const binary = yield* findBinary
  return yield* spawn(binary, args, {
    cwd: sandbox.project,
    env: { ...sandbox.env, ...options.env },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.isTalkedTo === undefined ? {} : { isTalkedTo: options.isTalkedTo })
  })
})

/** Runs `opencode run` with these arguments to its end. An exit code other than 0 is a result, not an error. */
export const run = (
  sandbox: Sandbox,
  args: ReadonlyArray<string>,
  options: RunOptions = {}
): Effect.Effect<RunResult, BinaryNotFound | SpawnError> =>
  Effect.scoped(Effect.gen(function*() {
    const startedAt = performance.now()
    const child = yield* start(sandbox, [...options.before ?? [], "run", ...args], options)
    const ended = yield* Effect.timeoutOption(child.exited, options.timeout ?? "60 seconds")
    if (Option.isNone(ended)) yield* child.kill("SIGKILL")
    const exit = yield* child.exited
    return {
      ...exit,
      stdout: yield* child.stdout,
      stderr: yield* child.stderr,
      ms: performance.now() - startedAt,
      timedOut: Option.isNone(ended)
    }
  }))

const readyLine = /listening on (http:\/\/\S+)/

const startError = (child: Subprocess, reason: string) =>
  Effect.fail(new StartError({ reason, output: child.lines.entries.slice(-40).join("\n") }))

const waitUntilReady = Effect.fnUntraced(function*(child: Subprocess) {
  const line = yield* Effect.raceFirst(
    child.lines.waitFor((line) => readyLine.test(line), { timeout: "60 seconds", what: "the ready line" }).pipe(
      Effect.catch((error) => startError(child, error.message))
    ),
    Effect.flatMap(child.exited, (exit) => startError(child, `opencode serve ended: ${JSON.stringify(exit)}`))
  )
  return readyLine.exec(line)?.[1] ?? ""
})

const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

const makeRequest = (url: string, directory: string): Connection["request"] => (method, path, body, query) => {
  const target = new URL(path, url)
  target.searchParams.set("directory", directory)
  for (const [key, value] of Object.entries(query ?? {})) target.searchParams.set(key, value)
  return Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(target, {
        method,
        signal,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } })
      })
      const text = await response.text()
      return { status: response.status, body: Option.getOrElse(parseJson(text), () => text) }
    },
    catch: (cause) => new RequestError({ request: `${method} ${path}`, status: undefined, cause })
  })
}

/** A call of OpenCode's client that fails where the client gives an error back. */
const call = <A>(
  request: string,
  run: (signal: AbortSignal) => Promise<{ readonly data: A | undefined; readonly error?: unknown; response: Response }>
): Effect.Effect<A, RequestError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new RequestError({ request, status: undefined, cause }) }).pipe(
    Effect.flatMap(({ data, error, response }) =>
      data === undefined
        ? Effect.fail(new RequestError({ request, status: response?.status, cause: error }))
        : Effect.succeed(data)
    )
  )

const promptBody = (text: string, { agent, model }: PromptOptions) => {
  const slash = model?.indexOf("/") ?? -1
  return {
    parts: [{ type: "text" as const, text }],
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined
      ? {}
      : { model: { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) } })
  }
}

const makeIdle = (
  client: OpencodeClient,
  messages: Connection["messages"]
): Connection["idle"] =>
(sessionID, timeout = "30 seconds") => {
  const status = call("session.status", (signal) => client.session.status({ signal }))
  const loop = Effect.gen(function*() {
    let quietSince = performance.now()
    while (true) {
      const busy = sessionID in (yield* status)
      if (busy) quietSince = Infinity
      else {
        quietSince = Math.min(quietSince, performance.now())
        const last = (yield* messages(sessionID)).at(-1)?.info
        const finished = last === undefined || (last.role === "assistant" && last.time.completed !== undefined)
        if (performance.now() - quietSince >= (finished ? 150 : 1000)) return
      }
      yield* Effect.sleep("40 millis")
    }
  })
  return loop.pipe(Effect.timeoutOrElse({
    duration: timeout,
    orElse: () => Effect.fail(new WaitTimeout({ what: `session ${sessionID} to be idle`, waited: timeout }))
  }))
}

/** Nobody answered at an address, or not as OpenCode does. */
export class ConnectError extends Data.TaggedError("ConnectError")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/**
 * Talks to a server that listens at this address, and follows its events until the scope ends. Waits until it has loaded
 * the sandbox's project and its plugins.
 */
export const connect = Effect.fnUntraced(function*(
  { project }: Pick<Sandbox, "project">,
  url: string
): Effect.fn.Return<Connection, ConnectError, Scope.Scope> {
  const failed = ({ message }: Error) => Effect.fail(new ConnectError({ reason: message }))
  const events = yield* Effect.catch(follow(url), failed)
  const request = makeRequest(url, project)
  // The first request makes the server load the project's config and plugins. A config that it refuses shows up here.
  const first = yield* Effect.catch(request("GET", "/session/status"), failed)
  if (first.status !== 200) return yield* new ConnectError({ reason: JSON.stringify(first) })
  const client = createOpencodeClient({ baseUrl: url, directory: project })
  const messages: Connection["messages"] = (id) =>
    call("session.messages", (signal) => client.session.messages({ path: { id }, signal }))

  return {
    url,
    client,
    request,
    events: events.all,
    waitFor: events.waitFor,
    newSession: (title, parentID) =>
      call("session.create", (signal) =>
        client.session.create({
          body: { ...(title === undefined ? {} : { title }), ...(parentID === undefined ? {} : { parentID }) },
          signal
        })).pipe(Effect.map((session) => session.id)),
    prompt: (id, text, prompt = {}) =>
      call(
        "session.prompt",
        (signal) => client.session.prompt({ path: { id }, body: promptBody(text, prompt), signal })
      ),
    promptAsync: (id, text, prompt = {}) =>
      Effect.asVoid(
        call("session.promptAsync", (signal) =>
          client.session.promptAsync({ path: { id }, body: promptBody(text, prompt), signal }))
      ),
    messages,
    abort: (id) => Effect.asVoid(call("session.abort", (signal) => client.session.abort({ path: { id }, signal }))),
    children: (id) => call("session.children", (signal) => client.session.children({ path: { id }, signal })),
    idle: makeIdle(client, messages)
  }
})

/**
 * Starts `opencode serve` in the sandbox and waits until it is ready and has loaded its plugins. It ends with the
 * scope. Start it again in the same sandbox to see what survives.
 */
export const serve = Effect.fnUntraced(function*(
  sandbox: Sandbox,
  options: ServeOptions = {}
): Effect.fn.Return<OpenCodeServer, StartError | BinaryNotFound | SpawnError, Scope.Scope> {
  const port = String(yield* freePort)
  const args = ["serve", "--hostname", "127.0.0.1", "--port", port, "--print-logs", ...(options.args ?? [])]
  const child = yield* start(sandbox, args, options.env === undefined ? {} : { env: options.env })
  const url = yield* waitUntilReady(child)
  const connection = yield* Effect.catch(connect(sandbox, url), ({ reason }) => startError(child, reason))
  return {
    ...connection,
    pid: child.pid,
    logs: Effect.sync(() => child.lines.entries.join("\n")),
    kill: child.kill,
    exited: child.exited
  }
})
