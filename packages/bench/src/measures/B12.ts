/**
 * B12: a storm of faults. Hundreds of parents launch tasks and call some of them off, each drawn from a seed, while one in
 * five calls and one in five events meets a fault: an answer that comes late, breaks off or never comes, an error, an event
 * that is lost, told twice or late. As each parent begins, the weather begins anew from its seed. Then there is calm, and
 * everybody has a minute; what is not in order by then is counted.
 *
 * All of it over HTTP and in real time: the same seed gives the same program and the same faults, but not to the same calls.
 */
import { Effect, Ref } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, worst } from "../Figure.ts"
import type { Bench, Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Launched } from "../worker/Worker.ts"
import { compare, partly, type Value } from "./compare.ts"
import { ask, begun, nameOf, speak } from "./crowd.ts"
import { mark, seldom, told, until } from "./happened.ts"
import { type Errand, program } from "./storm/Program.ts"
import { damage, deaf, hear, isGoing, isTold, type Sent } from "./storm/Verdict.ts"

/** In each run; a thousand in three. */
const seeds = 334

/** Between two parents (ms). */
const every = 120

/** The part of calls and events that meet a fault; a delay is up to 3 s. */
const weather = { share: 0.2, scale: 0.1 }

/** How long everybody has when there is calm again (s). */
const calm = 60

const models = Array.from({ length: 8 }, (_, nth) => `storm/m${nth}`)

/** Of each model: some have to wait in line. */
const places = 20

const count = (what: string) => ({ what, unit: "count" as const })
const seen = (what: string) => ({ ...count(what), better: "neither" as const })

/** In the words of the tables. */
const counts = {
  lost: count("lost notices: tasks that ended, and nobody was told"),
  doubled: count("doubled notices: tasks whose end was told twice"),
  stuck: count("stuck tasks: a minute later they have not ended"),
  leaked: count("leaked slots: places in which no new task begins within 8 s"),
  orphans: count("orphan sessions: agents at work for nobody"),
  tasks: seen("tasks launched"),
  faults: seen("faults met")
}

/** A task of a program, and what its launch came to; nothing as long as it has not come back. */
interface Asked {
  readonly name: string
  readonly parent: string
  readonly errand: Errand
  readonly launched: Ref.Ref<Launched | undefined>
}

const idOf = ({ launched }: Asked): string | undefined => Ref.getUnsafe(launched)?.task

/** Launches a task, and calls it off if that is part of the program. */
const play = Effect.fnUntraced(function*({ worker }: Arena.Arena, model: string, asked: Asked) {
  const { errand: { calledOffAfter, steps }, launched, name, parent } = asked
  const [back] = yield* worker.launch([{ ...ask(parent, 0, steps, model), description: name }])
  yield* Ref.set(launched, back)
  if (calledOffAfter === undefined) return
  yield* Effect.sleep(calledOffAfter)
  yield* callOff(worker, asked)
})

const callOff = (worker: Arena.Arena["worker"], asked: Asked) => {
  const task = idOf(asked)
  return task === undefined ? Effect.void : Effect.asVoid(worker.cancel(asked.parent, { task }))
}

/** What is said of a task in the end. Who gives no answer to that says that it goes on. */
const stateOf = Effect.fnUntraced(function*({ worker }: Arena.Arena, asked: Asked) {
  const launched = Ref.getUnsafe(asked.launched)
  if (launched === undefined) return "lost"
  if (launched.task === undefined || launched.threw) return "refused"
  const { text } = yield* worker.output(asked.parent, { task: launched.task, block: false, timeout: 1_000 }).pipe(
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.succeed({ text: "Status: running" }) })
  )
  return isGoing(text) ? "going" : "over"
})

/** How many of the places of all models a new parent cannot fill. */
const leaked = Effect.fnUntraced(function*({ control, worker }: Arena.Arena) {
  const parent = yield* told(control.root())
  yield* speak(control, parent)
  const since = yield* mark(control)
  const all = models.length * places
  const asks = models.flatMap((model, kind) =>
    Array.from({ length: places }, (_, nth) => ask(parent, 90_000 + kind * places + nth, [{ do: "hang" }], model))
  )
  yield* Effect.forEach(asks, (one) => Effect.forkScoped(Effect.ignore(worker.launch([one]))), { discard: true })
  const found = yield* begun(control, { count: all, parents: [parent], since, patience: 8_000, every: seldom })
  return all - found.begun.size
})

