/**
 * A real OpenCode with the built plugin, shared by the cases of a file, and the few words in which they tell their
 * stories. Every case takes parent sessions of its own; they are deleted after it, and their tasks with them.
 */
import { OpenCode, Sandbox, Script, ScriptedModel } from "@errand/lab"
import { Context, Effect, Layer, type Schema, type Scope } from "effect"
import { fileURLToPath, pathToFileURL } from "node:url"
import { asCalled } from "./calls.ts"

const { textOf } = ScriptedModel

/** The built plugin. */
export const bundle = fileURLToPath(new URL("../../../dist/index.js", import.meta.url))
export const plugin = pathToFileURL(bundle).href

export interface Options extends Omit<Sandbox.Options, "model" | "plugins"> {
  /** The plugin's options. */
  readonly settings?: Schema.JsonObject
  /** Instead of the plugin by its path. */
  readonly plugins?: NonNullable<Sandbox.Options["plugins"]>
  /** What the scripted model answers to messages without a script. */
  readonly rules?: ReadonlyArray<ScriptedModel.Rule>
  /** Done in the sandbox before OpenCode starts. */
  readonly prepare?: (sandbox: Sandbox.Sandbox) => Effect.Effect<unknown, unknown>
}

/** A sandbox with the plugin, and the model in it. */
export const place = Effect.fnUntraced(function*({ plugins, prepare, rules, settings, ...rest }: Options = {}) {
  const model = yield* ScriptedModel.make(rules === undefined ? {} : { onMessage: rules })
  const sandbox = yield* Sandbox.make({
    model,
    plugins: plugins ?? [settings === undefined ? plugin : [plugin, settings]],
    ...rest
  })
  if (prepare !== undefined) yield* prepare(sandbox)
  return { model, sandbox }
})

/** How patient the tests are: the machine may be busy. */
export const patience = "45 seconds"

const toolParts = (messages: ReadonlyArray<OpenCode.MessageWithParts>) =>
  messages.flatMap(({ parts }) => parts.flatMap((part) => part.type === "tool" ? [asCalled(part)] : []))

/** What a tool gave back, or the error that it ended in; undefined while it runs. */
export const outputOf = (part: ReturnType<typeof toolParts>[number] | undefined): string | undefined =>
  part?.state.status === "completed" ? part.state.output : part?.state.status === "error" ? part.state.error : undefined

/** Whether a part was written by Errand as a notice. */
const isNotice = (part: OpenCode.MessageWithParts["parts"][number]): boolean =>
  part.type === "text" && part.metadata?.["errand"] !== undefined

/** The text of the newest user message that the model was shown. */
export const lastUser = ({ messages }: ScriptedModel.ModelRequest): string =>
  textOf(messages.findLast(({ role }) => role === "user"))

/** Everything that the model was shown. */
export const shown = ({ messages }: ScriptedModel.ModelRequest): string => messages.map(textOf).join("\n")

/** How often a text stands in another. */
export const times = (text: string, part: string): number => text.split(part).length - 1

export interface Launched {
  readonly task: string
  readonly session: string
  /** What the agent was told. */
  readonly output: string
}

