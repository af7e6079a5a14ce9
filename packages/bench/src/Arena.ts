/**
 * Where one competitor is measured: a fake OpenCode and the competitor's plugin, each in a fresh process of its own.
 */
import { Effect, type Scope, Semaphore } from "effect"
import { BenchError } from "./Measure.ts"
import type { Limits, Peer } from "./peers/Peer.ts"
import { hoarding } from "./processes.ts"
import type { Control } from "./server/Handle.ts"
import type { Settings } from "./server/Reports.ts"
import * as Server from "./server/start.ts"
import * as Sandbox from "./worker/Sandbox.ts"
import * as Worker from "./worker/start.ts"
import type { Worker as Hold } from "./worker/Worker.ts"

export interface Arena {
  readonly peer: Peer
  readonly control: Control
  readonly worker: Hold
}

export interface Options {
  readonly limits: Limits
  /** Every model that a launch will ask for, as `provider/model`. */
  readonly models?: ReadonlyArray<string>
  /** What there is on this OpenCode besides what the competitor adds, and how quick it is. */
  readonly server?: Settings
  /** No time is measured here: the competitor's process may keep the memory that it has freed. */
  readonly untimed?: true
}

/** The providers of these models, with their models. */
const providersOf = (models: ReadonlyArray<string>): Readonly<Record<string, ReadonlyArray<string>>> => {
  const byProvider = Map.groupBy(models, (model) => model.slice(0, model.indexOf("/")))
  return Object.fromEntries(
    Array.from(byProvider, ([provider, own]) => [provider, own.map((model) => model.slice(provider.length + 1))])
  )
}

/**
 * How many start at the same time. Processes that start all at once keep the driver from its own calls for so long that
 * these are given up: fifty of them did, on a machine whose memory is slow.
 */
const starting = Semaphore.makeUnsafe(6)

/** A fake OpenCode by itself, where several competitors are loaded one after the other. */
export const server: Effect.Effect<Server.FakeOpenCode, BenchError, Scope.Scope> = Effect.mapError(
  Server.start,
  (cause) => new BenchError({ what: "the fake OpenCode did not start", cause })
)

/** In a fake OpenCode that is there already: as new, and with nobody else's plugin at it. */
export const openAt = Effect.fnUntraced(
  function*(
    { control, url }: Server.FakeOpenCode,
    peer: Peer,
    { limits, models = [], server = {}, untimed }: Options
  ): Effect.fn.Return<Arena, BenchError, Scope.Scope> {
    const made = yield* Sandbox.make(peer, { limits, models })
    const sandbox = untimed ? { ...made, env: { ...made.env, ...hoarding } } : made
    const settings: Settings = {
      directory: sandbox.directory,
      ...(models.length === 0 ? {} : { providers: providersOf(models), model: models[0] ?? "" }),
      ...server,
      agents: [...peer.agents, ...(server.agents ?? [])]
    }
    yield* Effect.mapError(control.reset(settings), (cause) => new BenchError({ what: "reset", cause }))
    const worker = yield* Worker.start(peer, { url, sandbox })
    return { peer, control, worker }
  }
)

export const open = (peer: Peer, options: Options): Effect.Effect<Arena, BenchError, Scope.Scope> =>
  starting.withPermit(Effect.flatMap(server, (server) => openAt(server, peer, options)))
