/**
 * The whole story of a program: its moves with everything checked after each, and then its end, which is either rest
 * (the host is well again, everything comes to its end) or a shutdown on the spot.
 */
import { Cause, Deferred, Effect, Exit, Fiber, Option, Random, Ref, Scheduler, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Task from "../src/Task.ts"
import { Tasks } from "../src/Tasks.ts"
import { Census, counted, type Living } from "../test/support/Census.ts"
import { AwaitPoints } from "./AwaitPoints.ts"
import { Broken, hold } from "./Broken.ts"
import * as Endings from "./checks/Endings.ts"
import * as Notices from "./checks/Notices.ts"
import * as Slots from "./checks/Slots.ts"
import * as Model from "./Model.ts"
import * as Play from "./Play.ts"
import { isFaulty, type Move, movesOf, type Program } from "./Program.ts"
import { Steps } from "./Steps.ts"
import { IsIdle, pass, soon } from "./time.ts"
import { InFile, open, type Service, type World } from "./World.ts"

/** Checks that hold at every moment; remembers how far the chronicle was read. */
const makeWatch = (world: World) =>
  Effect.gen(function*() {
    const model = yield* Ref.make(Model.empty)
    const read = yield* Ref.make(0)
    const widest = yield* Ref.make<Slots.Widest>(new Map())
    const look = Effect.gen(function*() {
      const entries = yield* world.entries
      for (const entry of entries.slice(yield* Ref.getAndSet(read, entries.length))) {
        const next = Model.step(yield* Ref.get(model), entry, world.settings)
        yield* Ref.set(model, yield* Effect.fromResult(next))
      }
      yield* Notices.isTrue(world, entries)
    })
    return {
      look,
      /** With slots: while the service lives. */
      full: (resized: ReadonlyMap<string, number>) =>
        Effect.gen(function*() {
          yield* look
          yield* Ref.set(widest, yield* Slots.check(world, resized, yield* Ref.get(widest)))
        }),
      paused: (paused: boolean) => Ref.update(model, (model) => ({ ...model, paused }))
    }
  })

const isBack = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe() !== undefined

/** The host is well from now on, people answer, and time passes until everything is over. */
const rest = (world: World, player: Play.Player, calm: boolean, asleep: Living, living: Effect.Effect<Living>) =>
  Effect.gen(function*() {
    const { host, limits, roots, tasks } = world
    yield* host.faults(() => "ok")
    yield* host.feed(() => [0])
    yield* limits.resume
    for (let tries = 0; tries < 60; tries++) {
      for (const session of yield* host.sessions) yield* host.answer(session)
      yield* pass(30_000)
      if ((yield* tasks.list).every(Task.isTerminal) && (yield* player.waiting).every(isBack)) break
    }
    // A root that was kept busy is told at the end of its turn.
    yield* pass(660_000)
    const entries = yield* world.entries
    const list = yield* tasks.list
    const inFile = yield* InFile
    const read = yield* player.read
    const deleted = yield* player.deleted
    const alive = roots.filter((root) => !deleted.has(root))
    const pending = list.filter((task) => !Task.isTerminal(task))
    yield* hold(
      "A4 B10 every task comes to an end",
      pending.length === 0,
      () => pending.map((task) => `${task.id} is ${task.status}`).join(", ")
    )
    yield* hold(
      "A1 A2 D6 everybody who waits gets an answer",
      (yield* player.waiting).every(isBack),
      () => "somebody waits for ever"
    )
    yield* Slots.checkFree(world)
    for (const root of roots) {
      yield* hold("C1 C16 in the end nothing is owed", !(yield* tasks.expecting(root)), () => `something to ${root}`)
    }
    const working = yield* host.working
    yield* hold("E5 no session works for nobody", working.length === 0, () => working.join(", "))
    yield* Endings.noOrphans(entries)
    yield* Notices.isWhole(world, entries, alive, read)
    if (calm) yield* Endings.foretold(entries, yield* player.disturbed, deleted)
    yield* hold(
      "D9 only the retained tasks are kept",
      inFile || list.length <= world.settings.retainedTasks,
      () => `${list.length} of ${world.settings.retainedTasks}`
    )
    const calls = (yield* host.calls).length
    yield* pass(3_600_000)
    yield* hold(
      "B14 with nothing out the host is left alone",
      (yield* host.calls).length === calls,
      () => `${calls} calls became more`
    )
    const left = yield* living
    yield* hold(
      "D9 no fiber and no timer is left",
      left.timers === asleep.timers && (left.fibers === asleep.fibers || (inFile && left.fibers < asleep.fibers)),
      () => `${JSON.stringify(left)} live instead of ${JSON.stringify(asleep)}`
    )
  })

/** Everything may take this long when the service ends (ms): its aborts, side by side. */
const closing = 60_000

const shutDown = (scope: Scope.Closeable) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    yield* pass(closing)
    yield* hold("E8 a shutdown comes to its end", isBack(fiber), () => `it takes longer than ${closing} ms`)
    const exit = yield* Fiber.await(fiber)
    yield* hold("E8 a shutdown fails for nobody", Exit.isSuccess(exit), () => String(exit))
  })

