/**
 * B13: what it costs to have the plugin, before it does anything. What it weighs with all that it loads; how
 * long a fresh process takes to import it and to call its function; and how much longer a real OpenCode takes for its
 * first request, in which it loads its plugins.
 *
 * As a real OpenCode is at hand here, Errand is also put beside OpenCode's own background agents, which are no plugin and
 * know no other place: how soon a parent is told, and whether anything holds them back.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, value } from "../Figure.ts"
import { weigh } from "../load/spawn.ts"
import { type Bench, interleaved, type Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import { background, crowd, type Found, withErrand, withFlag } from "../real/background.ts"
import { firstRequest } from "../real/firstRequest.ts"
import * as Sandbox from "../worker/Sandbox.ts"
import { compare, type Value } from "./compare.ts"

const weight = "what is imported at once"
const whole = "what is loaded a moment after the start"
const importing = "import, in a fresh process"
const starting = "the plugin's own start, in a fresh process"
const first = "first request to OpenCode after its start"
const added = "added to the first request"

const inProcess: ReadonlyArray<Omit<Value, "value">> = [
  { what: weight, unit: "kB" },
  { what: whole, unit: "kB" },
  { what: importing, unit: "ms" },
  { what: starting, unit: "ms" }
]

/** OpenCode as it is: nobody's plugin. */
const bare: Peer = { ...errand, id: "bare", title: "No plugin" }

/** The plugin in processes of its own. */
const alone = Effect.fnUntraced(function*(bench: Bench) {
  // The same each time, and mostly waiting: once, all of them together.
  const weights = new Map(yield* Effect.forEach(bench.peers, weightOf, { concurrency: "unbounded" }))
  // Its own time is part of nothing here: one for all of them.
  const server = yield* Arena.server
  return yield* compare<"alone">(bench, {
    measure: "B13",
    cases: ["alone"],
    says: () => "in a fresh process",
    expected: () => inProcess,
    sample: Effect.fnUntraced(function*(peer) {
      const { atOnce, atWork } = weights.get(peer.id) ?? { atOnce: Number.NaN, atWork: Number.NaN }
      const { worker } = yield* Arena.openAt(server, peer, { limits: {} })
      return [
        { what: weight, unit: "kB", value: atOnce / 1_000 },
        { what: whole, unit: "kB", value: atWork / 1_000 },
        { what: importing, unit: "ms", value: worker.loaded.importing },
        { what: starting, unit: "ms", value: worker.loaded.starting }
      ]
    })
  })
}, Effect.scoped)

const weightOf = (peer: Peer) =>
  Effect.scoped(Effect.gen(function*() {
    const { env } = yield* Sandbox.make(peer, { limits: {}, models: [] })
    return [peer.id, yield* weigh(peer, env)] as const
  }))

/** The plugin in a real OpenCode, beside one without. */
const inside = (bench: Bench) =>
  Effect.map(
    compare<"inside">({ ...bench, peers: [bare, ...bench.peers] }, {
      measure: "B13",
      cases: ["inside"],
      says: () => "in a real OpenCode",
      expected: () => [{ what: first, unit: "ms" }],
      sample: (peer) =>
        Effect.map(
          firstRequest(peer === bare ? undefined : peer),
          (ms) => [{ what: first, unit: "ms" as const, value: ms }]
        )
    }),
    (figures) => [...figures, ...figures.filter(({ peer }) => peer !== bare.title).map(addedTo(figures))]
  )

/** What one adds to the first request: in each round beside the one without a plugin of the same round. */
const addedTo = (figures: ReadonlyArray<Figure>) => (figure: Figure): Figure => {
  const without = figures.find(({ peer }) => peer === bare.title)?.values ?? []
  const values = figure.values.flatMap((ms, round) => {
    const base = without[round]
    return base === undefined ? [] : [ms - base]
  })
  return { ...figure, what: added, values }
}

const heard = "on a real OpenCode: from a child's end until its parent is told, p50"
const atWork = `on a real OpenCode: the most at work at once, of ${crowd} launched, where the limit is 5`

/** Beside what OpenCode has itself, where that does the same: behind a flag, and without limits. */
const flag = Effect.fnUntraced(function*({ progress, runs }: Bench) {
  const senders = [withErrand, withFlag]
  const found: Array<Found & { readonly peer: string }> = []
  for (const [nth, sender] of interleaved(senders, runs).entries()) {
    yield* progress(nth, senders.length * runs, `${sender.title}, in a real OpenCode`)
    found.push({ peer: sender.title, ...yield* Effect.scoped(background(sender)) })
  }
  const of = (peer: string, pick: (found: Found) => number) => ({
    measure: "B13",
    peer,
    values: found.filter((one) => one.peer === peer).map(pick)
  })
  return senders.flatMap(({ title }): ReadonlyArray<Figure> => [
    { ...of(title, ({ told }) => told), what: heard, unit: "ms" },
    // One has a limit, and the other has none to set: nobody is better by that number alone.
    { ...of(title, ({ most }) => most), what: atWork, unit: "count", better: "neither" }
  ])
})

const line = (figures: ReadonlyArray<Figure>, what: string, most: number, unit: string, asked: string): Line => {
  const own = value(figures, errand.title, what)
  return { measure: "B13", asked, found: `${own.toFixed(0)} ${unit}`, passed: own < most }
}

export const B13: Measure = {
  id: "B13",
  title: "Loading the plugin",
  about: "What it costs everybody, every time OpenCode starts, that the plugin is there at all.",
  known: [
    "What OpenCode imports of Errand is a stub: the rest is loaded when it is needed first, by a message for example, or a second after the start. So import and start are the stub's; what is loaded later is only in the kB, not in these times."
  ],
  run: Effect.fnUntraced(function*(bench) {
    return [...yield* alone(bench), ...yield* inside(bench), ...yield* flag(bench)]
  }),
  lines: (figures) => [
    line(figures, whole, 800, "kB", "less than 800 kB are loaded in all"),
    line(figures, added, 100, "ms", "less than 100 ms are added to OpenCode's first request")
  ]
}
