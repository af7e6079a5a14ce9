/**
 * Every number and switch of the plugin: those of the core, and those that only make sense in OpenCode.
 */
import { Settings } from "@errand/core"
import { Effect, Schema } from "effect"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** What can be the address of a collector, or says that there is none. */
const address = Schema.String.check(Schema.isPattern(/^(|off|https?:\/\/[^\s/?#]+[^\s?#]*)$/)).annotate({
  examples: ["http://127.0.0.1:4318", "off"]
})

const setting = <T>(schema: Schema.Codec<T>, value: T, description: string) =>
  schema.annotate({ description, default: value }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)))

export const PluginSettings = Schema.Struct({
  ...Settings.Settings.fields,
  journal: setting(
    Schema.Literals(["sqlite", "memory"]),
    "sqlite",
    "Where tasks are kept. `sqlite`: in a file for each directory that OpenCode works in, so that nothing is lost when it "
      + "stops. `memory`: "
      + "nowhere, and they end with it."
  ),
  retentionMs: setting(
    count,
    7 * 24 * 3_600_000,
    "How long finished tasks are kept in the journal (ms); those of which nobody was told yet are kept longer. 0: to the next hour."
  ),
  limitsScope: setting(
    Schema.Literals(["process", "machine"]),
    "process",
    "Over what limits hold. `process`: each OpenCode has its own. `machine`: all OpenCode processes of one user that have "
      + "this setting share them."
  ),
  permissions: setting(
    Schema.Literals(["ask", "reject"]),
    "ask",
    "What happens when a task wants to do something that needs permission. `ask`: a person is asked. `reject`: it is "
      + "refused, and the agent is told."
  ),
  permissionWaitMs: setting(
    count,
    600_000,
    "How long a task's question for permission waits for a person before it is refused (ms). 0: for ever."
  ),
  noticeMaxChars: setting(
    count,
    2_000,
    "How much of each answer the parent is shown when its tasks end (characters); of more than ten at once each has its "
      + "share of that for ten. 0: nothing but the way to read it."
  ),
  agents: setting(Schema.Boolean, true, "Whether the agents `librarian`, `oracle` and `momus` are added."),
  ultrawork: setting(
    Schema.Boolean,
    true,
    "Whether the word `ultrawork` or `ulw` in a message tells the agent to split the work and send agents in parallel."
  ),
  toasts: setting(
    Schema.Boolean,
    true,
    "Whether the terminal shows a short message when a task ends, needs something, or goes on after a restart."
  ),
  cards: setting(
    Schema.Boolean,
    true,
    "Whether the calls that launch tasks are shown as OpenCode's own task cards, which live with the task. They turn "
      + "themselves off on versions of OpenCode that were not tested."
  ),
  board: setting(
    Schema.Boolean,
    true,
    "Whether the state of the tasks is kept in their root session's metadata, where the terminal shows it. Without it "
      + "permissions that a task's own task asks for are refused: nobody sees them."
  ),
  runHoldMs: setting(
    count,
    1_800_000,
    "How long `opencode run` is held open for its tasks (ms). 0: not at all."
  ),
  otlp: setting(
    address,
    "",
    "Where traces and metrics of tasks are sent: an OpenTelemetry collector that takes OTLP over HTTP, such as "
      + "`http://127.0.0.1:4318`. Empty: to that of `OTEL_EXPORTER_OTLP_ENDPOINT`, where that is set. `off`: nowhere."
  )
})
export type PluginSettings = typeof PluginSettings.Type

/** The settings that nobody changed. */
export const defaults: PluginSettings = Schema.decodeSync(PluginSettings)({})
