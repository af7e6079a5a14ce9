/**
 * B9: the most sessions that the server saw at work at once, beside the limits that were set. Two and a half times as many
 * as may run are launched in one moment, of four models; some fail, some are called off on the way.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, worst } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Limits, Peer } from "../peers/Peer.ts"
import type { Crowd } from "../server/Reports.ts"
import type { Step } from "../server/Script.ts"
import { compare, NoPart } from "./compare.ts"
import { ask, launch } from "./crowd.ts"
import { told } from "./happened.ts"

/** What is counted, and how many of it there may be. */
interface Bound {
  readonly what: string
  readonly limit: number
  readonly seen: (peak: Crowd) => number
}

interface Case {
  readonly limits: Limits
  readonly bounds: ReadonlyArray<Bound>
}

const models = ["a/one", "a/two", "a/three", "b/one"]

const byModel = (limit: number, ...names: ReadonlyArray<string>): Bound => ({
  what: `most at once of ${names.join(" and ")}, limit ${limit}`,
  limit,
  seen: ({ byModel }) => names.reduce((sum, name) => sum + (byModel[name] ?? 0), 0)
})

/**
 * A model with a limit of its own, two models of the same provider that share the provider's, and one with the default. The
 * provider may have 2 and 3 at work at once: all of them let a model with its own limit stand beside its provider's.
 */
const three: Case = {
  limits: { modelConcurrency: { "a/one": 2 }, providerConcurrency: { a: 3 }, defaultConcurrency: 4 },
  bounds: [
    byModel(2, "a/one"),
    byModel(3, "a/two"),
    byModel(3, "a/three"),
    byModel(4, "b/one"),
    { what: "most at once of provider a, limit 5", limit: 5, seen: ({ byProvider }) => byProvider["a"] ?? 0 },
    { what: "most at once of all together, limit 9", limit: 9, seen: ({ total }) => total }
  ]
}

const total: Case = {
  limits: { maxConcurrency: 3, defaultConcurrency: 2 },
  bounds: [{ what: "most at once under a limit of 3 over everything", limit: 3, seen: ({ total }) => total }]
}

/** How many of each model. */
const each = 6

const endings: ReadonlyArray<ReadonlyArray<Step>> = [
  [{ do: "wait", ms: 300 }, { do: "say", text: "Done." }],
  [{ do: "stream", ms: 700, every: 100 }, { do: "say", text: "Done." }],
  [{ do: "wait", ms: 100 }, { do: "fail", message: "overloaded" }],
  [{ do: "say", text: "Done." }],
  [{ do: "hang" }]
]

/** For how long they may run (s): the quickest are through by then. */
const seconds = 11

const sample = Effect.fnUntraced(function*(peer: Peer, { bounds, limits }: Case) {
  if (limits.maxConcurrency !== undefined && peer.id !== errand.id) {
    return yield* new NoPart({ why: "has no limit over everything" })
  }
  const arena = yield* Arena.open(peer, { limits, models, untimed: true })
  const { control, worker } = arena
  const parents = yield* Effect.forEach([1, 2], () => told(control.root()))
  const asks = parents.flatMap((parent, family) =>
    models.flatMap((model, kind) =>
      Array.from(
        { length: each / parents.length },
        (_, nth) =>
          ask(parent, 100 * family + 10 * kind + nth, endings[(family + kind + nth) % endings.length] ?? [], model)
      )
    )
  )
  yield* Effect.forkScoped(Effect.ignore(launch(arena, asks)))
  yield* Effect.sleep(`${seconds / 2} seconds`)
  // Half of them are called off, whether they wait or run: those of the other half take their places.
  if (peer.cancel !== undefined) {
    yield* Effect.forkScoped(Effect.ignore(worker.cancel(parents[0] ?? "", { all: true })))
  }
  yield* Effect.sleep(`${seconds / 2} seconds`)
  const { peak } = yield* told(control.counted)
  return bounds.map(({ seen, what }) => ({ what, unit: "count" as const, value: seen(peak) }))
})

const all = [three, total]

const bounds = all.flatMap(({ bounds }) => bounds)

const found = (figures: ReadonlyArray<Figure>) =>
  bounds.map(({ limit, what }) => ({ limit, most: worst(figures, errand.title, what) }))

export const B9: Measure = {
  id: "B9",
  title: "Limits",
  about:
    "Twenty-four tasks of four models are launched in one moment; some fail, some hang, half are called off. The most that the server saw at work at once.",
  steady: "waiting",
  run: (bench) =>
    compare<Case>(bench, {
      measure: "B9",
      cases: all,
      says: ({ limits }) => limits.maxConcurrency === undefined ? "three kinds of limits" : "a limit over everything",
      expected: ({ bounds }) => bounds.map(({ what }) => ({ what, unit: "count", better: "neither" })),
      // Counts, and hardly any work.
      atOnce: 8,
      sample
    }),
  lines: (figures) => [{
    measure: "B9",
    asked: "never more at work at once than any limit, in any run",
    found: found(figures).map(({ limit, most }) => `${most} of ${limit}`).join(", "),
    // Nobody at work would be no proof.
    passed: found(figures).every(({ limit, most }) => most > 0 && most <= limit)
  }]
}
