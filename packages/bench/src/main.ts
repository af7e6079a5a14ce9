/**
 * `pnpm bench`: measures what is asked for (everything, where nothing is), prints the tables, and says which lines Errand
 * passes. Ends with 1 where it misses one.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { clock } from "@errand/view/format"
import * as ProgressLine from "@errand/view/progress-line"
import { Clock, Console, DateTime, Effect, Option, Ref, Schema, Semaphore } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type Bench, BenchError, type Measure } from "./Measure.ts"
import { measures } from "./measures/index.ts"
import * as Ready from "./peers/ready.ts"
import * as Progress from "./progress.ts"
import * as files from "./report/files.ts"
import { machine, versions } from "./report/machine.ts"
import * as readme from "./report/readme.ts"
import * as Results from "./report/Results.ts"
import * as table from "./report/table.ts"
import * as Schedule from "./schedule.ts"

const which = Argument.String("measure").pipe(
  Argument.withDescription(`Which: ${measures.map(({ id, title }) => `${id} (${title})`).join(", ")}`),
  Argument.variadic()
)

const runs = Flag.Int("runs").pipe(
  Flag.withDescription("How often each is measured"),
  Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  Flag.withDefault(3)
)

const whom = Flag.String("peers").pipe(
  Flag.withDescription(`Who is measured beside Errand: all, none, or some of ${Ready.ids.join(", ")}`),
  Flag.withDefault("all")
)

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the figures as one document of JSON"),
  Flag.withDefault(false)
)

const report = Flag.Boolean("report").pipe(
  Flag.withDescription("Write docs/benchmarks.md, its pictures and the README's table; what was not measured stays"),
  Flag.withDefault(false)
)

const from = Flag.String("from").pipe(
  Flag.withDescription("Measure nothing: take the figures of this file"),
  Flag.optional
)

const check = Flag.Boolean("check").pipe(
  Flag.withDescription("Measure nothing: say whether the page and the README are what the results make"),
  Flag.withDefault(false)
)

interface Wanted {
  readonly which: ReadonlyArray<string>
  readonly runs: number
  readonly whom: string
  readonly json: boolean
  readonly report: boolean
  readonly from: Option.Option<string>
  readonly check: boolean
}

const telling = ProgressLine.make(process.stderr, process.env)

/** What there was before stays, where it was not measured now. */
const keep = Effect.fnUntraced(function*(now: Results.Results) {
  const all = Results.merge(yield* files.load(), now)
  for (const what of readme.unfound(all)) yield* Console.error(`There is no figure for the README's row ${what}`)
  yield* files.write(all)
})

/** What was measured; and the ids of what could not be, of which was said why. */
interface Found {
  readonly measures: ReadonlyArray<Results.Measured>
  readonly failed: ReadonlyArray<string>
}

