/**
 * The built plugin in a real OpenCode, with a scripted model behind it: one per test file, shared by its cases. Every
 * case has a parent session of its own.
 *
 * The agent of a parent is scripted too: `use` makes it call tools in one turn, `delegate` makes it launch tasks whose
 * agents are scripts, `told` waits until it has heard of their end and has answered to that.
 */
import { OpenCode, Sandbox, Script, ScriptedModel } from "@errand/lab"
import type { Message, Part } from "@opencode-ai/sdk"
import { Context, type Duration, Effect, Layer, Schema } from "effect"
import { pathToFileURL } from "node:url"
import { asCalled } from "./calls.ts"

/** The plugin as it is shipped: build it first. */
export const pluginUrl = pathToFileURL(new URL("../../../dist/index.js", import.meta.url).pathname).href

export interface WorldOptions {
  /** The plugin's options, beside its name in OpenCode's list. */
  readonly settings?: Schema.JsonObject
  /** Provider ids and their model ids, besides `fake` with `m1` to `m4`. */
  readonly providers?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Further keys for `opencode.json`. */
  readonly config?: Schema.JsonObject
  /** What the model answers to messages without a script. */
  readonly onMessage?: ReadonlyArray<ScriptedModel.Rule>
}

export class World extends Context.Service<World, {
  readonly model: ScriptedModel.ScriptedModel
  readonly sandbox: Sandbox.Sandbox
  readonly server: OpenCode.OpenCodeServer
}>()("opencode-errand/test/World") {
  static readonly layer = ({ config, onMessage, providers, settings }: WorldOptions = {}) =>
    Layer.effect(
      World,
      Effect.gen(function*() {
        const model = yield* ScriptedModel.make(onMessage === undefined ? {} : { onMessage })
        const sandbox = yield* Sandbox.make({
          model,
          plugins: [[pluginUrl, settings ?? {}]],
          ...(providers === undefined ? {} : { providers }),
          ...(config === undefined ? {} : { config })
        })
        return World.of({ model, sandbox, server: yield* OpenCode.serve(sandbox) })
      })
    )
}

/** Tests share the server, and run on the real clock. */
export const real = { excludeTestServices: true, timeout: "90 seconds" } as const

/** How long to wait for something that takes a moment on a machine that has nothing else to do. */
export const patience: Duration.Input = "45 seconds"

