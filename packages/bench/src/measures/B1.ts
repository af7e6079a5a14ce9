/**
 * B1: what a crowd at work costs the host, by the number of agents: requests per minute in all, while nothing is launched
 * and nothing ends. Agents that stream tell by events that they are alive; agents that are silent tell nothing.
 *
 * The crowd grows in one process: so many run, their requests are counted for ten seconds, then more are launched.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, valuesOf } from "../Figure.ts"
import { BenchError, type Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Step } from "../server/Script.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, seldom, told } from "./happened.ts"

type Case = "stream" | "are silent"

const sizes = [1, 5, 20, 50, 200] as const

/**
 * A little less than five ticks of Errand's poll, so that there can never be a sixth at the edge; and three of the slowest.
 * Three runs make half a minute, in which one request too many is seen where two a minute are allowed.
 */
const seconds = 9.9

const minutes = 10 * 60_000

const steps: Readonly<Record<Case, ReadonlyArray<Step>>> = {
  stream: [{ do: "stream", ms: minutes, every: 700 }],
  "are silent": [{ do: "wait", ms: minutes }]
}

const what = (one: Case) => `requests per minute, agents that ${one}`

const sample = Effect.fnUntraced(function*(arena: Arena.Arena, one: Case) {
  const { control } = arena
  const parent = yield* told(control.root())
  const values: Array<Value> = []
  let running = 0
  for (const at of sizes) {
    const since = yield* mark(control)
    const asks = Array.from({ length: at - running }, (_, nth) => ask(parent, running + nth, steps[one]))
    yield* launch(arena, asks)
    const found = yield* begun(control, {
      count: asks.length,
      parents: [parent],
      since,
      patience: 20_000,
      every: seldom
    })
    if (found.begun.size < asks.length) {
      return yield* new NoPart({ why: `${running + found.begun.size} of ${at} had begun after 20 s` })
    }
    running = at
    // What a launch costs is over.
    yield* Effect.sleep("1 second")
    const name = `${at} at work`
    yield* told(control.phase(name, seconds * 1_000))
    yield* Effect.sleep(`${seconds} seconds`)
    const phase = (yield* told(control.counters)).find((phase) => phase.name === name)
    if (phase?.to === undefined) return yield* new BenchError({ what: `nothing was counted of ${name}` })
    values.push({
      what: what(one),
      at,
      unit: "requests/min",
      value: phase.total.count * 60_000 / (phase.to - phase.from)
    })
  }
  return values
})

/** The rate over all runs together: a median would not see what happens in one of them. `NaN` of none. */
const rate = (figures: ReadonlyArray<Figure>, one: Case, at: number): number => {
  const values = valuesOf(figures, errand.title, what(one), at)
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const line = (figures: ReadonlyArray<Figure>, one: Case, most: number) => {
  const found = sizes.map((at) => ({ at, requests: rate(figures, one, at) }))
  return {
    measure: "B1",
    asked: `agents that ${one}: at most ${most} requests per minute in all, however many`,
    found: found.map(({ at, requests }) => `${at}: ${requests.toFixed(0)}`).join(", "),
    passed: found.every(({ requests }) => requests <= most)
  }
}

export const B1: Measure = {
  id: "B1",
  title: "Requests while agents work",
  about:
    "Every agent at work costs the host something, only because somebody watches it. Agents that stream tell by themselves that they are alive; agents that think tell nothing. While nothing is launched and nothing ends.",
  steady: "waiting",
  run: (bench) =>
    compare<Case>(bench, {
      measure: "B1",
      cases: ["stream", "are silent"],
      says: (one) => `1 to ${sizes.at(-1)} agents that ${one}`,
      expected: (one) => sizes.map((at) => ({ what: what(one), at, unit: "requests/min" })),
      // Counts, and hardly any work.
      atOnce: 24,
      sample: (peer, one) =>
        Effect.flatMap(Arena.open(peer, { limits: { defaultConcurrency: 0 }, untimed: true }), (arena) =>
          sample(arena, one))
    }),
  lines: (figures) => [line(figures, "stream", 2), line(figures, "are silent", 31)]
}
