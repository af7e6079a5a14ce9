/**
 * The world of one program: the whole service on a simulated host, and a witness in its journal that writes down, with
 * every event that is kept, what was true on the host in that very moment.
 */
import { Context, Effect, Layer, Ref, type Scope } from "effect"
import type { AgentHost } from "../src/AgentHost.ts"
import { type Entry, Journal } from "../src/Journal.ts"
import { Limits } from "../src/Limits.ts"
import type { Notices } from "../src/Notices.ts"
import * as Settings from "../src/Settings.ts"
import type * as Task from "../src/Task.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost, type Told } from "../src/testing/SimulatedHost.ts"
import { temporary } from "../test/support/files.ts"
import { leavesAMessage, type Send, stepsOf } from "./Agents.ts"
import { lagOf, type Program } from "./Program.ts"

/** A kept event, and what was true when it was kept. */
export interface Witnessed extends Entry {
  /** How many turns the task's session had begun. */
  readonly turns: number
  /**
   * What the session was told in the last turn of this run that left anything behind; none where there is none. A session
   * that works for somebody else when it is prompted has turns of both.
   */
  readonly turn: Told | undefined
  /** Whether the task's session worked. */
  readonly working: boolean
}

/** Everything that was kept, in order. */
export class Chronicle extends Context.Service<Chronicle, Ref.Ref<ReadonlyArray<Witnessed>>>()("storm/Chronicle") {}

export type Services = Tasks | Limits | Notices | Journal | SimulatedHost | AgentHost | Chronicle

/** Whether the journal is kept in a file. Then it also lists what it need not have at hand, and fibers look after the file. */
export const InFile = Context.Reference<boolean>("storm/InFile", { defaultValue: () => false })

/** How the service comes about: the real one, or one with a fault planted in it. */
export type Service = Layer.Layer<Tasks | Limits | Notices, never, AgentHost | Journal>

export const settingsOf = (program: Program): Settings.Settings => ({
  ...Settings.defaults,
  defaultConcurrency: 2,
  providerConcurrency: { a: 1 },
  concurrencyPolicy: program.policy,
  maxConcurrency: program.maxConcurrency,
  retainedTasks: program.retainedTasks,
  taskTtlMs: 120_000,
  staleTimeoutMs: 30_000,
  hostTimeoutMs: 90_000
})

const witnessed: Layer.Layer<Journal | Chronicle, never, SimulatedHost> = Layer.effectContext(Effect.gen(function*() {
  const host = yield* SimulatedHost
  const journal = yield* Journal
  const chronicle = yield* Ref.make<ReadonlyArray<Witnessed>>([])
  const witness = Effect.fnUntraced(function*(entry: Entry) {
    const session = entry.task.session
    const turns = session === undefined ? [] : yield* host.turns(session)
    const activity = session === undefined ? "idle" : yield* host.activity(session)
    const began = (yield* Ref.get(chronicle)).find(({ event }) =>
      event._tag === "Continued" && event.id === entry.event.id && event.run === entry.event.run
    )
    const own = turns.slice(began?.turns ?? 0).map((told) => told.at(-1))
    const witnessed: Witnessed = {
      ...entry,
      turns: turns.length,
      turn: own.findLast((told) => told !== undefined && leavesAMessage(told.text)),
      working: activity !== "idle"
    }
    yield* Ref.update(chronicle, (all) => [...all, witnessed])
  })
  return Context.make(Chronicle, chronicle).pipe(Context.add(
    Journal,
    Journal.of({
      ...journal,
      append: (event) =>
        Effect.uninterruptible(
          Effect.tap(journal.append(event), (task) =>
            task._tag === "None" ? Effect.void : witness({ event, task: task.value }))
        )
    })
  ))
})).pipe(
  Layer.provide(Layer.unwrap(Effect.map(InFile, (inFile) => inFile ? temporary : Journal.layer)))
)

export const layer = (program: Program, service: Service): Layer.Layer<Services> =>
  service.pipe(
    Layer.provideMerge(witnessed),
    Layer.provideMerge(SimulatedHost.layer({ latency: program.latency, lag: lagOf(program) })),
    Layer.provide(Layer.succeed(Settings.Current, settingsOf(program)))
  )

export interface World {
  readonly tasks: Tasks["Service"]
  readonly host: SimulatedHost["Service"]
  readonly limits: Limits["Service"]
  readonly settings: Settings.Settings
  /** Everything that was kept so far. */
  readonly entries: Effect.Effect<ReadonlyArray<Witnessed>>
  readonly roots: readonly [Task.SessionId, Task.SessionId, Task.SessionId]
  readonly launch: (
    errand: string,
    parent: Task.SessionId,
    more?: { readonly background?: boolean; readonly model?: number }
  ) => Effect.Effect<Task.Task, unknown>
}

/** The models that tasks are launched with. The first is none. */
export const models = [undefined, { provider: "a", id: "x" }, { provider: "a", id: "y" }] as const

/** The pools that are resized. */
export const pools = ["default:@explore", "provider:a"] as const

const make = (program: Program) =>
  Effect.gen(function*() {
    const tasks = yield* Tasks
    const host = yield* SimulatedHost
    const limits = yield* Limits
    const chronicle = yield* Chronicle
    const launch: World["launch"] = (errand, parent, { background = true, model = 0 } = {}) =>
      tasks.launch({ description: errand, prompt: errand, agent: "explore", parent, background, model: models[model] })
    const send = (told: Told): Send => (errand, background) =>
      Effect.ignore(Effect.flatMap(
        launch(errand, told.session, { background }),
        ({ id }) => background ? Effect.void : tasks.await(id, told.session)
      ))
    const world: World = {
      tasks,
      host,
      limits,
      settings: settingsOf(program),
      entries: Ref.get(chronicle),
      roots: [yield* host.root("ses_first"), yield* host.root("ses_second"), yield* host.root("ses_third")],
      launch
    }
    yield* host.behave((told) => stepsOf(told, send(told)))
    return world
  })

/** A world that ends with the scope. */
export const open = (program: Program, service: Service, scope: Scope.Scope): Effect.Effect<World> =>
  Effect.flatMap(
    Layer.buildWithScope(layer(program, service), scope),
    (services) => Effect.provide(make(program), services)
  )