/** What an agent got from a call of a tool. */
export interface Answer {
  readonly tool: string
  readonly output: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A new session that nothing was said in. */
export const newParent = Effect.flatMap(World, ({ server }) => server.newSession("parent"))

/** Makes the agent of a session call tools, all in one turn; gives what it got, in the same order. */
export const use = Effect.fnUntraced(function*(
  session: string,
  toolCalls: ReadonlyArray<Script.ToolCall>,
  prompt: OpenCode.PromptOptions = {}
) {
  const { server } = yield* World
  const before = (yield* server.messages(session)).length
  yield* server.prompt(session, Script.script([{ toolCalls }, { say: "Going on." }], { later: thanks }), prompt).pipe(
    Effect.timeout(patience)
  )
  const parts = (yield* server.messages(session)).slice(before).flatMap(({ parts }) => parts)
  const answers = parts.flatMap((part) => part.type === "tool" ? [answerOf(part)] : [])
  // A turn that was busy with something else, or called less, is no ground for conclusions.
  if (answers.length !== toolCalls.length) return yield* Effect.die(new Error(JSON.stringify(answers, undefined, 2)))
  return answers
})

/** What the parents of these tests say to notices. */
const thanks: ReadonlyArray<Script.Step> = Array.from({ length: 20 }, () => ({ say: "Thanks." }))

const answerOf = (part: Extract<Part, { readonly type: "tool" }>): Answer => {
  const { state, tool } = asCalled(part)
  return state.status === "completed"
    ? { tool, output: state.output, metadata: state.metadata }
    : { tool, output: state.status === "error" ? state.error : `(${state.status})`, metadata: {} }
}

/** The same with one call; gives what the agent read. */
export const useOne = (session: string, name: string, args: Schema.Json) =>
  Effect.map(use(session, [{ name, args }]), (answers) => answers.map(({ output }) => output).join("\n"))

/** What `background_output` says of a task. */
export const page = (session: string, task: string) => useOne(session, "background_output", { task_id: task })

/** An errand, and what its agent does. */
export interface Errand {
  /** The answers of its model, one after the other. */
  readonly steps: ReadonlyArray<Script.Step>
  /** What its model answers to what it is told later (a notice, a summary). */
  readonly later?: ReadonlyArray<Script.Step>
  readonly description?: string
  readonly agent?: string
  /** Further arguments of `delegate_task`. */
  readonly args?: Schema.JsonObject
}

/** A task as the text of `delegate_task` names it. */
export interface Launched {
  /** The whole text. */
  readonly text: string
  readonly task: string
  /** `(not started)` while it has none. */
  readonly session: string
  readonly status: string
}

export const callOf = ({ agent, args, description, later, steps }: Errand): Script.ToolCall => ({
  name: "delegate_task",
  args: {
    description: description ?? "Find it",
    prompt: Script.script(steps, later === undefined ? {} : { later }),
    agent: agent ?? "explore",
    ...args
  }
})

export const notStarted = "(not started)"

/** Reads the text of `delegate_task`. What is not there is empty. */
export const launchedOf = (text: string): Launched => {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? ""
  return { text, task: field("Task ID"), session: field("Session ID"), status: field("Status") }
}

/**
 * Makes the agent of a session launch tasks, all in one turn. They are numbered: OpenCode asks for permission before the
 * third of three calls that are the same ("doom_loop").
 */
export const delegate = Effect.fnUntraced(function*(
  session: string,
  errands: ReadonlyArray<Errand>,
  prompt?: OpenCode.PromptOptions
) {
  const calls = errands.map((errand, index) => callOf({ description: `Errand ${index + 1}`, ...errand }))
  const answers = yield* use(session, calls, prompt)
  return yield* Effect.forEach(answers, ({ output }) => withSession(launchedOf(output)))
})

/** The text names the session where it came within half a second: on a busy machine it may not have. */
const withSession = (launched: Launched) =>
  launched.status !== "running" || launched.session !== notStarted
    ? Effect.succeed(launched)
    : Effect.map(
      Effect.flatMap(World, ({ server }) =>
        server.waitFor(
          ({ properties, type }) =>
            type === "session.created" && JSON.stringify(properties).includes(`{"task":"${launched.task}"}`),
          { timeout: patience, what: `the session of ${launched.task}` }
        )),
      ({ properties }) => ({ ...launched, session: String(properties["sessionID"]) })
    )

/** The same with one task. */
export const delegateOne = (session: string, errand: Errand, prompt?: OpenCode.PromptOptions) =>
  Effect.flatMap(
    delegate(session, [errand], prompt),
    ([launched]) => launched === undefined ? Effect.die("nothing was launched") : Effect.succeed(launched)
  )

/** A message that told a session of its tasks. */
export interface Notice {
  readonly id: string
  readonly info: Message
  /** What the model reads. */
  readonly text: string
  /** What the person reads. */
  readonly person: string
  readonly parts: ReadonlyArray<Part>
}

const Marked = Schema.Struct({ errand: Schema.Struct({ notice: Schema.String }) })
const isMarked = Schema.is(Marked)

/** Every notice that a session was given, oldest first. */
export const notices = Effect.fnUntraced(function*(session: string) {
  const { server } = yield* World
  return (yield* server.messages(session)).flatMap(({ info, parts }): ReadonlyArray<Notice> => {
    const texts = parts.flatMap((part) => part.type === "text" && isMarked(part.metadata) ? [part] : [])
    const mark = texts.map(({ metadata }) => metadata).find(isMarked)
    if (mark === undefined) return []
    const join = (some: typeof texts) => some.map(({ text }) => text).join("\n")
    return [{
      id: mark.errand.notice,
      info,
      parts,
      text: join(texts.filter(({ synthetic }) => synthetic === true)),
      person: join(texts.filter(({ synthetic }) => synthetic !== true))
    }]
  })
})

const lastWord = /\[ALL BACKGROUND TASKS /g

/** How many batches a request tells the model the end of. */
export const lastWordsIn = ({ messages }: ScriptedModel.ModelRequest): number =>
  messages.reduce(
    (sum, message) =>
      message.role === "user" ? sum + (ScriptedModel.textOf(message).match(lastWord)?.length ?? 0) : sum,
    0
  )

/**
 * Waits until a session's agent has heard of the end of its tasks (of its `nth` batch of them) and has answered; gives
 * every notice that it got.
 */
export const told = Effect.fnUntraced(function*(session: string, nth = 1) {
  const { model, server } = yield* World
  yield* model.waitFor(
    (request) => request.sessionID === session && request.endedAt !== undefined && lastWordsIn(request) >= nth,
    { timeout: patience, what: `the last word on the tasks of ${session}` }
  )
  yield* server.idle(session, patience)
  return yield* notices(session)
})

/** The same where only one notice may have come. */
export const toldOnce = Effect.fnUntraced(function*(session: string) {
  const [notice, ...more] = yield* told(session)
  if (notice === undefined || more.length > 0) {
    return yield* Effect.die(new Error(`${more.length + (notice === undefined ? 0 : 1)} notices`))
  }
  return notice
})

/** Waits for a request of the session of a task. */
export const working = (session: string, what: (request: ScriptedModel.ModelRequest) => boolean = () => true) =>
  Effect.flatMap(World, ({ model }) =>
    model.waitFor((request) => request.sessionID === session && what(request), {
      timeout: patience,
      what: `a request of session ${session} such that ${what}`
    }))
