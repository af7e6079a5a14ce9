/**
 * What it costs to keep an event, in a process of its own: the lives of a thousand tasks, appended one event after the
 * other: at first with pauses between them, then without. Prints one line of JSON.
 *
 *     bun main.ts <memory | file | fsync> <file>
 */
import { Journal } from "@errand/core"
import { SqliteJournal } from "@errand/core/sqlite"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { type Batch, batches } from "./lives.ts"
import { Kind, type Sample } from "./Sample.ts"

const Arguments = Schema.Tuple([Kind, Schema.String])

/** A file that cannot be used makes a journal go on in memory: then nothing is measured. */
const layerOf = (kind: Kind, file: string) =>
  kind === "memory"
    ? Journal.Journal.layer
    : SqliteJournal.layer({ file, fsync: kind === "fsync", onProblem: (problem) => Effect.die(problem) })

/** Times every append. */
const live = Effect.fnUntraced(function*(all: ReadonlyArray<Batch>, pause: Effect.Effect<void>) {
  const journal = yield* Journal.Journal
  const times: Array<number> = []
  for (const { events, notices, parent } of all) {
    for (const event of events) {
      yield* pause
      const began = yield* Clock.currentTimeNanos
      const task = yield* journal.append(event)
      const kept = yield* Clock.currentTimeNanos
      if (Option.isNone(task)) return yield* Effect.die(`refused: ${event._tag} of ${event.id}`)
      times.push(Number(kept - began) / 1e6)
    }
    // That the parent is told is part of life, and keeps what is owed from growing, but it is no append.
    for (const notice of notices) yield* journal.note(parent, () => Option.some(notice))
  }
  return times
})

/** How many batches have pauses: a hundred and twenty appends, in three runs enough for a median. */
const slow = 6

const measure = Effect.gen(function*() {
  const sample: Sample = {
    alone: yield* live(batches.slice(0, slow), Effect.sleep("10 millis")),
    inARow: yield* live(batches.slice(slow), Effect.void)
  }
  return sample
})

const main = Effect.gen(function*() {
  const [kind, file] = yield* Schema.decodeUnknownEffect(Arguments)(process.argv.slice(2))
  yield* Console.log(JSON.stringify(yield* Effect.provide(measure, layerOf(kind, file))))
})

await Effect.runPromise(main)
