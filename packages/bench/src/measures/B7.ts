/**
 * B7: what a crowd at work costs the process that the plugin lives in: its share of one processor, and the longest time
 * for which nothing else could run there. The agents stream, a piece a second each.
 *
 * Reading the events is OpenCode's work and the bench's here, so the same crowd is watched by a process whose plugin does
 * nothing, in the same minute, and what that takes is taken off. The two are not looked at together: looking at the event
 * loop takes time itself.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, median, value } from "../Figure.ts"
import type { Bench, Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { idle } from "../peers/idle.ts"
import type { Peer } from "../peers/Peer.ts"
import { script, type Step } from "../server/Script.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, told } from "./happened.ts"

const sizes = [50, 200] as const

/** Before it is looked at (s): what was only just compiled is slow, and a launch leaves things to be collected. */
const settling = 3

const steps: ReadonlyArray<Step> = [{ do: "stream", ms: 10 * 60_000, every: 1_000 }]

/** For how long the processor is looked at (s). */
const seconds = 2.5

const inAll = "processor time in all, by the number of agents"
const above = "processor time above that of a plugin that does nothing"
const blocked = "longest block of the event loop, by the number of agents"

/** The agents of a plugin that launches none: sessions that the bench opens itself. */
const begin = Effect.fnUntraced(function*(arena: Arena.Arena, parent: string, from: number, to: number) {
  const { control, peer } = arena
  const since = yield* mark(control)
  const numbers = Array.from({ length: to - from }, (_, nth) => from + nth)
  if (peer === idle) {
    yield* Effect.forEach(
      numbers,
      () => told(Effect.flatMap(control.root({ parent }), (session) => control.say(session, script(steps)))),
      {
        concurrency: 10,
        discard: true
      }
    )
  } else {
    yield* launch(arena, numbers.map((nth) => ask(parent, nth, steps)))
  }
  const found = yield* begun(control, { count: numbers.length, parents: [parent], since, patience: 20_000 })
  if (found.begun.size < numbers.length) {
    return yield* new NoPart({ why: `${from + found.begun.size} of ${to} had begun after 20 s` })
  }
})

const sample = Effect.fnUntraced(function*(peer: Peer) {
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 } })
  const { control, worker } = arena
  const parent = yield* told(control.root())
  const values: Array<Value> = []
  let running = 0
  for (const at of sizes) {
    yield* begin(arena, parent, running, at)
    running = at
    yield* Effect.sleep(`${settling} seconds`)
    const before = yield* worker.cpu
    yield* Effect.sleep(`${seconds} seconds`)
    const after = yield* worker.cpu
    values.push({ what: inAll, at, unit: "%", value: 100 * (after.used - before.used) / (after.at - before.at) })
    values.push({ what: blocked, at, unit: "ms", value: yield* worker.block(1_500) })
  }
  return values
})

const expected = [inAll, blocked].flatMap((what) =>
  sizes.map((at) => ({ what, at, unit: what === inAll ? "%" as const : "ms" as const }))
)

/** What a process takes with a plugin that does nothing, at each size. */
const nothing = (figures: ReadonlyArray<Figure>, at: number | undefined): number =>
  median(
    figures.find((figure) => figure.peer === idle.title && figure.what === inAll && figure.at === at)?.values ?? []
  )

const run = (bench: Bench) =>
  Effect.map(
    compare<"all">({ ...bench, peers: [...bench.peers, idle] }, {
      measure: "B7",
      cases: ["all"],
      says: () => `${sizes.join(" and ")} agents that stream`,
      expected: () => expected,
      sample
    }),
    (figures) => {
      const own = figures.filter(({ peer }) => peer !== idle.title)
      const more = own.filter(({ what }) => what === inAll).map((figure): Figure =>
        Object.assign({}, figure, {
          what: above,
          values: figure.values.map((one) => one - nothing(figures, figure.at))
        })
      )
      return [...more, ...figures]
    }
  )

export const B7: Measure = {
  id: "B7",
  title: "Processor and event loop while agents work",
  run,
  lines: (figures) => {
    const cpu = value(figures, errand.title, above, sizes[0])
    const block = value(figures, errand.title, blocked, sizes[0])
    return [
      {
        measure: "B7",
        asked: `${sizes[0]} agents at work take less than 0.5 % of a processor`,
        found: `${cpu.toFixed(2)} % above a plugin that does nothing, ${
          value(figures, errand.title, inAll, sizes[0]).toFixed(2)
        } % with all that reads the events`,
        passed: cpu < 0.5
      },
      {
        measure: "B7",
        asked: `${sizes[0]} agents at work never keep the event loop for 10 ms`,
        found: `${block.toFixed(1)} ms at the most`,
        passed: block < 10
      }
    ]
  }
}
