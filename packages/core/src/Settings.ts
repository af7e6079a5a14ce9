/**
 * Every number and switch of the core, with the names and defaults of oh-my-opencode's background tasks where it has them.
 *
 * Times are in milliseconds and say so in their names. Where `0` lifts a limit its description says so; what a call may take,
 * `maxDepth` and `answerMaxChars` are at least 1.
 */
import { Context, Effect, Layer, Schema } from "effect"

const limit = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const limits = Schema.Record(Schema.String, limit)
const millis = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const setting = <T>(schema: Schema.Codec<T>, value: T, description: string) =>
  schema.annotate({ description, default: value }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)))

export const Settings = Schema.Struct({
  defaultConcurrency: setting(limit, 5, "How many tasks of one model run at once where no other limit is set. 0: any."),
  providerConcurrency: setting(
    limits,
    {},
    "How many tasks of one provider run at once, by provider; with policy `priority` only those whose model has no limit of "
      + "its own count. 0: any number."
  ),
  modelConcurrency: setting(
    limits,
    {},
    "How many tasks of one model run at once, by `provider/model` or by the bare model id. 0: any number."
  ),
  maxConcurrency: setting(limit, 0, "How many tasks run at once in all, over every other limit. 0: any number."),
  concurrencyPolicy: setting(
    Schema.Literals(["priority", "layered"]),
    "priority",
    "`priority`: the most specific limit that is set binds. `layered`: all that are set bind at once."
  ),
  taskTtlMs: setting(
    millis,
    1_800_000,
    "The time limit: how long a task may run (ms), not counting waits. 0: for ever."
  ),
  staleTimeoutMs: setting(
    millis,
    180_000,
    "The quiet limit: how long a running task may show no activity of its own (ms). 0: for ever."
  ),
  maxRepeatedCalls: setting(
    limit,
    20,
    "The loop limit: how often in a row an agent may call the same tool with the same input; one more ends its task. 0: any "
      + "number."
  ),
  maxToolCalls: setting(
    limit,
    4_000,
    "The call limit: how many tool calls an agent may make; one more ends its task. 0: any number."
  ),
  pollIntervalMs: setting(positive, 2_000, "How often running tasks are checked (ms)."),
  minIdleTimeMs: setting(millis, 5_000, "Until how long after the start an unproven end is doubted (ms)."),
  minStabilityTimeMs: setting(
    millis,
    10_000,
    "How long after the start an unchanging session may count as finished where its activity is unknown (ms)."
  ),
  stablePolls: setting(positive, 3, "How many polls without a change make a session stable."),
  startTimeoutMs: setting(positive, 30_000, "How long opening a session, and its first sign of life, may take (ms)."),
  todoWaitMs: setting(millis, 10_000, "How long a finished session with open todos is waited for (ms)."),
  callTimeoutMs: setting(positive, 10_000, "How long one call to the host may take (ms)."),
  abortTimeoutMs: setting(positive, 5_000, "How long the host may take to confirm that a session was aborted (ms)."),
  hostTimeoutMs: setting(
    millis,
    600_000,
    "How long the host may be out of reach before its running tasks are given up (ms). 0: for ever."
  ),
  onRestart: setting(
    Schema.Literals(["continue", "report"]),
    "continue",
    "What becomes of tasks that were at work when their process ended. `continue`: their agents are told to go on. "
      + "`report`: they end as `error`, and the parent is told how to continue them."
  ),
  maxDepth: setting(positive, 3, "How deep tasks may launch tasks: 1 allows only tasks of a root session."),
  retainedTasks: setting(
    limit,
    200,
    "How many finished tasks are kept in memory; from a journal in a file older ones can be read as well. 0: none."
  ),
  answerMaxChars: setting(positive, 500_000, "How much of an answer is kept (characters).")
})
export type Settings = typeof Settings.Type

/** The settings that nobody changed. */
export const defaults: Settings = Schema.decodeSync(Settings)({})

/** The settings in force. Without a layer, the defaults. `layer` gives it others. */
export const Current: Context.Reference<Settings> = Context.Reference<Settings>("@errand/core/Settings", {
  defaultValue: () => defaults
})

const decode = Schema.decodeUnknownEffect(Settings)

/** These settings, and the defaults of all others. Fails where one is not what it may be, and says which. */
export const layer = (changed: Partial<Settings>): Layer.Layer<never, Schema.SchemaError> =>
  Layer.effect(Current, decode(changed))

/**
 * The settings in force, for who begins to work by them. Wrong ones are a mistake of whoever wrote the program: it dies, and
 * says which is wrong, as work would wait for ever or break somewhere else.
 */
export const checked: Effect.Effect<Settings> = Effect.tap(Current, (settings) => Effect.orDie(decode(settings)))
