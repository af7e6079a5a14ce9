/**
 * B3: how long after its agent has come to an end a task's parent is told. By the server's log: from the end of the agent's
 * turn to the parent's being told of it.
 *
 * Every task has a parent of its own, so that each is told of by itself, and one is launched every 30 ms, of all kinds in
 * turn. `normal`, `lost event` and `empty answer` work for six seconds, as some competitors believe no end before five.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, quantile, value, worst } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { floor } from "../peers/floor.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Entry } from "../server/Reports.ts"
import { script, type Step } from "../server/Script.ts"
import { compare, partly, type Value } from "./compare.ts"
import { ask, launch, speak } from "./crowd.ts"
import { mark, told, until } from "./happened.ts"
import { apart, beginsAtOnce, inTurn, isSlow } from "./slow.ts"

interface Kind {
  readonly name: string
  readonly steps: ReadonlyArray<Step>
  /** Its end is told by no event. */
  readonly silent?: boolean
}

const say: Step = { do: "say", text: "Here it is." }
const works = (ms: number): Step => ({ do: "wait", ms })

const kinds: ReadonlyArray<Kind> = [
  { name: "normal", steps: [works(6_000), say] },
  { name: "early, after 1 s", steps: [works(1_000), say] },
  { name: "very early, after 50 ms", steps: [works(50), say] },
  { name: "lost event", steps: [works(6_000), say], silent: true },
  { name: "failed", steps: [works(1_000), { do: "fail", message: "the provider is overloaded" }] },
  { name: "empty answer", steps: [works(6_000), { do: "say", text: "" }] }
]

/** Of each kind, in each run. */
const each = 25

/** Between two launches (ms). */
const every = 30

const p50 = ({ name }: Kind) => `${name}, p50`
const p99 = ({ name }: Kind) => `${name}, p99`

const expected = kinds.flatMap((kind) => [p50(kind), p99(kind)].map((what) => ({ what, unit: "ms" as const })))

/** When the agent of each parent's task came to its end, and how long after that the parent was told (ms). */
interface Seen {
  readonly parents: ReadonlyMap<string, string>
  readonly ended: ReadonlyMap<string, number>
  readonly after: ReadonlyMap<string, number>
}

const see = (seen: Seen, { at, kind, parent, person, session }: Entry): Seen => {
  if (kind === "created" && parent !== undefined) {
    return { ...seen, parents: new Map([...seen.parents, [session, parent]]) }
  }
  const above = seen.parents.get(session)
  if (kind === "idle" && above !== undefined && !seen.ended.has(above)) {
    return { ...seen, ended: new Map([...seen.ended, [above, at]]) }
  }
  const ended = seen.ended.get(session)
  if (kind !== "told" || person === true || ended === undefined || seen.after.has(session)) return seen
  return { ...seen, after: new Map([...seen.after, [session, at - ended]]) }
}

const sample = Effect.fnUntraced(function*(peer: Peer) {
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 } })
  const { control } = arena
  const roots = yield* Effect.forEach(
    Array.from({ length: each * kinds.length }),
    () => told(control.root()),
    { concurrency: 16 }
  )
  yield* speak(control, ...roots)
  const since = yield* mark(control)
  yield* Effect.forEach(roots, (root, nth) => {
    const { silent, steps } = kinds[nth % kinds.length] ?? { steps: [] }
    const one = ask(root, nth, steps)
    const prompt = silent === true ? `Look for it. ${script(steps, { silent })}` : one.prompt
    return Effect.andThen(Effect.forkScoped(Effect.ignore(launch(arena, [{ ...one, prompt }]))), Effect.sleep(every))
  }, { discard: true })
  const seen = yield* until(control, {
    since,
    kinds: ["created", "idle", "told"],
    from: { parents: new Map(), ended: new Map(), after: new Map() },
    step: see,
    enough: ({ after }: Seen) => after.size === roots.length,
    // Launching, working, and then as long as anybody takes who gets there at all: of those who are not slow nobody takes
    // longer than Errand's poll for an end without an event.
    patience: each * kinds.length * every + 6_000 + (isSlow(peer) ? 15_000 : 4_000)
  })
  return kinds.flatMap((kind, nth): ReadonlyArray<Value> => {
    const times = roots.flatMap((root, n) => n % kinds.length === nth ? seen.after.get(root) ?? [] : [])
    // Who does not tell of some has no time for them that could be compared.
    if (times.length < each) return []
    return [
      { what: p50(kind), unit: "ms", value: quantile(times, 0.5) },
      { what: p99(kind), unit: "ms", value: quantile(times, 0.99) }
    ]
  })
})

/** Says of times that are not there why. */
const explained = (figure: Figure): Figure => {
  const { missing, note, values } = figure
  const why = "some were never told of"
  if (values.length === 0 && note === undefined) return { ...figure, note: why }
  return missing === undefined ? figure : { ...figure, ...partly(values.length, values.length + missing, why) }
}

/** One poll period of Errand's (ms), and what finding and telling takes besides. */
const poll = 2_000 + 100

const withEvent = kinds.filter(({ silent }) => silent !== true)

const near = (figures: ReadonlyArray<Figure>, words: string, what: (kind: Kind) => string) => {
  const found = withEvent.map((kind) => ({
    kind,
    own: value(figures, errand.title, what(kind)),
    least: value(figures, floor.title, what(kind))
  }))
  return {
    measure: "B3",
    asked: `with an event, ${words}: within 10 ms of the floor`,
    found: found.map(({ kind, least, own }) => `${kind.name} ${own.toFixed(1)} ms (floor ${least.toFixed(1)})`).join(
      ", "
    ),
    passed: found.every(({ least, own }) => own - least <= 10)
  }
}

export const B3: Measure = {
  id: "B3",
  title: "From an agent's end until its parent is told",
  about: "Whoever waits for a result waits for this as well, every time. "
    + "Hearing of an end that comes early, late, in silence or as an error is what such systems get wrong most.",
  known: [inTurn("two at a time"), beginsAtOnce],
  hindrance: "The p99 is the slowest of 25: in each run one that comes late decides about it.",
  run: (bench) =>
    Effect.map(
      apart(bench, 6, (bench, atOnce) =>
        compare<"all">(bench, {
          measure: "B3",
          cases: ["all"],
          says: () => `${each} of each kind`,
          expected: () => expected,
          atOnce,
          sample
          // Beside each other: who waits mostly waits, and what the machine does besides meets both. Each one alone would
          // have ends that are some milliseconds sooner, and take the bench 40 s more than it has.
        }), 2),
      (figures) => figures.map(explained)
    ),
  lines: (figures) => {
    const lost = kinds.filter(({ silent }) => silent === true).map((kind) => worst(figures, errand.title, p99(kind)))
    return [
      near(figures, "p50", p50),
      near(figures, "p99", p99),
      {
        measure: "B3",
        asked: "without an event: one poll period, 2 s, in any run",
        found: lost.map((ms) => `${(ms / 1_000).toFixed(2)} s at the most`).join(", "),
        passed: lost.every((ms) => ms <= poll)
      }
    ]
  }
}
