/**
 * B14: what it costs that nothing is lost. What one append to the journal takes: in memory, in a file, and in a file of
 * which the disk confirms every event. And what a launch takes in a plugin that keeps its journal in memory, and in one
 * that keeps it in a file, as it does unless somebody changes that: from the call of the tool to its answer, and to the
 * moment at which the server sees the session at work.
 *
 * Appends that follow each other find everything at hand, from the statements to the processor's caches. A plugin appends
 * now and then, which takes several times as long: it is measured beside, and a launch, with its three appends, shows it.
 *
 * Launches are made one after the other. Every second agent ends soon, so that ends and notices are kept meanwhile.
 */
import { Effect } from "effect"
import { statfs } from "node:fs/promises"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as Arena from "../Arena.ts"
import { type Figure, type Line, quantile, value } from "../Figure.ts"
import type { Kind } from "../journal/Sample.ts"
import { append } from "../journal/spawn.ts"
import { BenchError, type Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Step } from "../server/Script.ts"
import * as Sandbox from "../worker/Sandbox.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, endless, launch, speak } from "./crowd.ts"
import { mark, told } from "./happened.ts"

/** Errand, with its journal kept there. */
const kept = (id: string, title: string, journal: "sqlite" | "memory"): Peer => ({
  ...errand,
  id,
  title,
  files: ({ limits }) => ({ "config/errand.json": { ...limits, journal } })
})

export const memory = kept("memory", "In memory", "memory")
export const file = kept("file", "In a file", "sqlite")
/** For programs that build on the core. */
const fsync = kept("fsync", "In a file, with fsync", "sqlite")

const kindOf = (peer: Peer): Kind => peer === memory ? "memory" : peer === file ? "file" : "fsync"

type Case = "append" | "launch"

const alone = "one append, after a pause, p50"
const p50 = "one append, right after the one before, p50"
const p99 = "one append, right after the one before, p99"
const answered = "a launch, from the call to its answer, p50"
const atWork = "a launch, from the call until the agent is at work, p50"

const time = (what: string) => ({ what, unit: "ms" as const, better: "neither" as const })

const expected = (one: Case) => (one === "append" ? [alone, p50, p99] : [answered, atWork]).map(time)

/** In each run. */
const launches = 60

const ends: ReadonlyArray<Step> = [{ do: "wait", ms: 50 }, { do: "say", text: "Here it is.", bytes: 500 }]

const launching = Effect.fnUntraced(function*(peer: Peer) {
  if (peer === fsync) return yield* new NoPart({ why: "no setting of the plugin's" })
  const arena = yield* Arena.open(peer, { limits: { defaultConcurrency: 0 } })
  const { control } = arena
  const parent = yield* told(control.root())
  yield* speak(control, parent)
  const times = yield* Effect.forEach(
    Array.from({ length: launches }, (_, nth) => nth),
    (nth) =>
      Effect.gen(function*() {
        const since = yield* mark(control)
        const [called] = yield* launch(arena, [ask(parent, nth, nth % 2 === 0 ? endless : ends)])
        if (called === undefined) return yield* new BenchError({ what: "a launch without an answer" })
        const seen = yield* begun(control, { count: 1, parents: [parent], since, every: 10 })
        if (seen.begun.size === 0) return yield* new NoPart({ why: `launch ${nth + 1} had not begun after 30 s` })
        return { answered: called.to - called.from, atWork: seen.last - called.from }
      })
  )
  const values: ReadonlyArray<Value> = [
    { ...time(answered), value: quantile(times.map(({ answered }) => answered), 0.5) },
    { ...time(atWork), value: quantile(times.map(({ atWork }) => atWork), 0.5) }
  ]
  return values
})

/** In a process of its own, without the plugin. */
const appending = Effect.fnUntraced(function*(peer: Peer) {
  const { directory } = yield* Sandbox.make(peer, { limits: {}, models: [] })
  const found = yield* append(kindOf(peer), Path.join(directory, "journal.sqlite"))
  const values: ReadonlyArray<Value> = [
    { ...time(alone), value: quantile(found.alone, 0.5) },
    { ...time(p50), value: quantile(found.inARow, 0.5) },
    { ...time(p99), value: quantile(found.inARow, 0.99) }
  ]
  return values
})

/** As Linux numbers it. */
const tmpfs = 0x01021994

/** Where the temp folder is no disk, nothing has to be waited for. */
const explained = Effect.fnUntraced(function*(figures: ReadonlyArray<Figure>) {
  const { type } = yield* Effect.tryPromise({
    try: () => statfs(tmpdir()),
    catch: (cause) => new BenchError({ what: "the temp folder", cause })
  })
  if (type !== tmpfs) return figures
  return figures.map((figure): Figure =>
    figure.peer === fsync.title && figure.values.length > 0
      ? { ...figure, note: "the temp folder is in memory: no disk confirms anything" }
      : figure
  )
})

/** Ms that a launch may take longer than without a file. */
const most = 5

const line = (figures: ReadonlyArray<Figure>): Line => {
  const of = (what: string) => {
    const [own, without] = [value(figures, file.title, what), value(figures, memory.title, what)]
    return { own, without, more: own - without }
  }
  const all = [{ words: "its answer", ...of(answered) }, { words: "at work", ...of(atWork) }]
  return {
    measure: "B14",
    asked: `launch latency grows by at most ${most} ms at p50`,
    found: all.map(({ more, own, without, words }) =>
      `${words} ${own.toFixed(1)} ms, in memory ${without.toFixed(1)} ms: ${more.toFixed(1)} ms`
    ).join("; "),
    passed: all.every(({ more }) => more <= most)
  }
}

export const B14: Measure = {
  id: "B14",
  title: "The journal: what it costs that nothing is lost",
  about:
    "Everything that happens to a task is written down before anything else comes of it, so that nothing is lost when OpenCode stops. What one event costs, and how much later an agent is at work for it. The plugin writes to a file, without fsync: what was written outlives the process, and a power failure may take the last moments.",
  run: (bench) =>
    Effect.flatMap(
      compare<Case>({ ...bench, peers: [memory, file, fsync] }, {
        measure: "B14",
        cases: ["append", "launch"],
        says: (one) => one === "append" ? "the lives of a thousand tasks" : `${launches} launches, one after the other`,
        expected,
        sample: (peer, one) => one === "append" ? appending(peer) : launching(peer)
      }),
      explained
    ),
  lines: (figures) => [line(figures)]
}