/** Nothing of the service is left, and nothing of it is heard any more. */
const afterwards = (world: World, player: Play.Player, before: Living, living: Effect.Effect<Living>) =>
  Effect.gen(function*() {
    yield* hold(
      "E8 a shutdown ends every task",
      (yield* world.entries).every(({ task }, _, all) =>
        all.some((other) => Task.isTerminal(other.task) && other.task.id === task.id && other.task.run === task.run)
      ),
      () => "a task is not over"
    )
    yield* hold(
      "E8 D6 a shutdown lets everybody go who waits",
      (yield* player.waiting).every(isBack),
      () => "somebody waits for ever"
    )
    const calls = (yield* world.host.calls).length
    yield* pass(3_600_000)
    const left = yield* living
    yield* hold("E8 after a shutdown the host is left alone", (yield* world.host.calls).length === calls, () => "")
    yield* hold(
      "E8 D9 nothing outlives a shutdown",
      left.fibers <= before.fibers && left.timers <= before.timers,
      () => `${JSON.stringify(left)} live instead of ${JSON.stringify(before)}`
    )
  })

/** Something that happens between any two steps of a story, from outside of it. */
export interface Intrusion {
  /** The moment. */
  readonly when: Deferred.Deferred<void>
  /** `Abandon`: whoever waits for something goes away. `Shutdown`: Errand is shut down, and no move is made any more. */
  readonly what: Move | { readonly _tag: "Abandon" } | { readonly _tag: "Shutdown" }
}

const intrude = ({ what }: Intrusion, player: Play.Player, scope: Scope.Closeable, shut: Ref.Ref<boolean>) => {
  switch (what._tag) {
    case "Abandon":
      return player.abandon
    case "Shutdown":
      return Effect.andThen(Ref.set(shut, true), Scope.close(scope, Exit.void))
    default:
      return Effect.asVoid(player.make(what))
  }
}

