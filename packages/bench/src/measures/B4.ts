/**
 * B4: launches in the same moment, on a server that is 50 ms away. From the first call to the moment at which the server
 * sees the last of the new sessions at work; and what the processor had to do for that.
 *
 * A session has to be opened and then told what to do: two round trips, of which the second need only get there, so that
 * nobody can take less than 75 ms. The floor makes just those two, and what it takes above 75 ms is the machine's.
 *
 * Each size is measured in a process that has launched before; the least and the largest also first thing in a fresh one.
 * In both a person has spoken in the session that launches, and its agent has thought for 300 ms: so does OpenCode begin. In
 * the sessions of later launches that is done for all of them at once, after the first launch.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { floor } from "../peers/floor.ts"
import type { Peer } from "../peers/Peer.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, earliest, endless, launch, speak } from "./crowd.ts"
import { mark, told } from "./happened.ts"
import { apart, beginsAtOnce, inTurn, isSlow } from "./slow.ts"

/** Ms. */
const roundTrip = 50
const sizes = [1, 5, 20, 100] as const

const cold = "until all run, the first launch of the process"
const warm = "until all run, later launches"
/** Of the competitor's process, with what its engine compiles meanwhile: two processors are all there is. */
const work = (what: typeof cold | typeof warm) => `processor time ${what}` as const

/** The sizes of the batches that a fresh process launches, one after the other. The first is the cold one. */
type Case = readonly [first: number, ...later: ReadonlyArray<number>]

const largest: Case = [100]
const cases: ReadonlyArray<Case> = [[1, ...sizes], largest]

const both = (what: typeof cold | typeof warm, at: number) =>
  [what, work(what)].map((what) => ({ what, at, unit: "ms" as const }))

const expected = ([first, ...later]: Case) => [
  ...both(cold, first),
  ...later.flatMap((at) => both(warm, at))
]

/** Those who launch one after the other take as long at first as they take later. */
const isLeftOut = (peer: Peer, sizes: Case) => isSlow(peer) && sizes === largest

/** So many sessions in which a person has spoken. */
const spoken = Effect.fnUntraced(function*({ control }: Arena.Arena, count: number) {
  const parents = yield* Effect.forEach(Array.from({ length: count }), () => told(control.root()))
  yield* speak(control, ...parents)
  return parents
})

/** One batch with a parent of its own; gives its time, and the processor's (ms). */
const batch = Effect.fnUntraced(function*(arena: Arena.Arena, parent: string, size: number) {
  const { control, worker } = arena
  const since = yield* mark(control)
  const before = yield* worker.cpu
  const launched = yield* launch(arena, Array.from({ length: size }, (_, nth) => ask(parent, nth, endless)))
  const found = yield* begun(control, { count: size, parents: [parent], since })
  const after = yield* worker.cpu
  if (found.begun.size < size) {
    return yield* new NoPart({ why: `${found.begun.size} of ${size} had begun after 30 s` })
  }
  return { until: found.last - earliest(launched), used: after.used - before.used }
})

/** Calls off what a batch has started, before the next one. That is no part of what is measured: the server is near meanwhile. */
const clear = Effect.fnUntraced(function*({ control, peer, worker }: Arena.Arena, parent: string) {
  if (peer.cancel === undefined) return
  yield* told(control.latency(0))
  yield* worker.cancel(parent, { all: true })
  yield* told(control.latency(roundTrip))
  // An agent that was stopped is heard of twice, the second time 30 ms later.
  yield* Effect.sleep("100 millis")
})

const valuesOf = (
  what: typeof cold | typeof warm,
  at: number,
  { until, used }: Effect.Success<ReturnType<typeof batch>>
): ReadonlyArray<Value> => [
  { what, at, unit: "ms", value: until },
  { what: work(what), at, unit: "ms", value: used }
]

const line = (figures: ReadonlyArray<Figure>, what: string, when: string, sizes: ReadonlyArray<number>): Line => {
  const of = (peer: string, at: number) => value(figures, peer, what, at)
  const all = sizes.map((at) => {
    const own = of(errand.title, at)
    const least = of(floor.title, at)
    const machine = Number.isNaN(least) ? 0 : Math.max(0, least - 1.5 * roundTrip)
    return { at, own, machine, passed: own <= 2 * roundTrip + machine }
  })
  return {
    measure: "B4",
    asked: `${when}: at most two round trips (${2 * roundTrip} ms) and what the machine adds, at every size`,
    found: all.map(({ at, machine, own }) => `${at}: ${own.toFixed(0)} ms (machine ${machine.toFixed(0)})`).join(", "),
    passed: all.every(({ passed }) => passed)
  }
}

const explained = (peers: ReadonlyArray<Peer>) => (figure: Figure): Figure => {
  const peer = peers.find(({ title }) => title === figure.peer)
  const isCold = figure.what === cold || figure.what === work(cold)
  const left = peer !== undefined && isCold && figure.at === largest[0] && isLeftOut(peer, largest)
  return left ? { ...figure, note: "not measured apart: as for later launches" } : figure
}

const sample = Effect.fnUntraced(function*(peer: Peer, all: Case) {
  if (isLeftOut(peer, all)) return []
  const [first, ...later] = all
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 } })
  yield* told(arena.control.latency(roundTrip))
  const [own = ""] = yield* spoken(arena, 1)
  const values = [...valuesOf(cold, first, yield* batch(arena, own, first))]
  const parents = later.length === 0 ? [] : yield* spoken(arena, later.length)
  let before = own
  for (const [nth, at] of later.entries()) {
    yield* clear(arena, before)
    before = parents[nth] ?? ""
    values.push(...valuesOf(warm, at, yield* batch(arena, before, at)))
  }
  return values
})

export const B4: Measure = {
  id: "B4",
  title: "Launching at once",
  about: "A batch is launched in one moment, on a server that is 50 ms away. How long until the last agent is at work.",
  known: [inTurn("one at a time"), beginsAtOnce],
  hindrance:
    "There are two round trips, whatever the number. Before these each launch is checked, given its slots and kept "
    + "in the journal, which the floor does not do: what that takes is in the tables of processor time, on the cores that the "
    + "server needs as well.",
  run: (bench) =>
    Effect.map(
      apart(bench, 6, (bench, atOnce) =>
        compare<Case>(bench, {
          measure: "B4",
          cases,
          says: (sizes) => `${sizes.join(", ")} at once`,
          expected,
          sample,
          atOnce
        })),
      (figures) => figures.map(explained(bench.peers))
    ),
  lines: (figures) => [
    line(figures, cold, "first thing in a process", [1, 100]),
    line(figures, warm, "later", sizes)
  ]
}
