/**
 * B5: many tasks through a few places, from the first call to the moment at which the server has, in the session that
 * launched it, the word of the last one's end. Two models with twenty places each; ten parents that launch all they have
 * at once, half of it on each model. The floor has no limits: it is shown, and nobody is held against it.
 *
 * A thousand whose agents answer after 5 ms show what a task costs. Eighty whose agents work for 6 to 6.8 s, two turns for
 * each place, are kinder: some competitors doubt an end within the first 5 or 6 s.
 */
import { Effect, Fiber, Semaphore } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, median, value } from "../Figure.ts"
import type { Bench, Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { floor } from "../peers/floor.ts"
import type { Peer } from "../peers/Peer.ts"
import { compare, partly, type Value } from "./compare.ts"
import { ask, launch, nameOf, speak } from "./crowd.ts"
import { mark, told, until } from "./happened.ts"
import { hear, silence } from "./heard.ts"
import { apart, believed, inTurn } from "./slow.ts"

const models = ["fake/m1", "fake/m2"] as const
const places = 20
const parents = 10

interface Case {
  readonly name: string
  readonly count: number
  /** How long the agent of a task works (ms). */
  readonly works: (nth: number) => number
  /** Ms after which nobody waits for the rest. */
  readonly cap: number
  /** Ms without a session or a notice after which nothing more is expected. */
  readonly quiet: number
  /** Ms that pass between two who launch, where several are measured at the same time: all are at work by then. */
  readonly head: number
}

/** Who launches. */
const turn = Semaphore.makeUnsafe(1)

const many: Case = { name: "a thousand of 5 ms", count: 1_000, works: () => 5, cap: 15_000, quiet: 8_000, head: 0 }
const long: Case = {
  name: "eighty of 6 s",
  count: 80,
  // No two end in the same moment, and all is the same for everybody.
  works: (nth) => believed + (nth * 37 % 80) * 10,
  cap: 30_000,
  quiet: 15_000,
  head: 1_000
}

const time = ({ name }: Case) => `${name}: from the first call until all were told`
const share = ({ name }: Case) => `${name}: how many were told of`

const expected = (one: Case) => [
  { what: time(one), unit: "ms" as const },
  { what: share(one), unit: "count" as const, better: "more" as const }
]

const sample = Effect.fnUntraced(function*(peer: Peer, one: Case) {
  const arena = yield* Arena.open(peer, {
    limits: { modelConcurrency: Object.fromEntries(models.map((model) => [model, places])) },
    models
  })
  const { control } = arena
  const roots = yield* Effect.forEach(Array.from({ length: parents }), () => told(control.root()))
  yield* speak(control, ...roots)
  const asks = Array.from({ length: one.count }, (_, nth) => {
    const steps = [{ do: "wait", ms: one.works(nth) }, { do: "say", text: "done" }] as const
    return ask(roots[nth % parents] ?? "", nth, steps, models[Math.floor(nth / parents) % models.length])
  })
  const { launching, since } = yield* turn.withPermit(Effect.gen(function*() {
    const since = yield* mark(control)
    // In a fiber of its own: some come back only when the task has begun.
    const launching = yield* Effect.forkScoped(launch(arena, asks))
    yield* Effect.sleep(one.head)
    return { launching, since }
  }))
  const waited = until(control, {
    since,
    kinds: ["created", "told"],
    from: silence(roots, asks.map((_, nth) => nameOf(nth))),
    step: hear,
    enough: ({ missing }) => missing.size === 0,
    every: 100,
    patience: one.cap,
    quiet: one.quiet
  })
  // A launch that fails is heard of at once.
  const heard = yield* Effect.raceFirst(waited, Effect.andThen(Fiber.join(launching), Effect.never))
  const values: ReadonlyArray<Value> = [
    { what: share(one), unit: "count", better: "more", value: one.count - heard.missing.size }
  ]
  if (heard.missing.size > 0) return values
  const from = Math.min(...(yield* Fiber.join(launching)).map(({ from }) => from))
  return [...values, { what: time(one), unit: "ms" as const, value: heard.last - from }]
})

/** Says of a time that is missing in some runs how far it had come. */
const explained = (one: Case, runs: number) => (figure: Figure, _: number, all: ReadonlyArray<Figure>): Figure => {
  const count = figure.values.length
  const shares = all.find(({ peer, what }) => peer === figure.peer && what === share(one))?.values ?? []
  // Whose launch failed has said so.
  if (figure.what !== time(one) || count === runs || shares.length < runs) return figure
  const given = `given up after ${one.cap / 1_000} s, or ${one.quiet / 1_000} s without any news`
  const of = count === 0 ? shares : shares.filter((share) => share < one.count)
  const why = `no end: ${median(of)} of ${one.count} told of (${given})`
  return count === 0 ? { ...figure, note: why } : { ...figure, ...partly(count, runs, why) }
}

/** What is not there took too long. */
const shown = (ms: number): string => Number.isNaN(ms) ? "no end" : `${(ms / 1_000).toFixed(2)} s`

const line = (figures: ReadonlyArray<Figure>, one: Case): Line => {
  const of = figures.filter(({ what }) => what === time(one))
  const times = of.map(({ peer, values }) => ({ peer, ms: median(values) }))
  const own = value(figures, errand.title, time(one))
  const others = times.filter(({ peer }) => peer !== errand.title && peer !== floor.title)
  return {
    measure: "B5",
    asked: `${one.name}: at least as fast as every competitor with limits`,
    found: [`Errand ${shown(own)}`, ...others.map(({ ms, peer }) => `${peer} ${shown(ms)}`)].join(", "),
    passed: !Number.isNaN(own) && others.every(({ ms }) => Number.isNaN(ms) || own <= ms)
  }
}

export const B5: Measure = {
  id: "B5",
  title: "From launch to told, many tasks under limits",
  about: "A thousand tasks under limits, launched at once: how long until their parents have been told of all of them.",
  known: [`A thousand: ${inTurn("one at a time")}`, "Eighty: everybody in turn, up to six at the same time."],
  run: Effect.fnUntraced(function*(bench) {
    const of = (bench: Bench, one: Case, atOnce: number) =>
      Effect.map(
        compare<Case>(bench, { measure: "B5", cases: [one], says: ({ name }) => name, expected, sample, atOnce }),
        (figures) => figures.map(explained(one, bench.runs))
      )
    return [
      ...yield* apart(bench, 6, (bench, atOnce) => of(bench, many, atOnce)),
      // The long ones are nearly all waiting: they can wait side by side.
      ...yield* of(bench, long, 6)
    ]
  }),
  lines: (figures) => [line(figures, many), line(figures, long)]
}
