// Runs the built plugin without an OpenCode: a client whose every call throws, events that are garbage, two ends.
// Called with the path of the bundle; prints what it saw as JSON. Runs on Bun and on Node.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

// It keeps its journal there, and not at the home of whoever runs this.
const data = mkdtempSync(join(tmpdir(), "errand-offline-"))
process.env["XDG_DATA_HOME"] = data

const watched = ["SIGINT", "SIGTERM", "SIGHUP", "exit", "beforeExit", "uncaughtException", "unhandledRejection"]
const listeners = () => watched.map((name) => process.listenerCount(name))

const called = []
const client = (path) =>
  new Proxy(() => {}, {
    get: (_, name) => client(`${path}.${String(name)}`),
    apply: () => {
      called.push(path)
      throw new Error(`${path} was called`)
    }
  })

const exits = []
const exit = process.exit
process.exit = (code) => {
  exits.push(code)
}
const before = listeners()
const failures = []
const attempt = async (what, run) => {
  try {
    const promise = run()
    return await promise
  } catch (error) {
    failures.push(`${what}: ${String(error)}`)
    return undefined
  }
}

const module = await import(pathToFileURL(process.argv[2] ?? "").href)
const directory = tmpdir()
const hooks = await module.default.server({ client: client("client"), directory, worktree: directory }, undefined)
// Whatever was begun without being waited for gets its turn.
await new Promise((resolve) => setTimeout(resolve, 50))
const calledByInit = [...called]

const thorn = {
  get type() {
    throw new Error("no type")
  }
}
const circle = { type: "session.idle", properties: {} }
circle.properties.self = circle
const session = "ses_1"
const garbage = [
  undefined,
  null,
  0,
  "session.idle",
  [],
  {},
  circle,
  thorn,
  { type: "session.idle" },
  { type: "session.idle", properties: null },
  { type: "session.status", properties: { sessionID: session, status: { type: 7 } } },
  { type: "session.error", properties: { sessionID: session, error: "text" } },
  { type: "message.part.updated", properties: { part: { type: "tool", sessionID: session, state: null } } },
  { type: "permission.asked", properties: { id: "per_1", sessionID: session, patterns: "x" } },
  { type: "session.deleted", properties: { info: { id: session } } }
]
await Promise.all(garbage.map((event) => attempt("event", () => hooks.event({ event }))))

const config = {}
await attempt("config", () => hooks.config(config))
await attempt(
  "chat.message",
  () =>
    hooks["chat.message"]({ sessionID: session }, {
      message: { id: "msg_1" },
      parts: [{ type: "text", text: "ulw go" }]
    })
)
await attempt("text.complete", () => hooks["experimental.text.complete"]({ sessionID: session }))
await attempt("tool.definition", () => hooks["tool.definition"]({ toolID: "bash" }, { description: "-" }))

const context = { sessionID: session, abort: new AbortController().signal }
const calls = {
  delegate_task: { agent: "explore", prompt: "x" },
  background_output: { task_id: "bg_12345678", block: true },
  background_cancel: { task_id: "bg_12345678" }
}
const outputsOf = async ([name, tool]) => {
  const results = [undefined, "text", calls[name]].map((args) => attempt(name, () => tool.execute(args, context)))
  return [name, (await Promise.all(results)).map((result) => result?.output)]
}
const outputs = Object.fromEntries(await Promise.all(Object.entries(hooks.tool).map(outputsOf)))

await attempt("dispose", () => hooks.dispose())
await attempt("dispose again", () => hooks.dispose())
await attempt(
  "event after the end",
  () => hooks.event({ event: { type: "session.idle", properties: { sessionID: session } } })
)
await attempt(
  "chat.message after the end",
  () =>
    hooks["chat.message"]({ sessionID: session }, { message: { id: "msg_2" }, parts: [{ type: "text", text: "ulw" }] })
)
await attempt("tool after the end", () => hooks.tool.background_cancel.execute({ all: true }, context))

rmSync(data, { recursive: true, force: true })
process.exit = exit
console.log(JSON.stringify({
  runtime: process.versions.bun === undefined ? "node" : "bun",
  exported: Object.keys(module),
  id: module.default.id,
  keys: Object.keys(module.default),
  calledByInit,
  failures,
  outputs,
  agents: Object.keys(config.agent ?? {}),
  exits,
  listeners: { before, after: listeners() }
}))
