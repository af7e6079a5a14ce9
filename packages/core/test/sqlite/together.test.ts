/**
 * Events that come at the same time: one transaction for all of them, and for each of them as if it had come alone.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option } from "effect"
import { join } from "node:path"
import { Journal } from "../../src/Journal.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import type * as Task from "../../src/Task.ts"
import type { TaskEvent } from "../../src/TaskEvent.ts"
import { calledOff, completed, request, taskId } from "../support/arbitraries.ts"
import { counting, folder } from "../support/files.ts"
import { soon } from "../support/time.ts"

const queued = (n: number): TaskEvent => ({
  _tag: "Queued",
  id: taskId(n),
  run: 1,
  at: n,
  request: request("ses_root")
})
const started = (n: number): TaskEvent => ({ _tag: "Started", id: taskId(n), run: 1, at: n })
const over = (n: number, outcome: Task.Outcome): TaskEvent => ({
  _tag: "Ended",
  id: taskId(n),
  run: 1,
  at: n,
  outcome,
  progress: { toolCalls: 0 }
})

const inFile = (
  name: string,
  story: (journal: Journal["Service"], count: { readonly runs: number }) => Effect.Effect<unknown>
) =>
  it.effect(name, () =>
    Effect.scoped(Effect.gen(function*() {
      const file = join(yield* folder, "journal.sqlite")
      const { count, library } = counting(/^BEGIN/)
      yield* Effect.provide(
        Effect.flatMap(Journal, (journal) => story(journal, count)),
        SqliteJournal.layer({ file, library, onProblem: Effect.die })
      )
    })))

const atOnce = (journal: Journal["Service"], events: ReadonlyArray<TaskEvent>) =>
  Effect.forEach(events, journal.append, { concurrency: "unbounded" })

const hundred = Array.from({ length: 100 }, (_, n) => n + 1)

describe("events that come at the same time", () => {
  inFile("are kept in one transaction, each in its place", (journal, count) =>
    Effect.gen(function*() {
      // What it does at its start is over.
      yield* soon
      const before = count.runs
      const tasks = yield* atOnce(journal, hundred.map(queued))
      assert.strictEqual(count.runs - before, 1)
      assert.deepStrictEqual(tasks.map((task) => Option.getOrThrow(task).id), hundred.map(taskId))
      assert.deepStrictEqual((yield* journal.tasks).map(({ id }) => id), hundred.map(taskId))
      yield* atOnce(journal, hundred.map(started))
      assert.strictEqual(count.runs - before, 2)
      assert.deepStrictEqual(new Set((yield* journal.tasks).map(({ status }) => status)), new Set(["running"]))
    }))

  inFile(
    "B19 are decided on one after the other where they are of one task: of two ends one wins",
    (journal) =>
      Effect.gen(function*() {
        yield* atOnce(journal, [queued(1), queued(2)])
        const ends = yield* atOnce(journal, [
          started(1),
          over(1, completed),
          over(2, completed),
          over(1, calledOff),
          over(2, calledOff)
        ])
        assert.deepStrictEqual(ends.map(Option.map(({ status }) => status)), [
          Option.some("running"),
          Option.some("completed"),
          Option.some("completed"),
          Option.none(),
          Option.none()
        ])
      })
  )

  inFile("A13 are told of in the order in which they came, the first one first", (journal) =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const tell = (n: number) => Effect.andThen(journal.append(queued(n)), Effect.sync(() => told.push(n)))
      yield* Effect.forEach([1, 2, 3], tell, { concurrency: "unbounded" })
      assert.deepStrictEqual(told, [1, 2, 3])
    }))

  inFile("suffer nothing from one that cannot be written", (journal) =>
    Effect.gen(function*() {
      const faulty: TaskEvent = { ...queued(2), at: 0.5 }
      const exits = yield* Effect.forEach(
        [queued(1), faulty, queued(3)],
        (event) => Effect.exit(journal.append(event)),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
      assert.isTrue(exits.some((exit) => Exit.isFailure(exit) && Cause.hasDies(exit.cause)))
      assert.deepStrictEqual((yield* journal.tasks).map(({ id }) => id), [taskId(1), taskId(3)])
      assert.isTrue(Option.isSome(yield* journal.append(queued(2))), "and all goes on")
    }))
})
