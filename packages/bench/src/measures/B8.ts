/**
 * B8: a long queue. So many wait for five places; the line drains, or everybody is called off. The limiter alone and whole
 * tasks (on a host that answers at once, with the journal in memory: what a file costs is B14's), beside p-queue, which is a
 * plain queue of promises: no limits by kind, no turns between parents, no lending, no state to look at.
 */
import { Effect } from "effect"
import { type Figure, value } from "../Figure.ts"
import { type Bench, interleaved, type Measure } from "../Measure.ts"
import { sample } from "../queue/spawn.ts"

const kinds = [
  { kind: "p-queue", peer: "p-queue", sizes: [1_000, 10_000, 100_000] },
  { kind: "limiter", peer: "Errand, the limiter alone", sizes: [1_000, 10_000, 100_000] },
  // A hundred thousand whole tasks take a minute each time: once more than the line asks for would be too long.
  { kind: "tasks", peer: "Errand, whole tasks", sizes: [1_000, 10_000] }
] as const

const cases = kinds.flatMap(({ kind, peer, sizes }) =>
  sizes.flatMap((size) => (["drain", "cancel"] as const).map((how) => ({ kind, peer, size, how })))
)

const run = Effect.fnUntraced(function*({ progress, runs }: Bench) {
  const times = new Map<string, Array<number>>()
  const bytes = new Map<string, Array<number>>()
  const all = interleaved(cases, runs)
  for (const [nth, { how, kind, peer, size }] of all.entries()) {
    yield* progress(nth, all.length, `${peer}, ${size} ${how}`)
    const { bytesEach, done, enqueue } = yield* sample(kind, size, how)
    const name = `${peer} ${size} ${how}`
    times.set(name, [...(times.get(name) ?? []), enqueue + done])
    if (how === "drain") bytes.set(name, [...(bytes.get(name) ?? []), bytesEach])
  }
  const time: ReadonlyArray<Figure> = cases.map(({ how, peer, size }) => ({
    measure: "B8",
    peer,
    at: size,
    what: how === "drain" ? "queued and drained" : "queued and called off",
    unit: "ms",
    better: "neither",
    values: times.get(`${peer} ${size} ${how}`) ?? []
  }))
  const memory: ReadonlyArray<Figure> = cases.filter(({ how }) => how === "drain").map(({ how, peer, size }) => ({
    measure: "B8",
    peer,
    at: size,
    what: "memory of one that waits",
    unit: "bytes",
    better: "neither",
    values: bytes.get(`${peer} ${size} ${how}`) ?? []
  }))
  return [...time, ...memory]
})

const ratio = (figures: ReadonlyArray<Figure>, peer: string, at: number): number =>
  value(figures, peer, "queued and drained", at) / value(figures, "p-queue", "queued and drained", at)

export const B8: Measure = {
  id: "B8",
  title: "A long queue",
  about:
    "Queues of a length that nobody should need: whether they stay in proportion. p-queue is a plain queue of promises, without limits by kind, turns between parents, or anything to look at. Whole tasks are kept in memory here; what it costs to keep them in a file is B14.",
  hindrance: "A whole task is launched, kept, watched and told of, where p-queue calls a function.",
  run,
  lines: (figures) => {
    const limiter = "Errand, the limiter alone"
    const tasks = "Errand, whole tasks"
    const alone = ratio(figures, limiter, 10_000)
    const whole = ratio(figures, tasks, 10_000)
    // Ten times as many in ten times the time; a quarter more is what a cold start and the collector may take.
    const growth = value(figures, limiter, "queued and drained", 100_000) /
      value(figures, limiter, "queued and drained", 10_000)
    return [
      {
        measure: "B8",
        asked: "the limiter alone takes at most 5 times p-queue's time at 10,000",
        found: `${alone.toFixed(1)} times`,
        passed: alone <= 5
      },
      {
        measure: "B8",
        asked: "whole tasks take at most 20 times p-queue's time at 10,000",
        found: `${whole.toFixed(1)} times`,
        passed: whole <= 20
      },
      {
        measure: "B8",
        asked: "the time is linear: ten times as many take at most 12.5 times as long",
        found: `${growth.toFixed(1)} times from 10,000 to 100,000`,
        passed: growth <= 12.5
      }
    ]
  }
}
