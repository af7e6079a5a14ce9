/**
 * `pnpm bench`: measures what is asked for (everything, where nothing is), prints the tables, and says which lines Errand
 * passes. Ends with 1 where it misses one.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { BenchError } from "./Measure.ts"
import { measures } from "./measures/index.ts"
import * as Ready from "./peers/ready.ts"
import * as table from "./report/table.ts"

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

const json = Flag.Boolean("json").pipe(Flag.withDescription("Print the figures as JSON"), Flag.withDefault(false))

const show = (line: string) =>
  Effect.sync(() => void process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`))

const bench = Effect.fnUntraced(function*(asked: ReadonlyArray<string>, runs: number, whom: string, json: boolean) {
  const unknown = asked.find((id) => !measures.some((measure) => measure.id === id.toUpperCase()))
  if (unknown !== undefined) {
    return yield* new BenchError({
      what: `There is no measure ${unknown}. There are ${measures.map(({ id }) => id).join(", ")}`
    })
  }
  const chosen = measures.filter(({ id }) => asked.length === 0 || asked.some((one) => one.toUpperCase() === id))
  const { absent, peers } = yield* Ready.ready(whom, show)
  for (const { why } of absent) yield* Console.error(why)
  let missed = 0
  for (const { id, lines, run, title } of chosen) {
    const figures = yield* Effect.scoped(run({
      runs,
      peers,
      progress: (done, of, what) => show(`${id} ${done + 1} of ${of}: ${what}`)
    }))
    if (process.stderr.isTTY) yield* show("")
    const found = lines(figures)
    missed += found.filter(({ passed }) => !passed).length
    yield* json
      ? Console.log(JSON.stringify({ id, figures, lines: found }))
      : Console.log([`# ${id} ${title}`, ...table.tables(figures), table.lines(found), ""].join("\n\n"))
  }
  return missed === 0 ? 0 : 1
})

const command = Command.make(
  "bench",
  { which, runs, whom, json },
  ({ json, runs, which, whom }) =>
    bench(which, runs, whom, json).pipe(
      Effect.catchTag("BenchError", (error) => Effect.as(Console.error(error.message), 2)),
      Effect.flatMap((code) => Effect.sync(() => void (process.exitCode = code)))
    )
).pipe(
  Command.withDescription("Errand, measured beside what people would pick instead."),
  Command.withExamples([{ command: "pnpm bench B8", description: "One measure" }])
)

// pnpm hands on the `--` that stands before the arguments.
const args = process.argv.slice(2).filter((word, nth) => nth > 0 || word !== "--")

Command.runWith(command, { version: "0.1.0" })(args).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
