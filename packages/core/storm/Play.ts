/**
 * Makes the moves of a program. What a move starts and does not wait for is remembered: it has to come back in the end.
 */
import { Effect, Fiber, Option, Ref } from "effect"
import type { HostEvent } from "../src/AgentHost.ts"
import * as Pools from "../src/Pools.ts"
import * as Task from "../src/Task.ts"
import type { Call, Fault } from "../src/testing/SimulatedHost.ts"
import * as Weather from "../src/testing/Weather.ts"
import { longTalk } from "./Agents.ts"
import { type Broken, hold } from "./Broken.ts"
import type { Move } from "./Program.ts"
import { pass } from "./time.ts"
import { pools, type World } from "./World.ts"

/** One run of a task. */
export const runOf = ({ id, run }: Task.Task): string => `${id}#${run}`

/** Whether a run is over, by what is known of its task now. */
const isOver = (now: Option.Option<Task.Task>, { run }: Task.Task): boolean =>
  Option.isNone(now) || now.value.run !== run || Task.isTerminal(now.value)

/** To be run when what a move starts has had its turn, and before time passes: what must be so at once. */
export type AtOnce = Effect.Effect<void, Broken>

/** Of a move that asks for nothing at once. */
const free = (effect: Effect.Effect<unknown, Broken>): Effect.Effect<AtOnce, Broken> => Effect.as(effect, Effect.void)

const nothing: Effect.Effect<AtOnce, Broken> = Effect.succeed(Effect.void)

export interface Player {
  readonly make: (move: Move) => Effect.Effect<AtOnce, Broken>
  /** Whoever waits for something goes away. */
  readonly abandon: Effect.Effect<void>
  /** Whoever waits for something. */
  readonly waiting: Effect.Effect<ReadonlyArray<Fiber.Fiber<unknown, unknown>>>
  /** The runs whose end their parent has read itself, or was about to. */
  readonly read: Effect.Effect<ReadonlySet<string>>
  /** The runs that were called off or whose session somebody meddled with. */
  readonly disturbed: Effect.Effect<ReadonlySet<string>>
  /** The sessions that were deleted. */
  readonly deleted: Effect.Effect<ReadonlySet<Task.SessionId>>
  /** The sizes that pools were given. */
  readonly resized: Effect.Effect<ReadonlyMap<string, number>>
}

const feeds: Record<"lost" | "late" | "twice" | "idle lost", (event: HostEvent) => ReadonlyArray<number>> = {
  lost: () => [],
  late: () => [3_000],
  twice: () => [0, 700],
  "idle lost": ({ _tag }) => _tag === "Idle" ? [] : [0]
}

const faultOf = ({ fault, operation }: Extract<Move, { readonly _tag: "Fault" }>): (made: Call) => Fault => {
  const how: Fault = fault === "slow" ? { slow: 1_500 } : fault
  return (made) => operation === "all" || made.operation === operation ? how : "ok"
}

