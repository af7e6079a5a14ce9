/**
 * B10: calling off. How long until the server is asked to abort, wherever in a batch the task is, and whether its
 * neighbours take no harm: they go on, end, and are told of. And a task that is called off while its session is being
 * opened: nothing of it may be left at work.
 */
import { Effect, Scope } from "effect"
import * as Arena from "../Arena.ts"
import { value, worst } from "../Figure.ts"
import type { Bench, Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Entry } from "../server/Reports.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, endless, launch, nameOf, speak } from "./crowd.ts"
import { mark, told, until } from "./happened.ts"
import { hear, silence } from "./heard.ts"
import { apart, beginsAtOnce, believed, inTurn, isSlow } from "./slow.ts"

const count = 9

/** Which of the batch are called off. */
const victims = [{ name: "the first", nth: 0 }, { name: "one in the middle", nth: 4 }, { name: "the last", nth: 8 }]

const neighbours = Array.from({ length: count }, (_, nth) => nth).filter((nth) =>
  !victims.some((one) => one.nth === nth)
)

const time = (name: string) => `from calling off ${name} until the server is asked to abort it`
const harmed = `of ${neighbours.length} neighbours, took harm`
const left = "left at work of 1 that was called off while its session was opened"

const ofBatch = [
  ...victims.map(({ name }) => ({ what: time(name), unit: "ms" as const })),
  { what: harmed, unit: "count" as const }
]
const ofStart = [{ what: left, unit: "count" as const }]

/** A batch, of which three are called off. */
const batch = Effect.fnUntraced(function*(arena: Arena.Arena) {
  const { control, peer, worker } = arena
  const parent = yield* told(control.root())
  yield* speak(control, parent)
  const since = yield* mark(control)
  const asks = Array.from(
    { length: count },
    (_, nth) => ask(parent, nth, [{ do: "gate", name: "go on" }, { do: "say", text: "Done." }])
  )
  const launched = yield* launch(arena, asks)
  const found = yield* begun(control, { count, parents: [parent], since, patience: 15_000 })
  if (found.begun.size < count) {
    return yield* new NoPart({ why: `${found.begun.size} of ${count} had begun after 15 s` })
  }
  const values: Array<Value> = []
  for (const { name, nth } of victims) {
    const before = yield* mark(control)
    const { from } = yield* worker.cancel(parent, { task: launched[nth]?.task ?? "" })
    const at = yield* until(control, {
      since: before,
      kinds: ["abort"],
      from: Number.NaN,
      step: (at, entry: Entry) => Number.isNaN(at) ? entry.at : at,
      enough: (at) => !Number.isNaN(at),
      every: 10,
      patience: 5_000
    })
    if (!Number.isNaN(at)) values.push({ what: time(name), unit: "ms", value: at - from })
  }
  // Some believe no end before that.
  if (isSlow(peer)) yield* Effect.sleep(believed)
  yield* told(control.openGate("go on"))
  const { missing } = yield* until(control, {
    since,
    kinds: ["created", "told"],
    from: silence([parent], neighbours.map(nameOf)),
    step: hear,
    enough: ({ missing }) => missing.size === 0,
    patience: 40_000
  })
  return [...values, { what: harmed, unit: "count" as const, value: missing.size }]
})

/** One that is called off while the server is opening its session. */
const early = Effect.fnUntraced(function*(arena: Arena.Arena) {
  const { control, worker } = arena
  const parent = yield* told(control.root())
  yield* told(control.latency(300))
  yield* Effect.forkScoped(Effect.ignore(launch(arena, [ask(parent, count, endless)])))
  yield* Effect.sleep("150 millis")
  yield* worker.cancel(parent, { all: true })
  yield* Effect.sleep("2 seconds")
  yield* told(control.latency(0))
  yield* Effect.sleep("1 second")
  const working = yield* told(control.working)
  return { what: left, unit: "count" as const, value: working.filter((work) => work.parent === parent).length }
})

/**
 * All batches first, as times are taken of them; then, where the batches were and all at once, those that are called off at
 * their start: they are only counted, and mostly wait.
 */
const measured = Effect.fnUntraced(function*(bench: Bench, atOnce: number) {
  const scope = yield* Effect.scope
  const open = new Map<Peer, ReadonlyArray<Arena.Arena>>()
  const batches = yield* compare<"batch">(bench, {
    measure: "B10",
    cases: ["batch"],
    says: () => `three of ${count}`,
    expected: () => ofBatch,
    atOnce,
    sample: Effect.fnUntraced(function*(peer) {
      if (peer.cancel === undefined) return yield* new NoPart({ why: "cannot call off" })
      const arena = yield* Scope.provide(Arena.open(peer, { limits: { defaultConcurrency: 0 } }), scope)
      const values = yield* batch(arena)
      open.set(peer, [...(open.get(peer) ?? []), arena])
      return values
    })
  })
  const starts = yield* compare<"start">(bench, {
    measure: "B10",
    cases: ["start"],
    says: () => "one at its start",
    expected: () => ofStart,
    atOnce: bench.peers.length * bench.runs,
    sample: Effect.fnUntraced(function*(peer) {
      const [arena, ...others] = open.get(peer) ?? []
      if (arena === undefined) return yield* new NoPart({ why: "its batch gave nothing" })
      open.set(peer, others)
      return [yield* early(arena)]
    })
  })
  return [...batches, ...starts]
}, Effect.scoped)

export const B10: Measure = {
  id: "B10",
  title: "Calling off",
  about: "Who calls off an agent wants it to stop spending now, and nothing else to stop.",
  known: [inTurn("one at a time"), beginsAtOnce],
  run: (bench) => apart(bench, 6, measured),
  lines: (figures) => {
    const times = victims.map(({ name }) => ({ name, ms: value(figures, errand.title, time(name)) }))
    const most = (what: string) => worst(figures, errand.title, what)
    return [
      {
        measure: "B10",
        asked: "the server is asked within 20 ms",
        found: times.map(({ ms, name }) => `${name} ${ms.toFixed(1)} ms`).join(", "),
        passed: times.every(({ ms }) => ms < 20)
      },
      {
        measure: "B10",
        asked: "no neighbour takes harm, and nothing is left at work, in any run",
        found: `${most(harmed)} of ${neighbours.length} took harm, ${most(left)} left`,
        passed: most(harmed) === 0 && most(left) === 0
      }
    ]
  }
}
