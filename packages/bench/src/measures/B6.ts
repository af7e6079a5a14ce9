/**
 * B6: what a task costs in memory while it waits, while it runs, and after it. Bytes of the heap after a full collection,
 * in the plugin's process; what one costs is the difference between a small crowd and a large one, so that what is there
 * anyway does not count. Prompts are short and of the same length.
 *
 * Of those that have finished it is the growth that matters: whoever keeps something of each task for ever is full one
 * day. What is kept for a while comes and goes, so it is the most so far that is compared.
 */
import { Effect, Fiber } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Step } from "../server/Script.ts"
import { compare, type Comparison, NoPart, type Value } from "./compare.ts"
import { ask, begun, endless, launch, speak } from "./crowd.ts"
import { mark, seldom, told, until } from "./happened.ts"
import { hear, silence } from "./heard.ts"
import { believed, isSlow } from "./slow.ts"

type Case = "waiting" | "running" | "finished"

const waiting = "memory of one that waits"
const running = "memory of one that runs"
const grown = "the most that the heap has grown since the start, while so many have finished"

/** After how many finished ones the heap is looked at, and it is told how far it had grown until then. */
const sizes: ReadonlyArray<number> = [500, 1_000, 2_000, 5_000, 10_000]
/** How many have finished after each launch: the next ones are launched at once. */
const quickly = [500, ...Array.from({ length: 10 }, (_, nth) => (nth + 1) * 1_000)]
/** One of them asks with a request that stays open while the agent works, and Bun allows 256 of these. */
const slowly = [250, 500]
const pace = (peer: Peer): ReadonlyArray<number> => isSlow(peer) ? slowly : quickly

const expected = (one: Case): ReadonlyArray<Omit<Value, "value">> =>
  one === "finished"
    ? sizes.map((at) => ({ what: grown, at, unit: "kB" as const }))
    : [{ what: one === "waiting" ? waiting : running, unit: "bytes" }]

/** Who tidies up does that a moment later: Errand at most once a second. What is looked at is what is left. */
const tidying = "1200 millis"

/** Bytes. What happens because of what was done last goes on for a while: until two looks find the same. */
const heap = Effect.fnUntraced(function*({ worker }: Arena.Arena) {
  yield* Effect.sleep(tidying)
  const look = Effect.map(Effect.andThen(Effect.sleep("300 millis"), worker.memory), ({ heap }) => heap)
  let before = yield* look
  for (let looks = 1; looks < 20; looks++) {
    const now = yield* look
    if (Math.abs(now - before) <= same) return now
    before = now
  }
  return before
})

/** How far two looks that find the same may be apart (bytes). */
const same = 50_000

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from }, (_, nth) => from + nth)

/** How long a launch may take to come back. Some come back only when the task has begun: those who wait never do. */
const patience = "3 seconds"

/** What one of a crowd costs that has so many places (0: any number) and never ends. */
const crowd = Effect.fnUntraced(function*(peer: Peer, places: number, few: number, all: number) {
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: places }, untimed: true })
  const { control } = arena
  const parent = yield* told(control.root())
  yield* speak(control, parent)
  const since = yield* mark(control)
  const grow = Effect.fnUntraced(function*(from: number, to: number) {
    const running = places === 0 ? to : places
    const asks = range(from, to).map((nth) => ask(parent, nth, endless))
    const launching = yield* Effect.forkScoped(launch(arena, asks))
    yield* Effect.timeoutOption(Fiber.join(launching), patience)
    const found = yield* begun(control, { count: running, parents: [parent], since, every: seldom })
    if (found.begun.size !== running) {
      return yield* new NoPart({ why: `${found.begun.size} ran where ${running} were to run` })
    }
    return yield* heap(arena)
  })
  const small = yield* grow(0, few)
  const large = yield* grow(few, all)
  return (large - small) / (all - few)
})

