/**
 * A world for the tests of the whole service: a simulated host, the service on it, and the few words in which the tests
 * tell their stories. Time is the test clock's.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Option, Scope } from "effect"
import type { AgentHost } from "../../src/AgentHost.ts"
import type { Journal } from "../../src/Journal.ts"
import { Limits } from "../../src/Limits.ts"
import type { Notice } from "../../src/Notice.ts"
import type { Notices } from "../../src/Notices.ts"
import * as Settings from "../../src/Settings.ts"
import * as Task from "../../src/Task.ts"
import { type LaunchRequest, Tasks } from "../../src/Tasks.ts"
import {
  type Call,
  type Fault,
  type Options as HostOptions,
  SimulatedHost,
  type Step
} from "../../src/testing/SimulatedHost.ts"
import { Census, counted } from "./Census.ts"
import { end, pass, soon } from "./time.ts"

export { Census, counted } from "./Census.ts"
export { end, pass, soon } from "./time.ts"

export interface Options extends HostOptions {
  readonly settings?: Partial<Settings.Settings> | undefined
  /** What agents do, by the prompt or by `notice final`; everything else is answered as the host does by default. */
  readonly scripts?: Readonly<Record<string, ReadonlyArray<Step>>> | undefined
  /** What else there is in the world. */
  readonly besides?: Layer.Layer<never, never, Services> | undefined
}

export type Services = Tasks | Limits | Journal | Notices | SimulatedHost | AgentHost

export const layer = ({ besides = Layer.empty, scripts, settings, ...host }: Options = {}): Layer.Layer<Services> =>
  besides.pipe(
    Layer.provideMerge(Tasks.layer),
    Layer.provideMerge(SimulatedHost.layer(scripts === undefined ? host : { ...host, behave: byScript(scripts) })),
    Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, ...settings }))
  )

/** A world in a scope of the test's own, to be closed when the test wants it. */
export const worldIn = (scope: Scope.Scope, options?: Options): Effect.Effect<World> =>
  Effect.flatMap(Layer.buildWithScope(layer(options), scope), (services) => Effect.provide(world, services))

export const byScript =
  (scripts: Readonly<Record<string, ReadonlyArray<Step>>>): NonNullable<HostOptions["behave"]> => (told) =>
    scripts[told.text] ?? [wait(1_000), say(`done: ${told.text}`)]

export const wait = (ms: number): Step => ({ do: "wait", ms })
export const say = (text: string): Step => ({ do: "say", text })
export const hang: Step = { do: "hang" }
export const call = (name: string, effect: Effect.Effect<unknown, unknown>): Step => ({
  do: "call",
  name,
  effect: Effect.orDie(effect)
})

/** Faults of some operations; the others are well. */
export const failing = (faults: Partial<Record<Call["operation"], Fault>>) => (made: Call): Fault =>
  faults[made.operation] ?? "ok"

/** A fault of the first call of an operation; every other call is well. */
export const failingOnce = (operation: Call["operation"], fault: Fault): (made: Call) => Fault => {
  let calls = 0
  return (made) => made.operation === operation && calls++ === 0 ? fault : "ok"
}

/** Nobody answers at all. */
export const down = (): Fault => "fail"

export type World = Effect.Success<typeof world>

const world = Effect.gen(function*() {
  const tasks = yield* Tasks
  const host = yield* SimulatedHost
  const limits = yield* Limits
  const parent = yield* host.root("ses_root")
  const living = yield* Census
  yield* soon
  const asleep = yield* living

  const launch = (prompt: string, more: Partial<LaunchRequest> = {}) =>
    Effect.orDie(tasks.launch({ description: `the errand "${prompt}"`, prompt, agent: "explore", parent, ...more }))

  const get = (task: { readonly id: string }) => Effect.orDie(tasks.get(task.id))

  const status = (task: { readonly id: string }) => Effect.map(get(task), ({ status }) => status)

  /** How a task ended, in one word: `completed`, or the reason. */
  const end = (task: { readonly id: string }) => Effect.map(get(task), endOf)

  const sessionOf = (task: { readonly id: string }) =>
    Effect.flatMap(get(task), ({ session }) => Effect.orDie(Effect.fromOption(Option.fromUndefinedOr(session))))

  const callsOf = (operation: Call["operation"]) =>
    Effect.map(host.calls, (calls) => calls.filter((made) => made.operation === operation))

  /** How many slots are taken, in all pools together. */
  const used = Effect.map(limits.pools, (pools) => pools.reduce((sum, pool) => sum + pool.used, 0))

  /** The notices of a session as `kind: end of each task`, in order. */
  const told = (session: Task.SessionId = parent) => Effect.map(host.notices(session), (all) => all.map(summary))

  /**
   * Everything is over: no slot is taken, no session works, no more fibers live than in the beginning, none of them
   * sleeps, and an hour passes without a call to the host.
   */
  const atRest = Effect.gen(function*() {
    const open = (yield* tasks.list).filter((task) => !Task.isTerminal(task))
    assert.deepStrictEqual(open.map(({ id, status }) => [id, status]), [], "a task is not over")
    assert.strictEqual(yield* used, 0, "a slot is taken")
    assert.deepStrictEqual(yield* host.working, [], "a session works")
    const before = (yield* host.calls).length
    yield* pass("1 hour")
    assert.strictEqual((yield* host.calls).length, before, "the host is still called")
    assert.deepStrictEqual(yield* living, asleep, "something lives on")
  })

  return { tasks, host, limits, parent, launch, get, status, end, sessionOf, callsOf, used, told, living, atRest }
})

export const endOf = (task: Task.Task): string =>
  task.outcome === undefined ? task.status : task.outcome._tag === "Completed" ? "completed" : task.outcome.reason

export const answerOf = (task: Task.Task): string | undefined =>
  task.outcome?._tag === "Completed" ? task.outcome.answer : undefined

export const messageOf = (task: Task.Task): string =>
  task.outcome === undefined || task.outcome._tag === "Completed" ? "" : task.outcome.message

export const summary = (notice: Notice): string => `${notice.kind}: ${notice.tasks.map(endOf).join(", ")}`

/** A test in a world of its own. Time goes on while the world ends, as its last calls to the host may need some. */
export const inWorld = <A, E>(
  name: string,
  options: Options,
  story: (world: World) => Effect.Effect<A, E, Scope.Scope>,
  timeout?: number
): void => it.effect(name, () => inAWorld(options, story), timeout)

export const inAWorld = <A, E>(
  options: Options,
  story: (world: World) => Effect.Effect<A, E, Scope.Scope>
): Effect.Effect<A, E> =>
  counted(Effect.gen(function*() {
    const scope = yield* Scope.make()
    const world = yield* worldIn(scope, options)
    return yield* Effect.onExit(Effect.scoped(story(world)), (exit) => end(scope, exit))
  }))
