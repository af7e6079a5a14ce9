/**
 * An editor that talks to `opencode acp`: JSON-RPC on its standard input and output, a message a line.
 */
import { OpenCode, type Sandbox } from "@errand/lab"
import { Effect, Option, Ref, Schema } from "effect"
import { patience } from "./b.ts"

const Message = Schema.fromJsonString(Schema.Struct({
  id: Schema.optionalKey(Schema.Int),
  method: Schema.optionalKey(Schema.String),
  params: Schema.optionalKey(Schema.Json),
  result: Schema.optionalKey(Schema.Json),
  error: Schema.optionalKey(Schema.Json)
}))
const decode = Schema.decodeUnknownOption(Message)
const decodeNew = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ result: Schema.Struct({ sessionId: Schema.String }) }))
)

export const open = Effect.fnUntraced(function*(sandbox: Sandbox.Sandbox) {
  const child = yield* OpenCode.start(sandbox, ["acp"], { isTalkedTo: true })
  const count = yield* Ref.make(0)

  /** Asks for something, and waits for the answer. */
  const ask = Effect.fnUntraced(function*(method: string, params: Schema.Json) {
    const id = yield* Ref.updateAndGet(count, (n) => n + 1)
    yield* child.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`)
    const isAnswer = (line: string) =>
      Option.exists(decode(line), (message) => message.id === id && message.method === undefined)
    return yield* child.lines.waitFor(isAnswer, { timeout: patience, what: `an answer to ${method}` })
  })

  yield* ask("initialize", { protocolVersion: 1, clientCapabilities: {} })
  return {
    /** Opens a new session; gives its id. */
    create: Effect.flatMap(
      ask("session/new", { cwd: sandbox.project, mcpServers: [] }),
      (line) => Effect.map(decodeNew(line), ({ result }) => result.sessionId)
    ),
    /** What it has said so far. */
    said: child.lines.all,
    /** Opens a session that is there. */
    load: (sessionId: string) => ask("session/load", { sessionId, cwd: sandbox.project, mcpServers: [] }),
    /** A person writes in a session; ends with the agent's turn. */
    prompt: (sessionId: string, text: string) => ask("session/prompt", { sessionId, prompt: [{ type: "text", text }] }),
    /** Waits until the editor shows a text as the agent's, in a session. */
    shows: (sessionId: string, text: string) =>
      child.lines.waitFor(
        (line) =>
          line.includes("session/update") && line.includes("agent_message_chunk") && line.includes(sessionId)
          && line.includes(text),
        { timeout: patience, what: `${text} in the editor` }
      )
  }
})
