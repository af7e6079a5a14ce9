/**
 * B7: what a crowd at work costs the process that the plugin lives in: its share of one processor, and the longest time
 * for which nothing else could run there. The agents stream, a piece a second each.
 *
 * Reading the events is OpenCode's work and the bench's here, so the same crowd is watched by a process whose plugin does
 * nothing, and what that takes is taken off. That is only fair where the events come alike: a process that is woken by
 * pieces one by one takes more than one that is woken by the same pieces in bunches, and who launches how quickly would
 * decide about it. So all agents wait at a gate until everybody's crowd is there, and then each of them writes at a moment
 * of the second that is its own, the same for everybody.
 *
 * All competitors are looked at in the same seconds, each in a process of its own. They take a few hundredths of a
 * processor, and what the machine does besides meets all of them. Processor and event loop are not looked at together:
 * looking at the event loop takes time itself.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { value, worst } from "../Figure.ts"
import type { Bench, Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { idle } from "../peers/idle.ts"
import type { Peer } from "../peers/Peer.ts"
import { script, type Step } from "../server/Script.ts"
import { figuresOf, type Found, NoPart, type Value } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, told } from "./happened.ts"

const sizes = [50, 200] as const

/**
 * Before a crowd is looked at (s): what was only just compiled is slow, and a launch leaves things to be collected. Where
 * there was a crowd already nearly everything is compiled.
 */
const settling = (from: number) => from === 0 ? 3 : 1.5

/** For how long the processor is looked at (s): three ticks of Errand's poll. */
const seconds = 6

/** For how long the event loop is looked at (ms): two ticks of it. */
const watching = 4_000

const every = 1_000

const inAll = "processor time in all, by the number of agents"
const above = "processor time above that of a plugin that does nothing"
const blocked = "longest block of the event loop, by the number of agents"

/** One of so many: waits until all are there, and then for its own moment of the second. */
const stepsOf = (nth: number, of: number, gate: string): ReadonlyArray<Step> => [
  { do: "gate", name: gate },
  { do: "wait", ms: nth * every / of },
  { do: "stream", ms: 10 * 60_000, every }
]

/** A competitor, and the session that its crowd belongs to. */
interface Place {
  readonly arena: Arena.Arena
  readonly parent: string
}

const open = Effect.fnUntraced(function*(peer: Peer) {
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 } })
  const parent = yield* told(arena.control.root())
  return { arena, parent }
})

/** Makes a crowd of `from` one of `to`; the agents that are new wait at the gate. */
const grow = Effect.fnUntraced(function*({ arena, parent }: Place, from: number, to: number) {
  const { control, peer } = arena
  const since = yield* mark(control)
  const numbers = Array.from({ length: to - from }, (_, nth) => nth)
  const steps = (nth: number) => stepsOf(nth, to - from, gateOf(to))
  if (peer === idle) {
    // The agents of a plugin that launches none are opened by the bench.
    yield* Effect.forEach(
      numbers,
      (nth) => told(Effect.flatMap(control.root({ parent }), (session) => control.say(session, script(steps(nth))))),
      { concurrency: 10, discard: true }
    )
  } else {
    yield* launch(arena, numbers.map((nth) => ask(parent, from + nth, steps(nth))))
  }
  const found = yield* begun(control, { count: numbers.length, parents: [parent], since, patience: 20_000 })
  if (found.begun.size < numbers.length) {
    return yield* new NoPart({ why: `${from + found.begun.size} of ${to} had begun after 20 s` })
  }
})

const gateOf = (size: number): string => `${size} are there`

/** The same of everybody at the same time. */
const all = <A, B, E, R>(of: ReadonlyArray<A>, each: (one: A) => Effect.Effect<B, E, R>) =>
  Effect.forEach(of, each, { concurrency: "unbounded" })

const share = Effect.fnUntraced(function*({ arena: { peer, worker } }: Place) {
  const before = yield* worker.cpu
  yield* Effect.sleep(`${seconds} seconds`)
  const after = yield* worker.cpu
  return { peer, used: 100 * (after.used - before.used) / (after.at - before.at) }
})

/** What a share is in all, and above that of the plugin that does nothing in the same seconds. */
const valuesOf = (shares: ReadonlyArray<{ readonly peer: Peer; readonly used: number }>, at: number) => {
  const nothing = shares.find(({ peer }) => peer === idle)?.used ?? Number.NaN
  return shares.map(({ peer, used }): Found => ({
    peer,
    values: [
      { what: above, at, unit: "%", value: used - nothing },
      { what: inAll, at, unit: "%", value: used }
    ]
  }))
}

const longest = Effect.fnUntraced(function*({ arena: { peer, worker } }: Place, at: number) {
  const value: Value = { what: blocked, at, unit: "ms", value: yield* worker.block(watching) }
  return { peer, values: [value] }
})

/** One run with all competitors. Who cannot have so many at work takes no further part in it. */
const round = Effect.fnUntraced(function*(peers: ReadonlyArray<Peer>) {
  const found: Array<Found> = []
  let places: ReadonlyArray<Place> = yield* all(peers, open)
  let from = 0
  for (const at of sizes) {
    const grown = yield* all(places, (place) =>
      grow(place, from, at).pipe(
        Effect.as(undefined),
        Effect.catchTag("NoPart", ({ why }) => Effect.succeed(why)),
        Effect.map((why) => ({ place, why }))
      ))
    found.push(...grown.map(({ place, why }) => ({ peer: place.arena.peer, values: [], why })))
    places = grown.filter(({ why }) => why === undefined).map(({ place }) => place)
    yield* all(places, ({ arena }) => told(arena.control.openGate(gateOf(at))))
    yield* Effect.sleep(`${settling(from)} seconds`)
    found.push(...valuesOf(yield* all(places, share), at))
    found.push(...yield* all(places, (place) => longest(place, at)))
    from = at
  }
  return found
})

const expected = [above, inAll, blocked].flatMap((what) =>
  sizes.map((at) => ({ what, at, unit: what === blocked ? "ms" as const : "%" as const }))
)

const run = Effect.fnUntraced(function*({ peers, progress, runs }: Bench) {
  const everybody = [...peers, idle]
  const found: Array<Found> = []
  for (let nth = 0; nth < runs; nth++) {
    yield* progress(nth, runs, `all of them at the same time, ${sizes.join(" and ")} agents that stream`)
    found.push(...yield* Effect.scoped(round(everybody)))
  }
  // That nobody is above himself says nothing.
  return figuresOf({ measure: "B7", peers: everybody, runs }, expected, found).filter(({ peer, what }) =>
    peer !== idle.title || what !== above
  )
})

export const B7: Measure = {
  id: "B7",
  title: "Processor and event loop while agents work",
  about:
    "What a crowd at work takes from the process that also draws the terminal and serves everybody else. Each agent writes a piece a second.",
  run,
  lines: (figures) => {
    const cpu = value(figures, errand.title, above, sizes[0])
    const block = worst(figures, errand.title, blocked, sizes[0])
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
        asked: `${sizes[0]} agents at work never keep the event loop for 10 ms, in any run`,
        found: `${block.toFixed(1)} ms at the most`,
        passed: block < 10
      }
    ]
  }
}
