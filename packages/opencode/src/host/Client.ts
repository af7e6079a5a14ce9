/**
 * The calls to OpenCode's server that Errand needs, as Effects with typed errors.
 *
 * The client is OpenCode's own, and is called as the object that it is. Every call names the directory, so that it
 * reaches the instance that the sessions live in.
 */
import { AgentHost, type Model, type Task } from "@errand/core"
import type { OpencodeClient } from "@opencode-ai/sdk"
import { Context, Effect, Layer, Option, Predicate, Schema } from "effect"
import { call, decoded } from "./calls.ts"
import {
  AgentInfo,
  ConfigInfo,
  Health,
  Providers,
  RawMessage,
  SessionInfo,
  Statuses,
  Todo,
  Transcript
} from "./wire.ts"

/** What the plugin is given, as far as it is needed here. */
export interface HostInput {
  readonly client: OpencodeClient
  readonly directory: string
}

export class Host extends Context.Service<Host, HostInput>()("opencode-errand/Host") {}

/** A part of a message to send. `synthetic` is for the model only, `ignored` for people only. */
export interface TextPart {
  readonly type: "text"
  readonly text: string
  readonly synthetic?: boolean
  readonly ignored?: boolean
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface PromptBody {
  readonly agent?: string | undefined
  readonly model?: Model.Model | undefined
  readonly variant?: string | undefined
  readonly noReply?: boolean
  readonly parts: ReadonlyArray<TextPart>
}

export interface PermissionRule {
  readonly permission: string
  readonly pattern: string
  readonly action: "allow" | "ask" | "deny"
}

export interface NewSession {
  readonly parentID: string
  readonly title: string
  readonly model?: Model.Model | undefined
  readonly permission: ReadonlyArray<PermissionRule>
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Where a stored part is. */
export interface PartAddress {
  readonly session: Task.SessionId
  readonly message: string
  readonly part: string
}

// Made once: to make one takes longer than to use it.
const asSession = decoded("session", SessionInfo)
const asOpened = decoded("open", SessionInfo)
const asChildren = decoded("children", Schema.Array(SessionInfo))
const asStatuses = decoded("activity", Statuses)
const asTranscript = decoded("transcript", Transcript)
const asMessages = decoded("transcript", Schema.Array(RawMessage))
const asMessage = decoded("message", RawMessage)
const asHealth = decoded("health", Health)
const asTodos = decoded("todos", Schema.Array(Todo))
const asAgents = decoded("agents", Schema.Array(AgentInfo))
const asProviders = decoded("providers", Providers)
const asConfig = decoded("config", ConfigInfo)

/** Asks OpenCode. All of them fail with `HostError`; those about one session with `SessionGone` where it is not there. */
export class Client extends Context.Service<Client, {
  readonly session: (id: Task.SessionId) => Effect.Effect<SessionInfo, AgentHost.HostError | AgentHost.SessionGone>
  readonly createSession: (session: NewSession) => Effect.Effect<SessionInfo, AgentHost.HostError>
  readonly children: (
    id: Task.SessionId
  ) => Effect.Effect<ReadonlyArray<SessionInfo>, AgentHost.HostError | AgentHost.SessionGone>
  readonly prompt: (
    id: Task.SessionId,
    body: PromptBody
  ) => Effect.Effect<void, AgentHost.HostError | AgentHost.SessionGone>
  readonly abort: (id: Task.SessionId) => Effect.Effect<void, AgentHost.HostError>
  /** What the sessions that are not idle are doing. */
  readonly statuses: Effect.Effect<ReadonlyMap<string, string>, AgentHost.HostError>
  readonly messages: (
    id: Task.SessionId,
    last: number
  ) => Effect.Effect<Transcript, AgentHost.HostError | AgentHost.SessionGone>
  /** The parts of the last messages of a session as they are stored, oldest first. */
  readonly storedParts: (
    id: Task.SessionId,
    last: number
  ) => Effect.Effect<ReadonlyArray<unknown>, AgentHost.HostError | AgentHost.SessionGone>
  /** One of them; none where it is not there any more. */
  readonly storedPart: (address: PartAddress) => Effect.Effect<Option.Option<unknown>, AgentHost.HostError>
  /** Stores a part anew, as a whole. */
  readonly rewritePart: (address: PartAddress, part: object) => Effect.Effect<void, AgentHost.HostError>
  /** Which OpenCode this is. */
  readonly version: Effect.Effect<string, AgentHost.HostError>
  readonly todos: (id: Task.SessionId) => Effect.Effect<ReadonlyArray<typeof Todo.Type>, AgentHost.HostError>
  readonly agents: Effect.Effect<ReadonlyArray<AgentInfo>, AgentHost.HostError>
  readonly providers: Effect.Effect<Providers, AgentHost.HostError>
  /** The model that the configuration names, `provider/model`. */
  readonly configuredModel: Effect.Effect<string | undefined, AgentHost.HostError>
  readonly toast: (
    message: string,
    variant: "info" | "success" | "warning" | "error"
  ) => Effect.Effect<void, AgentHost.HostError>
  readonly log: (level: "info" | "warn" | "error", message: string) => Effect.Effect<void, AgentHost.HostError>
  readonly rejectPermission: (id: string, message: string) => Effect.Effect<void, AgentHost.HostError>
  readonly rejectQuestion: (id: string) => Effect.Effect<void, AgentHost.HostError>
  /** In place of all metadata that the session had. */
  readonly setMetadata: (
    id: Task.SessionId,
    metadata: Readonly<Record<string, unknown>>
  ) => Effect.Effect<void, AgentHost.HostError | AgentHost.SessionGone>
}>()("opencode-errand/Client") {
  static readonly layer: Layer.Layer<Client, never, Host> = Layer.effect(Client, Effect.map(Host, make))
}

/** The part of the SDK's client that sends what its methods do not cover. */
type Sender = Readonly<Record<Method, (request: object) => PromiseLike<unknown>>>
type Method = (typeof methods)[number]
const methods = ["get", "post", "patch"] as const

const isSender = (value: unknown): value is Sender =>
  typeof value === "object" && value !== null &&
  methods.every((method) => typeof Reflect.get(value, method) === "function")

const isNamed = (part: unknown, id: string): boolean => Predicate.hasProperty(part, "id") && part.id === id

function make({ client, directory }: HostInput): Client["Service"] {
  const query = { directory }

  /** A call that is not about one session: what is not there is refused. */
  const plain = (operation: string, send: (signal: AbortSignal) => PromiseLike<unknown>) =>
    Effect.catchTag(
      call(operation, send),
      "NotFound",
      ({ message }) => Effect.fail(new AgentHost.HostError({ operation, kind: "refused", message }))
    )

  const about = (operation: string, id: Task.SessionId, send: (signal: AbortSignal) => PromiseLike<unknown>) =>
    Effect.catchTag(
      call(operation, send),
      "NotFound",
      () => Effect.fail(new AgentHost.SessionGone({ session: id }))
    )

  /** The address is made where it may fail: not every id can stand in one. */
  const send = (method: Method, urlOf: () => string, body?: object) => (signal: AbortSignal) => {
    const url = urlOf()
    const sender: unknown = Reflect.get(client, "_client")
    if (!isSender(sender)) return Promise.reject(new Error("this OpenCode's client cannot send it"))
    const request = { url, query, signal }
    return sender[method](
      body === undefined ? request : { ...request, body, headers: { "content-type": "application/json" } }
    )
  }

  const post = (operation: string, urlOf: () => string, body: object) => plain(operation, send("post", urlOf, body))

  return Client.of({
    session: (id) =>
      Effect.flatMap(
        about("session", id, (signal) => client.session.get({ path: { id }, query, signal })),
        asSession
      ),
    createSession: ({ metadata, model, parentID, permission, title }) => {
      const body = {
        parentID,
        title,
        permission,
        metadata,
        ...(model === undefined ? {} : { model: { providerID: model.provider, id: model.id } })
      }
      return Effect.flatMap(
        plain("open", (signal) => client.session.create({ body, query, signal })),
        asOpened
      )
    },
    children: (id) =>
      Effect.flatMap(
        about("children", id, (signal) => client.session.children({ path: { id }, query, signal })),
        asChildren
      ),
    prompt: (id, { agent, model, noReply, parts, variant }) => {
      const body = {
        parts: parts.map((part) => ({ ...part, metadata: { ...part.metadata } })),
        ...(noReply === true ? { noReply } : {}),
        ...(agent === undefined ? {} : { agent }),
        ...(variant === undefined ? {} : { variant }),
        ...(model === undefined ? {} : { model: { providerID: model.provider, modelID: model.id } })
      }
      return Effect.asVoid(
        about("prompt", id, (signal) => client.session.promptAsync({ path: { id }, body, query, signal }))
      )
    },
    abort: (id) => Effect.asVoid(plain("abort", (signal) => client.session.abort({ path: { id }, query, signal }))),
    statuses: Effect.map(
      Effect.flatMap(
        plain("activity", (signal) => client.session.status({ query, signal })),
        asStatuses
      ),
      (all) => new Map(Object.entries(all).map(([id, { type }]) => [id, type]))
    ),
    messages: (id, last) =>
      Effect.flatMap(
        about("transcript", id, (signal) =>
          client.session.messages({ path: { id }, query: { ...query, limit: last }, signal })),
        asTranscript
      ),
    storedParts: (id, last) =>
      Effect.flatMap(
        about("transcript", id, (signal) =>
          client.session.messages({ path: { id }, query: { ...query, limit: last }, signal })),
        asMessages
      ).pipe(Effect.map((messages) =>
        messages.flatMap(({ parts }) =>
          parts
        )
      )),
    storedPart: ({ message, part, session }) =>
      call("message", (signal) => client.session.message({ path: { id: session, messageID: message }, query, signal }))
        .pipe(
          Effect.flatMap(asMessage),
          Effect.map(({ parts }) => Option.fromUndefinedOr(parts.find((stored) => isNamed(stored, part)))),
          Effect.catchTag("NotFound", () => Effect.succeedNone)
        ),
    rewritePart: ({ message, part, session }, stored) =>
      Effect.asVoid(plain(
        "part",
        send("patch", () => {
          const [s, m, p] = [session, message, part].map(encodeURIComponent)
          return `/session/${s}/message/${m}/part/${p}`
        }, stored)
      )),
    version: Effect.map(
      Effect.flatMap(plain("health", send("get", () => "/global/health")), asHealth),
      ({ version }) => version
    ),
    todos: (id) =>
      Effect.flatMap(
        plain("todos", (signal) => client.session.todo({ path: { id }, query, signal })),
        asTodos
      ),
    agents: Effect.flatMap(
      plain("agents", (signal) => client.app.agents({ query, signal })),
      asAgents
    ),
    providers: Effect.flatMap(
      plain("providers", (signal) => client.config.providers({ query, signal })),
      asProviders
    ),
    configuredModel: Effect.map(
      Effect.flatMap(
        plain("config", (signal) => client.config.get({ query, signal })),
        asConfig
      ),
      ({ model }) => model ?? undefined
    ),
    toast: (message, variant) =>
      Effect.asVoid(
        plain("toast", (signal) => client.tui.showToast({ body: { title: "Errand", message, variant }, query, signal }))
      ),
    log: (level, message) =>
      Effect.asVoid(
        // OpenCode's log does not show the service.
        plain("log", (signal) =>
          client.app.log({ body: { service: "errand", level, message: `errand: ${message}` }, query, signal }))
      ),
    rejectPermission: (id, message) =>
      Effect.asVoid(
        post("permission", () => `/permission/${encodeURIComponent(id)}/reply`, { reply: "reject", message })
      ),
    rejectQuestion: (id) => Effect.asVoid(post("question", () => `/question/${encodeURIComponent(id)}/reject`, {})),
    setMetadata: (id, metadata) =>
      Effect.asVoid(about("metadata", id, send("patch", () => `/session/${encodeURIComponent(id)}`, { metadata })))
  })
}
