/**
 * A small OpenCode in memory: the SDK's own client on a transport of ours, sessions that answer what they are told, and
 * the events that go with it. It answers at once, and whatever it answers can be overruled.
 */
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk"
import { Schema } from "effect"

/** What was asked of it. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

export interface Reply {
  readonly status: number
  readonly body: unknown
}

/** A message of a session, in OpenCode's own form. */
export interface Message {
  readonly info: Readonly<Record<string, unknown>>
  readonly parts: ReadonlyArray<Readonly<Record<string, unknown>>>
}

export interface Options {
  /** What an agent answers to a prompt; undefined where it never does. */
  readonly answer?: (prompt: string) => string | undefined
  /** Another answer than its own to a call. */
  readonly overrule?: (sent: Sent, own: Reply) => Reply | Promise<Reply>
  /** What becomes of the events of a turn, in their order. */
  readonly tell?: (events: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
}

export interface OpenCode {
  readonly client: OpencodeClient
  /** Everything that it was asked. */
  readonly sent: ReadonlyArray<Sent>
  readonly messages: (session: string) => ReadonlyArray<Message>
  /** Listens to its events. */
  readonly listen: (hear: (event: unknown) => void) => void
}

export const root = "ses_root"

const agents = [
  { name: "explore", mode: "subagent", description: "Looks around", permission: [], options: {} },
  { name: "build", mode: "primary", permission: [], options: {} }
]
const providers = { providers: [{ id: "fake", models: { m1: {}, m2: {} } }], default: { fake: "m1" } }

export const make = (
  { answer = () => "done", overrule = (_, own) => own, tell = (events) => events }: Options = {}
) => {
  const sessions = new Map<string, Array<Message>>([[root, []]])
  const parents = new Map<string, string>()
  const sent: Array<Sent> = []
  let hear: (event: unknown) => void = () => undefined
  let count = 0

  const infoOf = (id: string) => ({ id, parentID: parents.get(id), title: id })
  const found = (body: unknown): Reply => ({ status: 200, body })
  const missing: Reply = { status: 404, body: { name: "NotFoundError", data: { message: "no such session" } } }

  const create = (body: unknown): Reply => {
    const id = `ses_${++count}`
    sessions.set(id, [])
    parents.set(id, memberOf(body, "parentID"))
    return found(infoOf(id))
  }

  const prompt = (session: string, body: unknown): Reply => {
    if (!isPrompt(body)) return { status: 400, body: { name: "BadRequest", data: { message: "a bad body" } } }
    const parts = partsOf(body)
    const user = { info: { id: `msg_${++count}`, sessionID: session, role: "user", time: {} }, parts }
    sessions.get(session)?.push(user)
    // What is stored is told, a notice with its mark among it.
    for (const part of parts) {
      const stored = { ...part, id: `prt_${++count}`, sessionID: session, messageID: user.info.id }
      hear({ type: "message.part.updated", properties: { sessionID: session, part: stored } })
    }
    const text = parts.map((part) => memberOf(part, "text")).join("\n")
    const said = parents.has(session) ? answer(text) : undefined
    const begun = { type: "session.status", properties: { sessionID: session, status: { type: "busy" } } }
    if (said === undefined) {
      if (parents.has(session)) hear(begun)
      return { status: 204, body: undefined }
    }
    const info = { id: `msg_${++count}`, sessionID: session, role: "assistant", finish: "stop", time: { completed: 1 } }
    const part = { id: `prt_${count}`, sessionID: session, messageID: info.id, type: "text", text: said }
    sessions.get(session)?.push({ info, parts: [part] })
    const events = [
      begun,
      { type: "message.updated", properties: { sessionID: session, info: { ...info, time: {} } } },
      { type: "message.part.updated", properties: { sessionID: session, part } },
      { type: "message.updated", properties: { sessionID: session, info } },
      { type: "session.status", properties: { sessionID: session, status: { type: "idle" } } },
      { type: "session.idle", properties: { sessionID: session } }
    ]
    for (const event of tell(events)) hear(event)
    return { status: 204, body: undefined }
  }

  const own = ({ body, method, path }: Sent): Reply => {
    const [, first, id = "", rest = ""] = path.split("/")
    if (first === "agent") return found(agents)
    if (path === "/config/providers") return found(providers)
    if (path === "/config") return found({ model: "fake/m1" })
    if (path === "/tui/publish") hear(body)
    if (first !== "session") return found(true)
    if (path === "/session/status") return found({})
    if (path === "/session" && method === "POST") return create(body)
    const messages = sessions.get(id)
    if (messages === undefined) return missing
    switch (rest) {
      case "prompt_async":
        return prompt(id, body)
      case "message":
        return found(messages)
      case "todo":
        return found([])
      case "children":
        return found([...parents].filter(([, parent]) => parent === id).map(([child]) => infoOf(child)))
      case "abort":
        return found(true)
      default:
        return found(infoOf(id))
    }
  }

  const transport = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const asked: Sent = {
      method: request.method,
      path: decodeURIComponent(new URL(request.url).pathname),
      body: text === "" ? undefined : JSON.parse(text)
    }
    sent.push(asked)
    const { body, status } = await overrule(asked, own(asked))
    return new Response(status === 204 ? null : JSON.stringify(body) ?? "", {
      status,
      headers: { "content-type": "application/json" }
    })
  }

  const openCode: OpenCode = {
    client: createOpencodeClient({ baseUrl: "http://opencode.test", fetch: transport }),
    sent,
    messages: (session) => sessions.get(session) ?? [],
    listen: (listener) => {
      hear = listener
    }
  }
  return openCode
}

/** What OpenCode takes for a prompt. */
const isPrompt = Schema.is(Schema.Struct({
  parts: Schema.Array(Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })),
  agent: Schema.optionalKey(Schema.NonEmptyString),
  variant: Schema.optionalKey(Schema.NonEmptyString),
  model: Schema.optionalKey(Schema.Struct({ providerID: Schema.NonEmptyString, modelID: Schema.NonEmptyString }))
}))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const memberOf = (value: unknown, key: string): string => {
  const member = isObject(value) ? value[key] : undefined
  return typeof member === "string" ? member : ""
}

const partsOf = (body: unknown): ReadonlyArray<Readonly<Record<string, unknown>>> => {
  const parts = isObject(body) ? body["parts"] : undefined
  return Array.isArray(parts) ? parts.filter(isObject) : []
}
