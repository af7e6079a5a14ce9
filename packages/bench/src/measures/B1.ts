/**
 * B1: what a crowd at work costs the host, by the number of agents: requests per minute in all, while nothing is launched
 * and nothing ends. Agents that stream tell by events that they are alive; agents that are silent tell nothing.
 *
 * The crowd grows in one process: so many run, they are counted for six seconds, then more are launched.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Step } from "../server/Script.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, told } from "./happened.ts"

type Case = "stream" | "are silent"

const sizes = [1, 5, 20, 50, 200] as const

/** Three ticks of Errand's poll, and two of the slowest. */
const seconds = 6

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
    const found = yield* begun(control, { count: asks.length, parents: [parent], since, patience: 20_000 })
    if (found.begun.size < asks.length) {
      return yield* new NoPart({ why: `${running + found.begun.size} of ${at} had begun after 20 s` })
    }
    running = at
    // What a launch costs is over.
    yield* Effect.sleep("1 second")
    yield* told(control.phase(`${at} at work`))
    yield* Effect.sleep(`${seconds} seconds`)
    const { total } = yield* told(control.counted)
    values.push({ what: what(one), at, unit: "requests/min", value: total.count * 60 / seconds })
  }
  return values
})

const line = (figures: ReadonlyArray<Figure>, one: Case, most: number) => {
  const found = sizes.map((at) => ({ at, requests: value(figures, errand.title, what(one), at) }))
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
  run: (bench) =>
    compare<Case>(bench, {
      measure: "B1",
      cases: ["stream", "are silent"],
      says: (one) => `1 to ${sizes.at(-1)} agents that ${one}`,
      expected: (one) => sizes.map((at) => ({ what: what(one), at, unit: "requests/min" })),
      // Counts, and hardly any work.
      atOnce: 8,
      sample: (peer, one) =>
        Effect.flatMap(Arena.open(peer, { limits: { defaultConcurrency: 0 } }), (arena) => sample(arena, one))
    }),
  lines: (figures) => [line(figures, "stream", 2), line(figures, "are silent", 31)]
}
