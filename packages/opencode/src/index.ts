/**
 * `opencode-errand`: the plugin, as OpenCode loads it.
 *
 * One `ManagedRuntime` per instance: hooks go in, tools come out, and `dispose` closes the scope that everything lives
 * in. Whatever happens inside, nothing is thrown at OpenCode: a hook that throws hangs sessions.
 */
import { Journal, Notices, Task, Tasks } from "@errand/core"
import { Cause, Clock, Effect, Exit, ManagedRuntime, Option, Schema } from "effect"
import { homedir } from "node:os"
import * as App from "./App.ts"
import { Cards } from "./cards/Cards.ts"
import { restoreAll } from "./cards/Kept.ts"
import * as ConfigFiles from "./ConfigFiles.ts"
import { addCrew } from "./Crew.ts"
import type { ChatMessage, ChatMessageInput, Hooks, PluginInput, ToolDefinition } from "./hooks.ts"
import { Agents } from "./host/Agents.ts"
import * as Feed from "./host/Feed.ts"
import { Sessions } from "./host/Sessions.ts"
import { voiceOf } from "./host/voice.ts"
import * as RunHold from "./RunHold.ts"
import { tasksToKeep } from "./text/compaction.ts"
import { message, sentence } from "./text/inline.ts"
import { backgroundCancel } from "./tools/backgroundCancel.ts"
import { backgroundOutput } from "./tools/backgroundOutput.ts"
import { type Caller, text, type ToolResult } from "./tools/Caller.ts"
import { definitions } from "./tools/definitions.ts"
import { delegateTask } from "./tools/delegateTask.ts"
import * as Ultrawork from "./Ultrawork.ts"

type Tool = (input: unknown, caller: Caller) => Effect.Effect<ToolResult, never, App.App>

const tools: Readonly<Record<keyof typeof definitions, Tool>> = {
  delegate_task: delegateTask,
  background_output: backgroundOutput,
  background_cancel: backgroundCancel
}

const server = async (input: PluginInput, options?: unknown): Promise<Hooks> => {
  const user = { home: homedir(), env: process.env }
  const loaded = await Effect.runPromise(ConfigFiles.load({ ...user, directory: input.directory }, options))
  const { settings } = loaded
  const feed = Feed.make(settings.pollIntervalMs)
  const runtime = ManagedRuntime.make(App.layer(input, loaded, feed, user))
  // It listens soon, not only from the first tool call on. Until OpenCode has started nothing happens that it has to hear,
  // and to make everything takes time that OpenCode's first answer would take longer; whoever needs it sooner makes it.
  const listening = Effect.runFork(
    Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => runtime.runFork(Effect.void)))
  )

  /** Runs something for a hook that has no answer to give; whatever goes wrong is ours alone. */
  const quietly = async (effect: Effect.Effect<unknown, unknown, App.App>): Promise<void> => {
    await runtime.runPromiseExit(effect).catch(() => undefined)
  }

  const toolOf = (id: keyof typeof definitions): ToolDefinition => ({
    description: definitions[id].description,
    args: definitions[id].jsonSchema.properties,
    execute: async (args, context) => {
      const caller = decodeCaller(context)
      if (Option.isNone(caller)) {
        return text("failed", `OpenCode did not say which session calls ${id}, so nothing was done. Try again.`)
      }
      const exit = await runtime.runPromiseExit(
        tools[id](args, { session: Task.SessionId.make(caller.value.sessionID) }),
        context.abort instanceof AbortSignal ? { signal: context.abort } : {}
      )
      if (Exit.isSuccess(exit)) return exit.value
      const why = Cause.hasInterrupts(exit.cause)
        ? `${id} was stopped before it had an answer.`
        : `${id} failed by a fault in Errand, not by yours: ${
          sentence(message(Cause.pretty(exit.cause).split("\n")[0] ?? ""))
        }`
      return text("failed", why)
    }
  })

  return {
    dispose: safely(async () => {
      listening.interruptUnsafe()
      await runtime.dispose()
    }),
    event: safely(async ({ event }) => feed.pour(event)),
    config: safely(async (config) => {
      Object.assign(config, addCrew(config, settings))
    }),
    tool: {
      delegate_task: toolOf("delegate_task"),
      background_output: toolOf("background_output"),
      background_cancel: toolOf("background_cancel")
    },
    "tool.definition": safely(async ({ toolID }, output) => {
      const definition = Object.entries(definitions).find(([id]) => id === toolID)?.[1]
      if (definition !== undefined) output.jsonSchema = definition.jsonSchema
    }),
    "chat.message": safely(async (message, output) => {
      // Not waited for: a launch finds it there, or under way.
      void quietly(Effect.flatMap(Agents, ({ warm }) => warm))
      await quietly(hearMessage(message, output, loaded))
    }),
    "experimental.chat.messages.transform": safely(async (_, { messages }) => restoreAll(messages)),
    "experimental.session.compacting": safely(({ sessionID }, output) =>
      quietly(keepTasks(Task.SessionId.make(sessionID), output.context))
    ),
    "experimental.text.complete": safely(async ({ sessionID }) => {
      if (RunHold.isRun(process.argv)) {
        await quietly(RunHold.hold(Task.SessionId.make(sessionID), settings.runHoldMs))
      }
    })
  }
}

