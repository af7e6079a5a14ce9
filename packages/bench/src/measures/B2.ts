/**
 * B2: what is fetched of a session, by the length of its history: the bytes that the host sends for one task from its
 * launch until its parent was told, and how much of that comes after its end. One length after the other in the same
 * process, after a task that is not counted: what is fetched once is not fetched for a task.
 *
 * The agent works for seven seconds and ends when it is told to: some competitors believe no end before five, and three
 * ticks of Errand's poll are over by then while the fourth is far, so that everybody's poll has been as often in every run.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { compare, NoPart } from "./compare.ts"
import { ask, begun, launch, nameOf } from "./crowd.ts"
import { mark, seldom, told, until } from "./happened.ts"
import { hear, silence } from "./heard.ts"

const lengths = [10, 100, 1_000] as const

/** Of one message. */
const bytes = 2_000

/** For how long the agent works (s). */
const seconds = 7

const inAll = "kB fetched for one task, by the messages in its session"
const after = "of that, kB fetched from its end until its parent was told"

/** One task, whose agent has a history of so many messages. */
const task = Effect.fnUntraced(function*(arena: Arena.Arena, messages: number) {
  const { control } = arena
  const parent = yield* told(control.root())
  const since = yield* mark(control)
  const phases = { atWork: `${messages}, at work`, over: `${messages}, over` }
  yield* told(control.phase(phases.atWork))
  yield* launch(arena, [
    ask(parent, messages, [
      { do: "history", messages, bytes },
      { do: "gate", name: phases.over },
      { do: "say", text: "Here it is." }
    ])
  ])
  const { begun: at } = yield* begun(control, { count: 1, parents: [parent], since, patience: 20_000, every: seldom })
  if (at.size === 0) return yield* new NoPart({ why: "it had not begun after 20 s" })
  yield* Effect.sleep(`${seconds} seconds`)
  yield* told(control.phase(phases.over))
  yield* told(control.openGate(phases.over))
  const { missing } = yield* until(control, {
    since,
    kinds: ["created", "told"],
    from: silence([parent], [nameOf(messages)]),
    step: hear,
    enough: ({ missing }) => missing.size === 0,
    every: seldom,
    patience: 40_000
  })
  if (missing.size > 0) return yield* new NoPart({ why: "its parent was not told within 40 s" })
  yield* told(control.phase("after"))
  const kB = (...names: ReadonlyArray<string>) =>
    Effect.map(
      told(control.counters),
      (all) => all.reduce((sum, { name, total }) => names.includes(name) ? sum + total.bytesOut : sum, 0) / 1_000
    )
  return [
    { what: inAll, at: messages, unit: "kB" as const, value: yield* kB(phases.atWork, phases.over) },
    { what: after, at: messages, unit: "kB" as const, value: yield* kB(phases.over) }
  ]
})

const line = (figures: ReadonlyArray<Figure>, what: string, whose: string) => {
  const [short, , long] = lengths.map((at) => value(figures, errand.title, what, at))
  const growth = (long ?? Number.NaN) / (short ?? Number.NaN)
  return {
    measure: "B2",
    asked: `${whose}, flat: a history a hundred times as long is at most a tenth more`,
    found: `${short?.toFixed(1)} kB at ${lengths[0]} messages, ${long?.toFixed(1)} kB at ${lengths[2]}: ${
      growth.toFixed(2)
    } times`,
    passed: growth <= 1.1
  }
}

export const B2: Measure = {
  id: "B2",
  title: "Long histories",
  about:
    "What is fetched of a session by the time its parent is told. Who reads whole histories gets slower with every message.",
  known: ["The first task of each process is left out: what is fetched once is not fetched for a task."],
  steady: "waiting",
  run: (bench) =>
    compare<ReadonlyArray<number>>(bench, {
      measure: "B2",
      cases: [lengths],
      says: (lengths) => `${lengths.join(", ")} messages`,
      expected: (lengths) => lengths.flatMap((at) => [inAll, after].map((what) => ({ what, at, unit: "kB" as const }))),
      // Counts, and one task each.
      atOnce: 12,
      sample: (peer, lengths) =>
        Effect.flatMap(Arena.open(peer, { limits: { defaultConcurrency: 0 }, untimed: true }), (arena) =>
          Effect.map(
            Effect.forEach([0, ...lengths], (messages) => task(arena, messages)),
            ([, ...values]) => values.flat()
          ))
    }),
  lines: (figures) => [line(figures, inAll, "in all"), line(figures, after, "after its end")]
}