/** Measures, and says on the way how far it is. A report is kept after each: one that fails costs only itself. */
const measured = Effect.fnUntraced(function*({ report, runs, which, whom }: Wanted) {
  const unknown = which.find((id) => !measures.some((measure) => measure.id === id.toUpperCase()))
  if (unknown !== undefined) {
    return yield* new BenchError({
      what: `There is no measure ${unknown}. There are ${measures.map(({ id }) => id).join(", ")}`
    })
  }
  const chosen = measures.filter(({ id }) => which.length === 0 || which.some((one) => one.toUpperCase() === id))
  const { absent, peers } = yield* Ready.ready(whom, telling.say)
  for (const { why } of absent) yield* telling.say(why)
  // Of a long message the first line: the rest is npm's.
  const missing = absent.length === 0 ? {} : { absent: absent.map(({ why }) => why.split("\n")[0] ?? why) }
  const about = {
    runs,
    machine: yield* machine,
    versions: yield* versions(peers)
  }
  const keeping = yield* Semaphore.make(1)
  const groups = Schedule.groups(chosen)
  const order = groups.flat()
  const state = yield* Ref.make<Progress.State>({
    of: chosen.length,
    runs,
    known: Progress.known(yield* Effect.orElseSucceed(files.load(), () => ({ measures: [] }))),
    atWork: [],
    groups: groups.map((group) => group.map(({ id }) => id))
  })
  /** What is known of the measures at work; one that is over is left out. */
  const note = (id: string, now: Option.Option<Progress.AtWork>) =>
    Ref.update(state, (all) => ({
      ...all,
      atWork: [...all.atWork.filter((one) => one.id !== id), ...Option.toArray(now)].toSorted((a, b) => a.nth - b.nth),
      groups: all.groups.map((group) => group.filter((one) => one !== id)).filter((group) => group.length > 0)
    }))
  const measure = (one: Measure, quiet: Effect.Effect<void>) =>
    Effect.gen(function*() {
      const { about: felt, id, lines, run, title } = one
      const nth = order.indexOf(one)
      const began = yield* Clock.currentTimeMillis
      const date = `${DateTime.formatIso(DateTime.makeUnsafe(began)).slice(0, 16).replace("T", " ")} UTC`
      const progress: Bench["progress"] = (done, of, what) =>
        Effect.flatMap(Clock.currentTimeMillis, (last) =>
          note(id, Option.some({ id, nth: nth + 1, done, of, began, last, what })))
      yield* progress(0, 1, title)
      const figures = yield* Effect.scoped(run({ runs, peers, progress, quiet })).pipe(
        Effect.ensuring(note(id, Option.none()))
      )
      const seconds = Math.round(((yield* Clock.currentTimeMillis) - began) / 1_000)
      yield* telling.say(`${id} took ${clock(seconds * 1_000)}`)
      yield* Ref.update(state, (all) => ({ ...all, known: new Map(all.known).set(id, seconds * 1_000 / runs) }))
      const found: Results.Measured = {
        id,
        title,
        about: felt,
        date,
        ...about,
        seconds,
        figures,
        lines: lines(figures),
        ...missing
      }
      if (report) {
        yield* keeping.withPermit(keep({ measures: [found] }))
      }
      return found
    })
  const attempt = (one: Measure, quiet: Effect.Effect<void>) =>
    measure(one, quiet).pipe(
      Effect.asSome,
      Effect.catchTag("BenchError", ({ message }) =>
        Effect.as(telling.say(`${one.id} could not be measured: ${message}`), Option.none<Results.Measured>()))
    )
  const found = (yield* telling.during((now) => Progress.line(Ref.getUnsafe(state), now))(
    Effect.forEach(groups, (group) => Schedule.together(group, attempt))
  )).flat().flatMap(Option.toArray)
  const inOrder = chosen.map(({ id }) => ({ id, one: found.find((one) => one.id === id) }))
  return {
    measures: inOrder.flatMap(({ one }) => one === undefined ? [] : [one]),
    failed: inOrder.flatMap(({ id, one }) => one === undefined ? [id] : [])
  }
})

const print = ({ about, figures, id, lines, title }: Results.Measured) =>
  Console.log([`# ${id} ${title}`, about, table.printed(figures), table.lines(lines), ""].join("\n\n"))

const bench = Effect.fnUntraced(function*(wanted: Wanted) {
  if (wanted.check) {
    const stale = yield* files.stale
    if (stale.length === 0) return 0
    yield* Console.error(
      `Not what the results make: ${stale.join(", ")}. Run: pnpm bench --report --from docs/benchmarks/results.json`
    )
    return 1
  }
  if (wanted.report && Option.isNone(wanted.from) && wanted.whom !== "all") {
    return yield* new BenchError({ what: "A report is of everybody: it does not go with --peers" })
  }
  const { failed, measures: all }: Found = Option.isSome(wanted.from)
    ? { ...yield* files.load(wanted.from.value), failed: [] }
    : yield* measured(wanted)
  const now: Results.Results = { measures: all }
  if (wanted.report && Option.isSome(wanted.from)) yield* keep(now)
  if (wanted.json) yield* Console.log(Results.print(now).trimEnd())
  // What is only written anew was printed when it was measured, and judged.
  if (wanted.report && Option.isSome(wanted.from)) return 0
  if (!wanted.json) yield* Effect.forEach(now.measures, print, { discard: true })
  if (failed.length > 0) {
    yield* Console.error(
      `Not measured, for the reasons above: ${failed.join(", ")}. Once more: pnpm bench ${failed.join(" ")}${
        wanted.report ? " --report" : ""
      }`
    )
    return 2
  }
  return now.measures.every(({ lines }) => lines.every(({ passed }) => passed)) ? 0 : 1
})

const command = Command.make(
  "bench",
  { which, runs, whom, json, report, from, check },
  (wanted) =>
    bench(wanted).pipe(
      Effect.catchTag("BenchError", (error) => Effect.as(Console.error(error.message), 2)),
      Effect.flatMap((code) => Effect.sync(() => void (process.exitCode = code)))
    )
).pipe(
  Command.withDescription("Errand, measured beside what people would pick instead."),
  Command.withExamples([
    { command: "pnpm bench B8", description: "One measure" },
    { command: "pnpm bench --report", description: "Everything, and write it down" }
  ])
)

// pnpm hands on the `--` that stands before the arguments.
const args = process.argv.slice(2).filter((word, nth) => nth > 0 || word !== "--")

Command.runWith(command, { version: "0.1.0" })(args).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
