/**
 * Which agents and models there are, and which model a task will really use.
 *
 * Asked once and kept: OpenCode starts the plugin anew when its configuration changes. A name that is not in the list is
 * asked for once more before it is called unknown.
 */
import { AgentHost, Model, type Task } from "@errand/core"
import { Context, Duration, Effect, Exit, Fiber, Layer, Option, Schema } from "effect"
import { badModel, primaryAgent, unknownAgent, unknownModel } from "../text/errors.ts"
import { Client } from "./Client.ts"
import { Sessions } from "./Sessions.ts"
import type { AgentInfo, Providers } from "./wire.ts"

/** There is no such agent or model; the message lists what there is. */
export class NotAvailable extends Schema.TaggedError<NotAvailable>()("NotAvailable", { message: Schema.String }) {}

export class Agents extends Context.Service<Agents, {
  /** The agents that can be sent on errands. */
  readonly sendable: Effect.Effect<ReadonlyArray<AgentInfo>, AgentHost.HostError>
  /** The agent of this name, in whatever case it is written. */
  readonly find: (name: string) => Effect.Effect<AgentInfo, AgentHost.HostError | NotAvailable>
  /** Asks for everything that a launch needs to know, so that the first one need not wait for it. */
  readonly warm: Effect.Effect<void>
  /** Every model that is configured. */
  readonly models: Effect.Effect<ReadonlyArray<Model.Model>, AgentHost.HostError>
  /** The model of this name, `provider/model`. */
  readonly named: (asked: string) => Effect.Effect<Model.Model, NotAvailable>
  /**
   * The model asked for (as it was written: `provider/model`), else the agent's, else the parent's, else the host's default;
   * undefined where none is known.
   */
  readonly modelFor: (
    asked: string | undefined,
    agent: AgentInfo,
    parent: Task.SessionId
  ) => Effect.Effect<Model.Model | undefined, NotAvailable>
}>()("opencode-errand/Agents") {
  static readonly layer: Layer.Layer<Agents, never, Client | Sessions> = Layer.effect(
    Agents,
    Effect.suspend(() => make)
  )
}

const patience = "10 seconds"

const noAnswer = new AgentHost.HostError({
  operation: "agents",
  kind: "unreachable",
  message: `no answer within ${patience}`
})

const inTime = <A>(ask: Effect.Effect<A, AgentHost.HostError>) =>
  Effect.timeoutOrElse(ask, { duration: patience, orElse: () => Effect.fail(noAnswer) })

const make = Effect.gen(function*() {
  const client = yield* Client
  const sessions = yield* Sessions

  /**
   * An answer that is kept once there is one; failures are not. Those who ask while it is on its way get the same one, in
   * the order in which they asked: tasks that are launched in one turn stand in line in that order.
   */
  const kept = <A>(ask: Effect.Effect<A, AgentHost.HostError>) =>
    Effect.map(
      Effect.cachedInvalidateWithTTL(
        // Whoever asks first may go away; those who wait for the same answer still want it.
        Effect.uninterruptible(Effect.flatMap(Effect.forkDetach(inTime(ask)), Fiber.join)),
        (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero
      ),
      ([known, forget]) => ({ known, fresh: Effect.andThen(forget, known) })
    )

  const agents = yield* kept(client.agents)
  const providers = yield* kept(client.providers)
  const configured = yield* kept(client.configuredModel)

  const find = Effect.fnUntraced(function*(name: string) {
    const found = byName(yield* agents.known, name) ?? byName(yield* agents.fresh, name)
    if (found !== undefined && isSendable(found)) return found
    const names = (yield* agents.known).filter(isListed).map((agent) => agent.name)
    return yield* new NotAvailable({
      message: found === undefined || found.hidden === true
        ? unknownAgent(name, names)
        : primaryAgent(found.name, names)
    })
  })

  const models = Effect.map(providers.known, modelsOf)

  const check = Effect.fnUntraced(function*(model: Model.Model) {
    const known = yield* providers.known
    if (isKnown(known, model)) return model
    const now = yield* providers.fresh
    if (isKnown(now, model)) return model
    return yield* new NotAvailable({ message: unknownModel(Model.format(model), modelsOf(now).map(Model.format)) })
  }, (effect, model) => Effect.catchTag(effect, "HostError", () => Effect.succeed(model)))

  const named = (asked: string) =>
    Option.match(Model.parse(asked), {
      onNone: () =>
        Effect.flatMap(Effect.orElseSucceed(models, () => []), (known) =>
          new NotAvailable({ message: badModel(asked, known.map(Model.format)) })),
      onSome: check
    })

  const fallback = Effect.gen(function*() {
    const named = Option.flatMap(Option.fromUndefinedOr(yield* configured.known), Model.parse)
    if (Option.isSome(named)) return named.value
    const { default: defaults } = yield* providers.known
    const [provider, id] = Object.entries(defaults)[0] ?? []
    return provider === undefined || id === undefined ? undefined : { provider, id }
  })

  const inherited = (parent: Task.SessionId) =>
    Effect.flatMap(sessions.voice(parent), ({ model }) => model === undefined ? fallback : Effect.succeed(model)).pipe(
      // Not to know the model is no reason not to launch: the pool is the agent's then.
      Effect.orElseSucceed(() => undefined)
    )

  return Agents.of({
    sendable: Effect.map(agents.known, (all) => all.filter(isListed)),
    find,
    warm: Effect.ignore(Effect.all([agents.known, configured.known], { concurrency: "unbounded" })),
    models,
    named,
    modelFor: (asked, agent, parent) => {
      if (asked !== undefined) return named(asked)
      if (agent.model === undefined || agent.model === null) return inherited(parent)
      return Effect.succeed({ provider: agent.model.providerID, id: agent.model.modelID })
    }
  })
})

/** A hidden one is sent where somebody names it: it is there for that. */
const isSendable = (agent: AgentInfo): boolean => agent.mode !== "primary"

const isListed = (agent: AgentInfo): boolean => isSendable(agent) && agent.hidden !== true

const byName = (agents: ReadonlyArray<AgentInfo>, name: string): AgentInfo | undefined =>
  agents.find((agent) => agent.name === name) ??
    agents.find((agent) => agent.name.toLowerCase() === name.toLowerCase())

const modelsOf = ({ providers }: Providers): ReadonlyArray<Model.Model> =>
  providers.flatMap(({ id, models }) => Object.keys(models).map((model) => ({ provider: id, id: model })))

const isKnown = (providers: Providers, model: Model.Model): boolean =>
  modelsOf(providers).some((known) => known.provider === model.provider && known.id === model.id)