/** Launches some that end soon, and waits until their parent was told of all of them. */
const finish = Effect.fnUntraced(function*(arena: Arena.Arena, tasks: ReadonlyArray<number>) {
  const { control, peer } = arena
  const works: ReadonlyArray<Step> = isSlow(peer) ? [{ do: "wait", ms: believed }] : []
  const parent = yield* told(control.root())
  yield* speak(control, parent)
  const since = yield* mark(control)
  const asks = tasks.map((nth) => ask(parent, nth, [...works, { do: "say", text: "done" }]))
  yield* launch(arena, asks)
  const { missing } = yield* until(control, {
    since,
    kinds: ["created", "told"],
    from: silence([parent], asks.map(({ description }) => description)),
    step: hear,
    enough: ({ missing }) => missing.size === 0,
    every: seldom,
    patience: 60_000
  })
  if (missing.size > 0) {
    return yield* new NoPart({ why: `of ${tasks.length} that finished, nobody was told of ${missing.size}` })
  }
})

const growth = Effect.fnUntraced(function*(peer: Peer) {
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 }, untimed: true })
  const start = yield* heap(arena)
  const values: Array<Value> = []
  let most = 0
  let before = 0
  for (const done of pace(peer)) {
    yield* finish(arena, range(before, done))
    before = done
    if (!sizes.includes(done)) continue
    most = Math.max(most, (yield* heap(arena)) - start)
    values.push({ what: grown, at: done, unit: "kB", value: most / 1_000 })
  }
  return values
})

const sample = (peer: Peer, one: Case): ReturnType<Comparison<Case>["sample"]> => {
  switch (one) {
    case "waiting":
      return Effect.map(crowd(peer, 5, 250, 2_000), (value) => [{ what: waiting, unit: "bytes", value }])
    case "running": {
      const { few, all } = isSlow(peer) ? { few: 50, all: 250 } : { few: 100, all: 600 }
      return Effect.map(crowd(peer, 0, few, all), (value) => [{ what: running, unit: "bytes", value }])
    }
    case "finished":
      return growth(peer)
  }
}

/** Says why some were not measured at all sizes. */
const explained = (peers: ReadonlyArray<Peer>) => (figure: Figure): Figure => {
  const peer = peers.find(({ title }) => title === figure.peer)
  const measured = peer === undefined || figure.at === undefined || pace(peer).includes(figure.at)
  return measured ? figure : { ...figure, note: "not measured: each of its agents has to work for 6 s" }
}

const most = (figures: ReadonlyArray<Figure>, what: string, bytes: number, asked: string): Line => {
  const own = value(figures, errand.title, what)
  return { measure: "B6", asked, found: `${own.toFixed(0)} bytes`, passed: own <= bytes }
}

const bounded = (figures: ReadonlyArray<Figure>): Line => {
  const [half, whole] = [value(figures, errand.title, grown, 5_000), value(figures, errand.title, grown, 10_000)]
  return {
    measure: "B6",
    asked: "bounded after: 10,000 that have finished leave at most a tenth more behind than 5,000",
    found: `${half.toFixed(0)} kB and ${whole.toFixed(0)} kB`,
    passed: whole <= 1.1 * half
  }
}

export const B6: Measure = {
  id: "B6",
  title: "Memory",
  about: "What a task costs in memory while it waits, while it runs, and after it; and whether that ends somewhere.",
  known: [
    "Only the heap of JavaScript is counted. Errand keeps tasks that have finished in SQLite, whose memory is not part of it."
  ],
  run: (bench) =>
    Effect.map(
      compare<Case>(bench, {
        measure: "B6",
        // The longest first: the others find room beside it.
        cases: ["finished", "waiting", "running"],
        says: (one) => one,
        expected,
        sample,
        // Bytes do not depend on who else is at work.
        atOnce: 6
      }),
      (figures) => figures.map(explained(bench.peers))
    ),
  lines: (figures) => [
    most(figures, waiting, 8_000, "one that waits takes at most 8 kB"),
    most(figures, running, 16_000, "one that runs takes at most 16 kB"),
    bounded(figures)
  ]
}