/** `over`: what is to be done when its storm is. */
const sample = Effect.fnUntraced(function*(peer: Peer, first: number, over: Effect.Effect<void>) {
  const arena = yield* Arena.open(peer, {
    limits: { modelConcurrency: Object.fromEntries(models.map((model) => [model, places])) },
    models,
    untimed: true
  })
  const { control, worker } = arena
  const roots = yield* Effect.forEach(Array.from({ length: seeds }), () => told(control.root()), { concurrency: 16 })
  yield* speak(control, ...roots)
  const since = yield* mark(control)

  const all: Array<Asked> = []
  for (const [nth, parent] of roots.entries()) {
    yield* told(control.weather({ ...weather, seed: first + nth }))
    for (const errand of yield* program(first + nth)) {
      const asked: Asked = {
        name: nameOf(all.length),
        parent,
        errand,
        launched: Ref.makeUnsafe<Launched | undefined>(undefined)
      }
      all.push(asked)
      yield* Effect.forkScoped(Effect.ignore(play(arena, models[nth % models.length] ?? "", asked)))
    }
    yield* Effect.sleep(every)
  }
  yield* told(control.weather(undefined))
  const { faults } = yield* told(control.counted)

  // Somebody who called off in the storm may have been told that it failed, and does it again.
  const endless = all.filter(({ errand }) => errand.calledOffAfter !== undefined)
  yield* Effect.forEach(endless, (asked) => Effect.forkScoped(Effect.ignore(callOff(worker, asked))), { discard: true })
  yield* over
  const owed = all.filter(({ errand }) => errand.calledOffAfter === undefined)
  const isDone = (asked: Asked) => {
    const back = Ref.getUnsafe(asked.launched)
    return back !== undefined && back.task === undefined
  }
  const calmed = yield* mark(control)
  const log = { since, kinds: ["created", "told"] as const, step: hear }
  yield* until(control, {
    ...log,
    from: deaf(),
    enough: (heard) => owed.every((asked) => isDone(asked) || isTold(heard, asked.name)),
    every: seldom,
    patience: calmed.now - since.now + calm * 1_000
  })
  const asking = Effect.forEach(
    all,
    (asked): Effect.Effect<Sent, never> =>
      Effect.map(Effect.orElseSucceed(stateOf(arena, asked), () => "going" as const), (state) => ({
        name: asked.name,
        parent: asked.parent,
        calledOff: asked.errand.calledOffAfter !== undefined,
        state
      })),
    // Some give no answer to most of these, and each is waited for.
    { concurrency: 256 }
  )
  // What is told twice may be told a little later. And the log is read when all have been asked: what ends, and is told of,
  // while others are still being asked is not lost.
  const [sent] = yield* Effect.all([asking, Effect.sleep("4 seconds")], { concurrency: "unbounded" })
  const heard = yield* until(control, { ...log, from: deaf(), enough: () => true, patience: 0 })
  const found = damage(sent, heard, heard.names, yield* told(control.working))
  // Of whom nothing has ended nothing can be told, and that nothing of it was lost says nothing.
  const news = sent.some(({ state }) => state === "over")
    ? [{ ...counts.lost, value: found.lost }, { ...counts.doubled, value: found.doubled }]
    : []
  const values: ReadonlyArray<Value> = [
    ...news,
    { ...counts.stuck, value: found.stuck },
    { ...counts.leaked, value: yield* leaked(arena) },
    { ...counts.orphans, value: found.orphans },
    { ...counts.tasks, value: sent.filter(({ state }) => state !== "refused").length },
    { ...counts.faults, value: Object.values(faults).reduce((sum, one) => sum + one, 0) }
  ]
  return values
})

/** Says why there is no news. */
const explained = (figure: Figure): Figure => {
  const { missing, note, values } = figure
  const why = "none of its tasks ended"
  if (values.length === 0 && note === undefined) return { ...figure, note: why }
  return missing === undefined ? figure : { ...figure, ...partly(values.length, values.length + missing, why) }
}

const lines = (figures: ReadonlyArray<Figure>): ReadonlyArray<Line> => {
  const damages = [counts.lost, counts.doubled, counts.stuck, counts.leaked, counts.orphans].map((one) =>
    worst(figures, errand.title, one.what)
  )
  const [lost, doubled, stuck, slots, orphans] = damages
  // Where nothing went wrong on the wire, that nothing was lost proves nothing.
  const stormy = [counts.tasks, counts.faults].every(({ what }) => worst(figures, errand.title, what) > 0)
  return [{
    measure: "B12",
    asked: "nothing lost, doubled, stuck, leaked or orphaned, in any run",
    found: `${lost} notices lost, ${doubled} doubled, ${stuck} tasks stuck, ${slots} slots leaked, ${orphans} orphans`,
    passed: stormy && damages.every((count) => count === 0)
  }]
}

const run = (bench: Bench) =>
  Effect.suspend(() => {
    let storms = bench.runs * bench.peers.length
    const over = Effect.suspend(() => --storms === 0 ? bench.quiet : Effect.void)
    // Each run has seeds of its own.
    const first = (run: number) => 1 + run * seeds
    return Effect.map(
      compare<"storm">(bench, {
        measure: "B12",
        cases: ["storm"],
        says: (_, run) => `seeds ${first(run)} to ${first(run + 1) - 1}`,
        expected: () => Object.values(counts),
        // Counts; and everybody mostly waits.
        atOnce: 12,
        sample: (peer, _, run) => sample(peer, first(run), over)
      }),
      (figures) => figures.map(explained)
    )
  })

export const B12: Measure = {
  id: "B12",
  title: "A storm of faults",
  about:
    `${seeds} parents a run launch tasks and call some of them off, while one in five calls to OpenCode and one in five of its events meets a fault. Then there is calm, and everybody has a minute.`,
  known: [
    "The programs, their seeds (the same in every bench) and the weather are Errand's own: faults that they found in it were mended, and nobody did that for the others."
  ],
  steady: "loud at first",
  run,
  lines
}