/** What can be done on a server, and seen of it. */
export const words = ({ model, server }: {
  readonly model: ScriptedModel.ScriptedModel
  readonly server: OpenCode.Connection
}) => {
  /** A new root session, deleted in the end. */
  const parent: Effect.Effect<string, OpenCode.RequestError, Scope.Scope> = Effect.acquireRelease(
    server.newSession("parent"),
    (session) => Effect.ignore(server.request("DELETE", `/session/${session}`))
  )
  const tools = (session: string) => Effect.map(server.messages(session), toolParts)

  /**
   * Has the agent of an idle session call a tool, and gives what it was told. Where a notice came in between the message
   * and the model's answer, the model has answered the notice: it is asked again. Any other turn that called nothing is a
   * fault.
   */
  const call: (session: string, name: string, args: Schema.JsonObject) => Effect.Effect<string, OpenCode.RequestError> =
    Effect.fnUntraced(function*(session, name, args) {
      const before = (yield* tools(session)).length
      yield* server.prompt(session, Script.script([{ toolCalls: [{ name, args }] }, { say: `called ${name}` }]))
      const messages = yield* server.messages(session)
      const output = outputOf(toolParts(messages)[before])
      if (output !== undefined) return output
      const asked = messages.findLast(({ info }) => info.role === "user")
      return asked?.parts.some(isNotice) === true
        ? yield* call(session, name, args)
        : yield* Effect.die(new Error(`the turn in ${session} that was to call ${name} did not`))
    })

  const read = (session: string, task: string, args: Schema.JsonObject = {}) =>
    call(session, "background_output", { task_id: task, ...args })

  /** Has the agent of an idle session launch a task of `general`, and gives the task's ids. */
  const launch = Effect.fnUntraced(function*(session: string, prompt: string, args: Schema.JsonObject = {}) {
    const output = yield* call(session, "delegate_task", {
      description: "An errand",
      prompt,
      agent: "general",
      ...args
    })
    return launchedIn(output)
  })

  /** Waits until the model was asked something in a session. */
  const asked = (
    session: string,
    predicate: (request: ScriptedModel.ModelRequest) => boolean = () => true,
    what = `a request of the model in ${session}`
  ) => model.waitFor((request) => request.sessionID === session && predicate(request), { timeout: patience, what })

  /** Waits until a session has answered a message with this text, and is idle again; gives the message. */
  const told = Effect.fnUntraced(function*(session: string, text: RegExp) {
    const request = yield* asked(
      session,
      (request) => request.endedAt !== undefined && text.test(lastUser(request)),
      `an answer in ${session} to ${text}`
    )
    yield* server.idle(session)
    return lastUser(request)
  })

  /** What Errand wrote into a session, for the model. */
  const notices = (session: string) =>
    Effect.map(
      server.messages(session),
      (messages) =>
        messages.flatMap(({ parts }) =>
          parts.flatMap((part) => isNotice(part) && part.type === "text" && part.ignored !== true ? [part.text] : [])
        )
    )

  /** Waits until a notice is stored in a session, whether or not it is answered. */
  const noticed = (session: string) =>
    server.waitFor(({ properties, type }) => {
      const part = properties["part"]
      return type === "message.part.updated" && isObject(part) && part["sessionID"] === session
        && part["synthetic"] === true && isObject(part["metadata"]) && part["metadata"]["errand"] !== undefined
    }, { timeout: patience, what: `a notice in ${session}` })

  /** Waits for a tool call of a session that runs; gives the call's id. */
  const running = (session: string, tool: string) =>
    server.waitFor(({ properties, type }) => {
      const part = properties["part"]
      return type === "message.part.updated" && isObject(part) && part["sessionID"] === session
        && part["tool"] === tool && isObject(part["state"]) && part["state"]["status"] === "running"
    }, { timeout: patience, what: `${tool} to run in ${session}` })

  /** Waits for an event of a type about a session. */
  const event = (type: string, session: string) =>
    server.waitFor((event) => event.type === type && event.properties["sessionID"] === session, {
      timeout: patience,
      what: `${type} of ${session}`
    })

  const requestsOf = (session: string) =>
    Effect.map(model.requests, (all) => all.filter((request) => request.sessionID === session))

  return { asked, call, event, launch, noticed, notices, parent, read, requestsOf, running, told, tools }
}

export const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The ids in what `delegate_task` said. */
export const launchedIn = (output: string): Launched => ({
  output,
  task: /bg_[0-9a-f]{8}/.exec(output)?.[0] ?? `(no task: ${output})`,
  session: /ses_\w+/.exec(output)?.[0] ?? `(no session: ${output})`
})

/** A server with all of it. */
export const serve = Effect.fnUntraced(function*(options?: Options) {
  const { model, sandbox } = yield* place(options)
  const server = yield* OpenCode.serve(sandbox)
  return { model, sandbox, server, ...words({ model, server }) }
})

export class World extends Context.Service<World, Effect.Success<ReturnType<typeof serve>>>()("errand/e2e/World") {}

/** One server for all cases of a suite. */
export const world = (options?: Options) => Layer.effect(World, serve(options))

/** As a suite's second argument of `layer`: the tests run on the real clock. */
export const live = { excludeTestServices: true, timeout: "120 seconds" } as const