/** A hook that cannot fail, whatever OpenCode passes to it: what goes wrong in it is ours alone. */
const safely = <Args extends ReadonlyArray<unknown>>(hook: (...args: Args) => Promise<void>) =>
async (
  ...args: Args
): Promise<void> => {
  try {
    await hook(...args)
  } catch {
    return
  }
}

/** Who calls a tool, as OpenCode says it. */
const decodeCaller = Schema.decodeUnknownOption(Schema.Struct({ sessionID: Schema.NonEmptyString }))

/** Puts the tasks of a session into what its summary is made of. */
const keepTasks = Effect.fnUntraced(function*(session: Task.SessionId, context: Array<string>) {
  const own = (yield* Effect.flatMap(Tasks.Tasks, (tasks) => tasks.list)).filter((task) => Task.isBelow(task, session))
  const notices = yield* Notices.Notices
  const unread = yield* Effect.filter(own, notices.owes)
  const kept = tasksToKeep(own, new Set(unread.map(({ id }) => id)), yield* Clock.currentTimeMillis)
  if (kept !== undefined) context.push(kept)
})

/** Notes who speaks in a session, and answers the word `ultrawork`. */
const hearMessage = Effect.fnUntraced(function*(
  input: ChatMessageInput,
  { message, parts }: ChatMessage,
  { settings }: ConfigFiles.Loaded
) {
  const { sessionID } = input
  const session = Task.SessionId.make(sessionID)
  yield* Effect.flatMap(Tasks.Tasks, (tasks) => tasks.inherit(session))
  yield* Effect.flatMap(Cards, (cards) => cards.used(session))
  const sessions = yield* Sessions
  yield* sessions.spoke(session, voiceOf(input))
  // Neither what is for the model only nor what is for people only was said by a person: a notice is made of both.
  const said = parts.filter(({ ignored, synthetic, type }) => type === "text" && synthetic !== true && ignored !== true)
  if (!settings.ultrawork || !said.some(({ text }) => Ultrawork.wants(text ?? ""))) return
  const journal = yield* Journal.Journal
  // What one agent writes to another is not a wish of the user's.
  if (Option.isSome(yield* journal.bySession(session))) return
  const agents = yield* Agents
  const sendable = yield* Effect.orElseSucceed(agents.sendable, () => [])
  parts.push({
    // OpenCode sorts parts by id: after what was said.
    id: `${parts.at(-1)?.id ?? "prt_"}errand`,
    sessionID,
    messageID: message.id,
    type: "text",
    synthetic: true,
    text: Ultrawork.instructions({
      agents: sendable.map(({ description, name }) => ({ name, description: description ?? undefined })),
      limits: Ultrawork.limitsText(settings)
    })
  })
})

export default { id: "opencode-errand", server }
