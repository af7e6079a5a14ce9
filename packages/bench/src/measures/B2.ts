/**
 * B2: what is fetched of a session, by the length of its history: the bytes that the host sends for one task from its
 * start until its parent was told. The agent works for six seconds, as some competitors believe no end before five.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { compare, NoPart } from "./compare.ts"
import { ask, launch, nameOf } from "./crowd.ts"
import { mark, told, until } from "./happened.ts"
import { hear, silence } from "./heard.ts"

const lengths = [10, 100, 1_000] as const

/** Of one message. */
const bytes = 2_000

const what = "kB fetched for one task, by the messages in its session"

const sample = Effect.fnUntraced(function*(arena: Arena.Arena, messages: number) {
  const { control } = arena
  const parent = yield* told(control.root())
  const since = yield* mark(control)
  yield* told(control.phase("one task"))
  yield* launch(arena, [
    ask(parent, 0, [{ do: "history", messages, bytes }, { do: "wait", ms: 6_000 }, { do: "say", text: "Here it is." }])
  ])
  const { missing } = yield* until(control, {
    since,
    kinds: ["created", "told"],
    from: silence([parent], [nameOf(0)]),
    step: hear,
    enough: ({ missing }) => missing.size === 0,
    patience: 40_000
  })
  if (missing.size > 0) return yield* new NoPart({ why: "its parent was not told within 40 s" })
  const { total } = yield* told(control.counted)
  return [{ what, at: messages, unit: "kB" as const, value: total.bytesOut / 1_000 }]
})

export const B2: Measure = {
  id: "B2",
  title: "Long histories",
  run: (bench) =>
    compare<number>(bench, {
      measure: "B2",
      cases: lengths,
      says: (messages) => `${messages} messages`,
      expected: (at) => [{ what, at, unit: "kB" }],
      // Counts, and one task each.
      atOnce: 6,
      sample: (peer, messages) =>
        Effect.flatMap(Arena.open(peer, { limits: { defaultConcurrency: 0 } }), (arena) => sample(arena, messages))
    }),
  lines: (figures) => {
    const [short, , long] = lengths.map((at) => value(figures, errand.title, what, at))
    const growth = (long ?? Number.NaN) / (short ?? Number.NaN)
    return [{
      measure: "B2",
      asked: "flat: a history a hundred times as long is at most a tenth more",
      found: `${short?.toFixed(1)} kB at ${lengths[0]} messages, ${long?.toFixed(1)} kB at ${lengths[2]}: ${
        growth.toFixed(2)
      } times`,
      passed: growth <= 1.1
    }]
  }
}
