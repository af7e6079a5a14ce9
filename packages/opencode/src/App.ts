/**
 * Everything that runs in one instance of the plugin, as one layer.
 */
import { Settings, Tasks } from "@errand/core"
import type { AgentHost, Journal, Limits, Notices } from "@errand/core"
import { Context, Effect, Layer } from "effect"
import { Audience, wishes } from "./board/Audience.ts"
import * as Boards from "./board/Boards.ts"
import { Cards } from "./cards/Cards.ts"
import * as CardSwitch from "./cards/CardSwitch.ts"
import type * as ConfigFiles from "./config/ConfigFiles.ts"
import { warnings } from "./config/ConfigWarnings.ts"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Agents } from "./host/Agents.ts"
import { Client, Host, type HostInput } from "./host/Client.ts"
import type { Feed, Source } from "./host/Feed.ts"
import * as OpenCodeHost from "./host/OpenCodeHost.ts"
import { Sessions } from "./host/Sessions.ts"
import * as Journals from "./Journals.ts"
import * as Logs from "./Logs.ts"
import * as Mode from "./Mode.ts"
import * as Otlp from "./otlp/Otlp.ts"
import * as Permissions from "./Permissions.ts"
import * as Returned from "./Returned.ts"
import * as Slots from "./Slots.ts"
import * as Telling from "./Telling.ts"
import * as Toasts from "./Toasts.ts"
import { Launching } from "./tools/Launching.ts"
import { Polling } from "./tools/Polling.ts"

/** The settings of this instance, those of the core included. */
export class Configured extends Context.Service<Configured, PluginSettings>()("opencode-errand/Configured") {}

export type App =
  | Tasks.Tasks
  | Limits.Limits
  | Journal.Journal
  | Notices.Notices
  | AgentHost.AgentHost
  | Agents
  | Client
  | Feed
  | Sessions
  | Polling
  | Launching
  | Cards
  | Configured

export const layer = (
  input: HostInput,
  loaded: ConfigFiles.Loaded,
  feed: Source,
  user: Omit<Journals.Surroundings, "directory">
): Layer.Layer<App> => {
  const { settings } = loaded
  const host = Layer.mergeAll(OpenCodeHost.layer(settings), Agents.layer).pipe(
    Layer.provideMerge(Sessions.layer),
    // What `run` prints of a call it would print again whenever its card changes.
    Layer.provideMerge(CardSwitch.layer(settings.cards && !Mode.isRun(process.argv))),
    Layer.provideMerge(Client.layer),
    Layer.provideMerge(Audience.layer),
    Layer.provideMerge(feed.layer),
    Layer.provide(Layer.succeed(Host, Host.of(input)))
  )
  const permissions = Permissions.layer({ ...settings, mode: Mode.of(process.argv) })
  const boards = Layer.mergeAll(
    Boards.layer(settings, {
      directory: input.directory,
      problem: loaded.problems.length === 0 ? undefined : Boards.invalidConfig
    }),
    wishes
  )
  return Layer.mergeAll(
    permissions,
    boards,
    Cards.layer(settings),
    Toasts.layer(settings),
    Returned.layer(settings),
    report(loaded),
    Launching.layer,
    Otlp.layer(settings, user.env)
  ).pipe(
    Layer.provideMerge(Tasks.Tasks.layerOnJournal),
    Layer.provideMerge(Journals.layer({ ...user, directory: input.directory }, settings)),
    Layer.provide(Slots.layer(user, settings)),
    Layer.provideMerge(Logs.layer),
    Layer.provideMerge(Layer.merge(host, Polling.layer)),
    Layer.provideMerge(Layer.succeed(Configured, Configured.of(settings))),
    Layer.provide(Layer.succeed(Settings.Current, settings))
  )
}

/**
 * Says what is wrong with the configuration in the log and where people look, and in the log what may surprise besides. In
 * a fiber of its own: OpenCode answers nothing before its plugins are loaded.
 */
const report = ({ problems, settings }: ConfigFiles.Loaded): Layer.Layer<never, never, Client | Agents> =>
  Layer.effectDiscard(Effect.forkScoped(Effect.gen(function*() {
    const agents = yield* Agents
    const show = yield* Telling.shower(settings)
    // The hook that this instance was made in has to be over.
    yield* Effect.sleep("1 second")
    const advice = hasLimits(settings)
      ? warnings(settings, yield* Effect.orElseSucceed(agents.models, () => []))
      : []
    const all = [...problems.map(({ message }) => message), ...advice]
    yield* Effect.forEach(all, (message) => Telling.log("warning", message), { discard: true })
    // What was not used is to be seen; what was, and may surprise, is not worth a toast at every start.
    const [first, ...more] = problems.map(({ message }) => message)
    if (first !== undefined) yield* show("warning", first, ...more)
  })))

const hasLimits = (settings: PluginSettings): boolean =>
  Object.keys(settings.modelConcurrency).length > 0 || Object.keys(settings.providerConcurrency).length > 0
