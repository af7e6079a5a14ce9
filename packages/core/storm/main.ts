/**
 * `pnpm storm`: programs from as many seeds as asked for. Says how far it is, and at the end that nothing broke, or what
 * did, with the smallest program that shows it and how to see it again.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Clock, Console, Effect, Option, Ref, Result, Schema } from "effect"
import { Command, Flag } from "effect/cli"
// By its path: `@errand/view` rests on this package.
import * as ProgressLine from "../../view/src/ProgressLine.ts"
import { type Found, hunt } from "./hunt.ts"
import * as Report from "./Report.ts"
import * as words from "./words.ts"
import { InFile } from "./World.ts"

const runs = Flag.Int("runs").pipe(
  Flag.withDescription("How many programs, one per seed"),
  Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  Flag.withDefault(2_000)
)

const seed = Flag.Int("seed").pipe(
  Flag.withDescription("The first seed; each further program has the next"),
  Flag.withDefault(1)
)

const file = Flag.Boolean("file").pipe(
  Flag.withDescription("Keep the journal in a file, as it is in use: some three times as slow"),
  Flag.withoutNegation,
  Flag.withDefault(false)
)

const progress = ProgressLine.make(process.stderr, process.env)

interface Asked {
  readonly runs: number
  readonly seed: number
  readonly file: boolean
}

const storm = Effect.fnUntraced(function*({ file, runs, seed }: Asked) {
  const began = yield* Clock.currentTimeMillis
  const report = yield* Ref.make(Report.empty)
  const found = yield* progress.during((now) => Report.progress(Ref.getUnsafe(report), runs, began, now))(
    Effect.gen(function*() {
      for (let nth = 0; nth < runs; nth++) {
        const told = yield* Effect.provideService(hunt(seed + nth), InFile, file)
        if (Result.isFailure(told)) return Option.some(told.failure)
        // A program never waits for the world outside: without this nothing else would ever have a turn.
        yield* Effect.yieldNow
        yield* Ref.update(report, (all) => Report.add(all, told.success))
      }
      return Option.none<Found>()
    })
  )
  const all = yield* Ref.get(report)
  const spent = (yield* Clock.currentTimeMillis) - began
  yield* Console.log(
    Option.match(found, { onNone: () => Report.summary(all, seed, spent), onSome: words.found })
  )
  return Option.isNone(found) ? 0 : 1
})

const command = Command.make(
  "storm",
  { runs, seed, file },
  (flags) => Effect.flatMap(storm(flags), (code) => Effect.sync(() => void (process.exitCode = code)))
).pipe(
  Command.withDescription(
    "Random programs of launch, cancel, await, continue, resize, pause, time and faults on a simulated host. " +
      "Silence, or the smallest program that breaks a promise, and the seed that replays it."
  ),
  Command.withExamples([
    { command: "pnpm storm --runs 100000", description: "About half an hour" },
    { command: "pnpm storm --seed 4711 --runs 1", description: "One program again" },
    { command: "pnpm storm --runs 10000 --file", description: "The same with the journal in a file" }
  ])
)

// pnpm hands on the `--` that stands before the arguments.
const args = process.argv.slice(2).filter((word, nth) => nth > 0 || word !== "--")

Command.runWith(command, { version: "0.1.0" })(args).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