export const make = Effect.fnUntraced(function*({ host, launch, limits, roots, tasks }: World) {
  const waiting = yield* Ref.make<ReadonlyArray<Fiber.Fiber<unknown, unknown>>>([])
  const read = yield* Ref.make<ReadonlySet<string>>(new Set())
  const disturbed = yield* Ref.make<ReadonlySet<string>>(new Set())
  const resized = yield* Ref.make<ReadonlyMap<string, number>>(new Map())
  const deleted = yield* Ref.make<ReadonlySet<Task.SessionId>>(new Set())

  const add = <A>(set: Ref.Ref<ReadonlySet<A>>, ...more: ReadonlyArray<A>) =>
    Ref.update(set, (all) => new Set([...all, ...more]))

  const rootAt = (nth: number): Task.SessionId => roots[nth % roots.length] ?? roots[0]

  const start = (effect: Effect.Effect<unknown, unknown>) =>
    Effect.flatMap(Effect.forkChild(effect), (fiber) => Ref.update(waiting, (all) => [...all, fiber]))

  const outstanding = (effect: Effect.Effect<unknown, unknown>) => free(start(effect))

  const isOverAtOnce = (promise: string, task: Task.Task): AtOnce =>
    Effect.flatMap(
      Effect.option(tasks.get(task.id)),
      (now) => hold(promise, isOver(now, task), () => `${task.id} goes on`)
    )

  /** Does something with the nth task, if there is one. */
  const withTask = (
    nth: number,
    f: (task: Task.Task) => Effect.Effect<AtOnce, Broken>
  ): Effect.Effect<AtOnce, Broken> =>
    Effect.flatMap(tasks.list, (all) => {
      const task = all[nth % Math.max(1, all.length)]
      return task === undefined ? nothing : f(task)
    })

  const withSession = (nth: number, f: (session: Task.SessionId) => Effect.Effect<unknown>) =>
    withTask(nth, (task) => task.session === undefined ? nothing : free(f(task.session)))

  const from = (where: "root" | "task", nth: number): Effect.Effect<Task.SessionId> =>
    where === "root"
      ? Effect.succeed(rootAt(nth))
      : Effect.map(tasks.list, (all) => all[nth % Math.max(1, all.length)]?.session ?? rootAt(nth))

  /** Whatever is done to a session is done to everybody in it and below it. */
  const disturb = (session: Task.SessionId) =>
    Effect.flatMap(
      tasks.list,
      (all) =>
        add(disturbed, ...all.filter((task) => task.session === session || Task.isBelow(task, session)).map(runOf))
    )

  const perform = (move: Move): Effect.Effect<AtOnce, Broken> => {
    switch (move._tag) {
      case "Launch":
        return Effect.flatMap(
          from(move.from, move.nth),
          (parent) => outstanding(Effect.flatMap(launch(move.errand, parent, move), ({ id }) => tasks.await(id)))
        )
      case "Cancel":
        return withTask(move.nth, (task) =>
          Effect.gen(function*() {
            yield* add(disturbed, runOf(task))
            if (task.session !== undefined) yield* disturb(task.session)
            yield* start(tasks.cancel(task.id))
            return isOverAtOnce("E1 a task that is called off is over at once, whatever the host does", task)
          }))
      case "CancelAll":
        return Effect.flatMap(from(move.from, move.nth), (session) =>
          Effect.gen(function*() {
            const before = yield* tasks.list
            yield* add(disturbed, ...before.filter((task) => Task.isBelow(task, session)).map(runOf))
            yield* start(tasks.cancelAll(session))
            return Effect.forEach(
              before.filter((task) => !Task.isTerminal(task) && Task.isBelow(task, session)),
              (task) => isOverAtOnce("E3 cancelling all ends everything below a session at once", task),
              { discard: true }
            )
          }))
      case "Continue":
        return withTask(move.nth, (task) =>
          task.session === undefined
            ? nothing
            : outstanding(tasks.resume({ session: task.session, prompt: move.errand, parent: task.request.parent })))
      case "Await":
        return withTask(move.nth, (task) =>
          outstanding(
            tasks.await(task.id, task.request.parent).pipe(
              Effect.flatMap((ended) =>
                Effect.andThen(add(read, runOf(ended)), tasks.read(ended, task.request.parent))
              ),
              Effect.timeoutOption(5_000),
              tasks.reading(task.request.parent)
            )
          ))
      case "Settle":
        return outstanding(tasks.settled(rootAt(move.nth)))
      case "Say":
        return free(host.say(rootAt(move.nth), move.long ? longTalk : "hello"))
      case "Interrupt":
        return withSession(move.nth, (session) => Effect.andThen(disturb(session), host.interrupt(session)))
      case "Delete":
        return Effect.flatMap(from(move.from, move.nth), (session) =>
          Effect.gen(function*() {
            yield* disturb(session)
            const below = (yield* tasks.list).filter((task) => Task.isBelow(task, session))
            yield* add(deleted, session, ...below.flatMap((task) => task.session === undefined ? [] : [task.session]))
            yield* host.removeFamily(session)
            return Effect.void
          }))
      case "Answer":
        return withSession(move.nth, host.answer)
      case "Pass":
        return free(pass(move.ms))
      case "Resize":
        return Effect.gen(function*() {
          const pool = pools[move.pool] ?? "total"
          yield* Ref.update(resized, (all) => new Map([...all, [pool, Pools.sizeOf(move.size)]]))
          yield* limits.resize(pool, move.size)
          return Effect.void
        })
      case "Pause":
        return free(limits.pause)
      case "Resume":
        return free(limits.resume)
      case "Fault":
        return free(host.faults(faultOf(move)))
      case "Feed":
        return free(host.feed(feeds[move.how]))
      case "Cut":
        return free(host.cut(move.how))
      case "Weather":
        return free(host.weather(Weather.make(move.seed)))
      case "Restart":
        return free(host.restart(move.ms))
      case "Heal":
        return free(Effect.andThen(host.faults(() => "ok"), host.feed(() => [0])))
    }
  }

  const player: Player = {
    make: perform,
    abandon: Effect.flatMap(Ref.get(waiting), (fibers) => Effect.forEach(fibers, Fiber.interrupt, { discard: true })),
    waiting: Ref.get(waiting),
    read: Ref.get(read),
    disturbed: Ref.get(disturbed),
    deleted: Ref.get(deleted),
    resized: Ref.get(resized)
  }
  return player
})
