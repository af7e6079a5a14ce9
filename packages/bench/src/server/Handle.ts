/**
 * The bench's hold on the fake OpenCode: what it sets, what it wants to know, and what people do there.
 *
 * All of it goes past latency and weather, and nothing of it is counted.
 */
import { Data, Effect, Schema } from "effect"
import * as Reports from "./Reports.ts"

/** The server gave no answer, or one that is an error. */
export class ControlError extends Data.TaggedError("ControlError")<{
  readonly request: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `${this.request}: ${reasons(this.cause).join(": ")}`
  }
}

/** `fetch failed` says nothing: why stands in its cause. */
const reasons = (cause: unknown): ReadonlyArray<string> =>
  cause instanceof Error && cause.cause !== undefined
    ? [String(cause), ...reasons(cause.cause)]
    : [String(cause)]

type Call<A = void> = Effect.Effect<A, ControlError>

/** `reply`: what a person answers to a permission. `word`: what the agent is told of a refusal. */
export type Reply = "allow" | "refuse" | { readonly word: string }

export interface Control {
  /** Everything as new, with these settings. Who listens to events goes on listening. */
  readonly reset: (settings?: Reports.Settings) => Call
  /** Counts anew from now on, under this name; for so long (ms) where that is given, whenever it is asked about. */
  readonly phase: (name: string, lasts?: number) => Call
  /** What was counted in each phase since the last reset; the first is `start`. */
  readonly counters: Call<ReadonlyArray<Reports.Phase>>
  /** What was counted in the last phase. */
  readonly counted: Call<Reports.Phase>
  /** What every answer takes longer from now on (ms): a round trip. */
  readonly latency: (ms: number) => Call
  /** Bad weather from now on; `undefined` ends it. */
  readonly weather: (weather: Reports.WeatherSettings | undefined) => Call
  /** Lets all go on that wait at the gate of this name, now or later. */
  readonly openGate: (name: string) => Call
  /** A session of a person's; gives its id. */
  readonly root: (root?: Reports.NewRoot) => Call<string>
  /**
   * What happened after the entry `since` (0: from the beginning), of these kinds (default: of all), as soon as there is
   * something; nothing if nothing came within `wait` ms (default 0). Ask for the rest with `since: next`.
   */
  readonly log: (options?: {
    readonly since?: number
    readonly kinds?: ReadonlyArray<Reports.Entry["kind"]>
    readonly wait?: number
  }) => Call<typeof Reports.Log.Type>
  /** The sessions of tasks that are at work now. */
  readonly working: Call<ReadonlyArray<Reports.Work>>
  /** Those of them that nobody will ever ask for. */
  readonly orphans: Call<ReadonlyArray<Reports.Work>>
  readonly session: (id: string) => Call<Reports.SessionReport>
  /** A person says something, which may hold a script. */
  readonly say: (session: string, text: string, agent?: string) => Call
  /** A person deletes a session. */
  readonly remove: (session: string) => Call
  /** A person stops a session. */
  readonly abort: (session: string) => Call
  /** A person answers a permission or a question by its id; a question is answered with yes, or dismissed. */
  readonly reply: (ask: string, reply: Reply) => Call
}

const failed = (request: string) => (cause: unknown) => new ControlError({ request, cause })

export const make = (url: string): Control => {
  const ask = (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Call<string> => {
    const request = `${method} ${path}`
    return Effect.flatMap(
      Effect.tryPromise({
        try: async (signal) => {
          const init = body === undefined ? {} : { body: JSON.stringify(body) }
          const response = await fetch(new URL(`/control/${path}`, url), { method, signal, ...init })
          return { ok: response.ok, text: await response.text() }
        },
        catch: failed(request)
      }),
      ({ ok, text }) => ok ? Effect.succeed(text) : Effect.fail(failed(request)(text))
    )
  }

  const tell = (path: string, body: unknown = {}): Call => Effect.asVoid(ask("POST", path, body))

  const get = <A>(schema: Schema.Decoder<A>, path: string, body?: unknown): Call<A> => {
    const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
    return Effect.flatMap(
      ask(body === undefined ? "GET" : "POST", path, body),
      (text) => Effect.mapError(decode(text), failed(path))
    )
  }

  const counters = Effect.map(get(Reports.Counters, "counters"), ({ phases }) => phases)
  const working = Effect.map(get(Reports.Working, "working"), (found) => found.working)

  return {
    reset: (settings = {}) => tell("reset", settings),
    phase: (name, lasts) => tell("phase", { name, ...(lasts === undefined ? {} : { lasts }) }),
    counters,
    counted: Effect.flatMap(counters, (phases) => {
      const last = phases.at(-1)
      return last === undefined ? Effect.fail(failed("counters")("no phase")) : Effect.succeed(last)
    }),
    latency: (ms) => tell("latency", { ms }),
    weather: (weather) => tell("weather", weather ?? null),
    openGate: (name) => tell("gate", { name }),
    root: (root = {}) => Effect.map(get(Reports.Root, "root", root), ({ id }) => id),
    log: ({ kinds = [], since = 0, wait = 0 } = {}) =>
      get(Reports.Log, `log?since=${since}&wait=${wait}&kinds=${kinds.join(",")}`),
    working,
    orphans: Effect.map(working, (all) => all.filter(({ orphan }) => orphan)),
    session: (id) => get(Reports.SessionReport, `session/${id}`),
    say: (session, text, agent = "general") =>
      tell(`person/session/${session}/prompt_async`, { agent, parts: [{ type: "text", text }] }),
    remove: (session) => Effect.asVoid(ask("DELETE", `person/session/${session}`)),
    abort: (session) => tell(`person/session/${session}/abort`),
    reply: (id, reply) =>
      id.startsWith("que_")
        ? tell(`person/question/${id}/${reply === "allow" ? "reply" : "reject"}`)
        : tell(
          `person/permission/${id}/reply`,
          reply === "allow"
            ? { reply: "once" }
            : { reply: "reject", ...(reply === "refuse" ? {} : { message: reply.word }) }
        )
  }
}