const tell = (
  program: Program,
  service: Service,
  intrusion: Option.Option<Intrusion>,
  points: Option.Option<AwaitPoints>
) =>
  Effect.gen(function*() {
    const living = yield* Census
    const before = yield* living
    const scope = yield* Scope.make()
    const shut = yield* Ref.make(program.end === "shutdown")
    const world = yield* open(program, service, scope)
    const told = Effect.gen(function*() {
      yield* soon
      const asleep = yield* living
      const player = yield* Play.make(world)
      const watch = yield* makeWatch(world)
      const moves = movesOf(program)
      const intruder = yield* Effect.forkChild(Option.match(intrusion, {
        onNone: () => Effect.void,
        onSome: (one) => Effect.andThen(Deferred.await(one.when), intrude(one, player, scope, shut))
      }))
      const intruded = Effect.sync(() => Option.exists(intrusion, ({ when }) => Deferred.isDoneUnsafe(when)))
      /** An intrusion that came in the last moment has its turn too. */
      const settled: Effect.Effect<void, Broken> = Effect.flatMap(intruded, (before) =>
        Effect.andThen(
          before ? pass(0) : Effect.void,
          Effect.flatMap(intruded, (after) => before === after ? Effect.void : settled)
        ))
      if (Option.isSome(points)) points.value.start(yield* Effect.fiber)
      for (const move of moves) {
        if (program.end !== "shutdown" && (yield* Ref.get(shut))) break
        // Whoever starts because of a resize or a resume does so in the move; whoever starts after a pause must not.
        if (move._tag === "Resume") yield* watch.paused(false)
        const atOnce = yield* player.make(move)
        yield* pass(0)
        yield* atOnce
        yield* pass(10)
        yield* settled
        yield* watch.full(yield* player.resized)
        if (move._tag === "Pause") yield* watch.paused(true)
      }
      yield* watch.paused(false)
      if (Option.isSome(points) && program.end === "rest") points.value.stop()
      /** Whoever was to intrude has done so, or does not any more. */
      const alone = Effect.andThen(
        Effect.flatMap(intruded, (has) => has ? Fiber.await(intruder) : Effect.void),
        Fiber.interrupt(intruder)
      )
      if (!(yield* Ref.get(shut))) {
        yield* alone
        yield* rest(world, player, !moves.some(isFaulty), asleep, living)
      } else yield* player.abandon
      yield* watch.look
      return { alone, player, watch }
    })
    const exit = yield* Effect.exit(told)
    yield* shutDown(scope)
    if (Option.isSome(points)) points.value.stop()
    const { alone, player, watch } = yield* exit
    yield* alone
    yield* watch.look
    yield* afterwards(world, player, before, living)
    return yield* tally(world, program)
  })

/** What happened in a story. */
export interface Tally {
  readonly moves: number
  /** How many runs of tasks ended, by how they did. */
  readonly ends: Readonly<Record<string, number>>
  readonly notices: number
  /** Calls to the host. */
  readonly calls: number
}

const tally = ({ entries, host }: World, program: Program): Effect.Effect<Tally> =>
  Effect.gen(function*() {
    const ends: Record<string, number> = {}
    for (const { event, task } of yield* entries) {
      if (event._tag === "Ended") ends[Endings.label(task)] = (ends[Endings.label(task)] ?? 0) + 1
    }
    let notices = 0
    for (const session of yield* host.sessions) notices += (yield* host.notices(session)).length
    return { moves: movesOf(program).length, ends, notices, calls: (yield* host.calls).length }
  })

const inItsOwn = <A>(story: Effect.Effect<A, Broken>, program: Program, steps: Steps): Effect.Effect<A, Broken> =>
  counted(story).pipe(
    Effect.provideService(Scheduler.MaxOpsBeforeYield, program.steps),
    Effect.provideService(IsIdle, () => steps.isIdle),
    Effect.provide(TestClock.layer()),
    Random.withSeed("storm"),
    Effect.catchDefect((defect) =>
      Effect.fail(new Broken({ promise: "nothing breaks", found: Cause.pretty(Cause.die(defect)) }))
    ),
    Effect.scoped,
    Effect.provideService(Scheduler.Scheduler, steps)
  )

/** Gives what happened, or fails with what broke. `service` is the real one, unless a fault is planted in it. */
export const run = (program: Program, service: Service = Tasks.layerOnJournal): Effect.Effect<Tally, Broken> =>
  Effect.suspend(() => inItsOwn(tell(program, service, Option.none(), Option.none()), program, new Steps()))

/**
 * The same with an intrusion at the nth moment in which anybody goes on after having waited; `false` where the moves are
 * over before.
 */
export const runIntruded = (
  program: Program,
  what: Intrusion["what"],
  nth: number
): Effect.Effect<boolean, Broken> =>
  Effect.gen(function*() {
    const when = yield* Deferred.make<void>()
    const points = new AwaitPoints(nth, () => {
      Deferred.doneUnsafe(when, Effect.void)
    })
    const steps = new Steps((fiber) => points.see(fiber))
    yield* inItsOwn(
      tell(program, Tasks.layerOnJournal, Option.some({ when, what }), Option.some(points)),
      program,
      steps
    )
    return points.passed
  })
