/**
 * The plugin at work: one `ManagedRuntime` per instance. Hooks go in, tools come out, and `dispose` closes the scope that
 * everything lives in.
 */
import { Journal, Notices, Task, Tasks } from "@errand/core"
import { Cause, Clock, Effect, Exit, ManagedRuntime, Option, Schema } from "effect"
import * as App from "./App.ts"
import { Cards } from "./cards/Cards.ts"
import * as ConfigFiles from "./config/ConfigFiles.ts"
import type { PluginSettings } from "./config/PluginSettings.ts"
import type { ChatMessage, ChatMessageInput, Hooks, PluginInput, ToolContext } from "./hooks.ts"
import { Agents } from "./host/Agents.ts"
import * as Feed from "./host/Feed.ts"
import { Sessions } from "./host/Sessions.ts"
import { isNobody, voiceOf } from "./host/voice.ts"
import * as Mode from "./Mode.ts"
import * as RunHold from "./RunHold.ts"
import { tasksToKeep } from "./text/compaction.ts"
import { message, sentence } from "./text/inline.ts"
import { backgroundCancel } from "./tools/backgroundCancel.ts"
import { backgroundOutput } from "./tools/backgroundOutput.ts"
import { type Caller, text, type ToolResult } from "./tools/Caller.ts"
import type { ToolName } from "./tools/definitions.ts"
import { delegateTask } from "./tools/delegateTask.ts"
import * as Ultrawork from "./Ultrawork.ts"

type Tool = (input: unknown, caller: Caller) => Effect.Effect<ToolResult, never, App.App>

const tools: Readonly<Record<ToolName, Tool>> = {
  delegate_task: delegateTask,
  background_output: backgroundOutput,
  background_cancel: backgroundCancel
}

/** What a plugin instance works with. */
export interface Surroundings {
  readonly input: PluginInput
  /** What the user wrote beside the plugin's name. */
  readonly options: unknown
  readonly home: string
  /** The environment as it was when the plugin was started. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Everything that the plugin does once it is loaded; see `index` for what it is asked for. */
export interface Running extends
  Pick<
    Hooks,
    "dispose" | "event" | "chat.message" | "experimental.session.compacting" | "experimental.text.complete"
  >
{
  readonly use: (tool: ToolName, args: unknown, context: ToolContext) => Promise<ToolResult>
}

/** The plugin as it is loaded, and not at work yet. */
export interface Loaded {
  readonly settings: PluginSettings
  /** Starts it. From now on it listens, and goes on with what was left behind. */
  readonly start: () => Running
}

/** Reads the settings, and starts nothing. */
export const load = async (surroundings: Surroundings): Promise<Loaded> => {
  const { env, home, input: { directory }, options } = surroundings
  const loaded = await Effect.runPromise(ConfigFiles.load({ home, env, directory }, options))
  return { settings: loaded.settings, start: () => start(surroundings, loaded) }
}

const start = ({ env, home, input }: Surroundings, loaded: ConfigFiles.Loaded): Running => {
  const user = { home, env }
  const { settings } = loaded
  const feed = Feed.make(settings.pollIntervalMs)
  const runtime = ManagedRuntime.make(App.layer(input, loaded, feed, user))
  runtime.runFork(Effect.void)

  /** Runs something for a hook that has no answer to give; whatever goes wrong is ours alone. */
  const quietly = async (effect: Effect.Effect<unknown, unknown, App.App>): Promise<void> => {
    await runtime.runPromiseExit(effect).catch(() => undefined)
  }

  return {
    dispose: () => runtime.dispose(),
    event: async ({ event }) => feed.pour(event),
    use: async (tool, args, context) => {
      const caller = decodeCaller(context)
      if (Option.isNone(caller)) {
        return text("failed", `OpenCode did not say which session calls ${tool}, so nothing was done. Try again.`)
      }
      const exit = await runtime.runPromiseExit(
        tools[tool](args, { session: Task.SessionId.make(caller.value.sessionID) }),
        context.abort instanceof AbortSignal ? { signal: context.abort } : {}
      )
      if (Exit.isSuccess(exit)) return exit.value
      const why = Cause.hasInterrupts(exit.cause)
        ? `${tool} was stopped before it had an answer.`
        : `${tool} failed by a fault in Errand, not by yours: ${
          sentence(message(Cause.pretty(exit.cause).split("\n")[0] ?? ""))
        }`
      return text("failed", why)
    },
    "chat.message": (message, output) => quietly(hearMessage(message, output, loaded)),
    "experimental.session.compacting": ({ sessionID }, output) =>
      quietly(keepTasks(Task.SessionId.make(sessionID), output.context)),
    "experimental.text.complete": async ({ sessionID }) => {
      if (Mode.isRun(process.argv)) {
        await quietly(RunHold.hold(Task.SessionId.make(sessionID), settings.runHoldMs))
      }
    }
  }
}

/** Who calls a tool, as OpenCode says it. */
const decodeCaller = Schema.decodeUnknownOption(Schema.Struct({ sessionID: Schema.NonEmptyString }))

/** Puts the tasks of a session into what its summary is made of. */
const keepTasks = Effect.fnUntraced(function*(session: Task.SessionId, context: Array<string>) {
  const own = (yield* Effect.flatMap(Tasks.Tasks, (tasks) => tasks.list)).filter((task) => Task.isBelow(task, session))
  const notices = yield* Notices.Notices
  const unread = own.filter(notices.owesUnsafe)
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
  const agents = yield* Agents
  const journal = yield* Journal.Journal
  // Not waited for: a launch finds it there, or under way. Where a task is told what to do, it is there.
  if (Option.isNone(journal.atHandUnsafe(session))) yield* Effect.forkDetach(agents.warm)
  yield* Effect.flatMap(Tasks.Tasks, (tasks) => tasks.inherit(session))
  yield* Effect.flatMap(Cards, (cards) => cards.used(session))
  const sessions = yield* Sessions
  // Who answers is OpenCode's choice where the message does not say it, as of `run --agent` or over the API.
  const chosen = voiceOf(message)
  yield* sessions.spoke(session, isNobody(chosen) ? voiceOf(input) : chosen)
  // Neither what is for the model only nor what is for people only was said by a person: a notice is made of both.
  const said = parts.filter(({ ignored, synthetic, type }) => type === "text" && synthetic !== true && ignored !== true)
  if (!settings.ultrawork || !said.some(({ text }) => Ultrawork.wants(text ?? ""))) return
  // What one agent writes to another is not a wish of the user's.
  if (Option.isSome(yield* journal.bySession(session))) return
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
