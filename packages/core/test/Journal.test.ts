import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Option, Schema, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Entry, Journal } from "../src/Journal.ts"
import * as Task from "../src/Task.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import {
  below,
  calledOff,
  completed,
  outcomes,
  patient,
  request,
  sequence,
  sessionId,
  taskId,
  thorough
} from "./support/arbitraries.ts"
import { temporary } from "./support/files.ts"

const queued = (n: number): TaskEvent => ({
  _tag: "Queued",
  id: taskId(n),
  run: 1,
  at: n,
  request: request(`ses_parent_${n}`)
})
const continued = (n: number, run: number): TaskEvent => ({
  _tag: "Continued",
  id: taskId(n),
  run,
  at: n,
  request: request("ses_somebody_else")
})
const started = (n: number, run = 1): TaskEvent => ({ _tag: "Started", id: taskId(n), run, at: n })
const opened = (n: number, session = `ses_${n}`, run = 1): TaskEvent => ({
  _tag: "Opened",
  id: taskId(n),
  run,
  at: n,
  session: sessionId(session)
})
const over = (n: number, outcome: Task.Outcome = completed, run = 1): TaskEvent => ({
  _tag: "Ended",
  id: taskId(n),
  run,
  at: n,
  outcome,
  progress: { toolCalls: 0 }
})

const append = Effect.fnUntraced(function*(...events: ReadonlyArray<TaskEvent>) {
  const journal = yield* Journal
  return yield* Effect.forEach(events, journal.append)
})

type Story = (journal: Journal["Service"]) => Effect.Effect<unknown, never, Journal | Scope.Scope>

const inMemory = (name: string, story: Story) =>
  it.effect(name, () => Effect.provide(Effect.flatMap(Journal, story), Journal.layer), patient)

/** Where a journal may be kept: the same is true of all. */
const kinds: Readonly<Record<string, Layer.Layer<Journal>>> = { "in memory": Journal.layer, "in a file": temporary }

const inJournal = (name: string, story: Story) => {
  for (const [kind, layer] of Object.entries(kinds)) {
    it.effect(`${name} (${kind})`, () => Effect.provide(Effect.flatMap(Journal, story), layer), patient)
  }
}

const Draw = Schema.Struct({
  task: below(3),
  what: Schema.Literals(["Queued", "Continued", "Started", "Opened", "Ended", "Ended", "forget"]),
  off: Schema.Literals([-1, 0, 0, 0, 1]),
  outcome: below(outcomes.length)
})

const eventOf = ({ outcome, task, what }: typeof Draw.Type, run: number): TaskEvent | undefined => {
  switch (what) {
    case "Queued":
      return queued(task)
    case "Continued":
      return continued(task, run + 1)
    case "Started":
      return started(task, run)
    case "Opened":
      return opened(task, `ses_${task}`, run)
    case "Ended":
      return over(task, outcomes[outcome], run)
    case "forget":
      return undefined
  }
}

describe("a journal", () => {
  for (const [kind, layer] of Object.entries(kinds)) {
    it.effect.prop(
      `B19 E2 keeps what the task takes and refuses the rest: every task is the fold of its entries, in order (${kind})`,
      [sequence(Draw, 60)],
      ([draws]) =>
        Effect.gen(function*() {
          const journal = yield* Journal
          const entries: Array<Entry> = []
          const listener = yield* Effect.forkChild(
            Stream.runForEach(journal.entries, (entry) => Effect.sync(() => entries.push(entry))),
            { startImmediately: true }
          )
          const tasks = new Map<Task.TaskId, Task.Task>()
          const kept: Array<Entry> = []
          for (const draw of draws) {
            const id = taskId(draw.task)
            const before = Option.fromUndefinedOr(tasks.get(id))
            const run = Option.match(before, { onNone: () => 1, onSome: ({ run }) => run })
            const event = eventOf(draw, run + draw.off)
            if (event === undefined) {
              // In a file what is over is only not at hand any more.
              if (kind === "in memory") {
                yield* journal.forget(id)
                tasks.delete(id)
              }
            } else {
              const after = Task.apply(before, event)
              assert.deepStrictEqual(yield* journal.append(event), after)
              if (Option.isSome(after)) {
                tasks.set(id, after.value)
                kept.push({ event, task: after.value })
              }
            }
            assert.deepStrictEqual(yield* journal.tasks, [...tasks.values()])
            for (const n of [0, 1, 2]) {
              const task = Option.fromUndefinedOr(tasks.get(taskId(n)))
              assert.deepStrictEqual(yield* journal.get(taskId(n)), task)
              assert.deepStrictEqual(
                yield* journal.bySession(sessionId(`ses_${n}`)),
                Option.filter(task, ({ session }) => session !== undefined)
              )
            }
          }
          yield* Effect.repeat(Effect.yieldNow, { times: 10 })
          assert.deepStrictEqual(entries, kept)
          yield* Fiber.interrupt(listener)
        }).pipe(Effect.provide(layer)),
      thorough(kind === "in memory" ? 150 : 60)
    )
  }

  inJournal(
    "E2 of two ends at the same moment exactly one wins, and each is told whether it was its own",
    (journal) =>
      Effect.gen(function*() {
        yield* append(queued(1), started(1))
        const ends = yield* Effect.all([journal.append(over(1)), journal.append(over(1, calledOff))], {
          concurrency: 2
        })
        const won = ends.filter(Option.isSome).map(({ value }) => value)
        assert.strictEqual(won.length, 1)
        assert.deepStrictEqual(yield* journal.get(taskId(1)), Option.fromUndefinedOr(won[0]))
      })
  )

  inJournal(
    "A9 keeps no start of a task that is over, and no event of one that it does not know",
    (journal) =>
      Effect.gen(function*() {
        const [, , late, unknown] = yield* append(queued(1), over(1), started(1), started(2))
        assert.deepStrictEqual([late, unknown], [Option.none(), Option.none()])
        assert.deepStrictEqual(yield* journal.get(taskId(2)), Option.none())
      })
  )

  inJournal("D7 is looked into when a question is asked, not when it is made", (journal) =>
    Effect.gen(function*() {
      yield* append(queued(1), started(1))
      const questions = [journal.get(taskId(1)), journal.bySession(sessionId("ses_1"))]
      yield* append(opened(1), over(1))
      for (const question of questions) {
        assert.deepStrictEqual(Option.map(yield* question, ({ status }) => status), Option.some("completed"))
      }
    }))

  inJournal("D7 knows a task by its session, over all its runs", (journal) =>
    Effect.gen(function*() {
      yield* append(queued(1), started(1))
      assert.deepStrictEqual(yield* journal.bySession(sessionId("ses_1")), Option.none())
      yield* append(opened(1))
      const of = (session: string) => Effect.map(journal.bySession(sessionId(session)), Option.map(({ run }) => run))
      assert.deepStrictEqual(yield* of("ses_1"), Option.some(1))
      yield* append(over(1), continued(1, 2))
      assert.deepStrictEqual(yield* of("ses_1"), Option.some(2))
      assert.deepStrictEqual(yield* of("ses_parent_1"), Option.none())
      assert.deepStrictEqual(yield* of("bg_00000001"), Option.none())
    }))

  inMemory(
    "D9 forgets a task with everything that is known of it, and nothing else",
    (journal) =>
      Effect.gen(function*() {
        yield* append(queued(1), started(1), opened(1), queued(2), started(2), opened(2))
        yield* journal.forget(taskId(1))
        yield* journal.forget(taskId(3))
        assert.deepStrictEqual((yield* journal.tasks).map(({ id }) => id), [taskId(2)])
        assert.deepStrictEqual(yield* journal.bySession(sessionId("ses_1")), Option.none())
        assert.isTrue(Option.isSome(yield* journal.bySession(sessionId("ses_2"))))
        // Its session is free for another task.
        yield* append(queued(4), started(4), opened(4, "ses_1"))
        assert.deepStrictEqual(
          Option.map(yield* journal.bySession(sessionId("ses_1")), ({ id }) => id),
          Option.some(taskId(4))
        )
        yield* journal.forget(taskId(4))
        // What is forgotten may come again, as if for the first time.
        const [again] = yield* append(queued(1), started(1), opened(1))
        assert.isTrue(Option.isSome(again ?? Option.none()))
        assert.isTrue(Option.isSome(yield* journal.bySession(sessionId("ses_1"))))
        assert.deepStrictEqual((yield* journal.tasks).map(({ id }) => id), [taskId(2), taskId(1)])
      })
  )

  inMemory(
    "D9 of two tasks that a host gave the same session, forgetting the second leaves the first known",
    (journal) =>
      Effect.gen(function*() {
        yield* append(queued(1), started(1), opened(1, "ses_same"), queued(2), started(2), opened(2, "ses_same"))
        yield* journal.forget(taskId(2))
        assert.deepStrictEqual(
          Option.map(yield* journal.bySession(sessionId("ses_same")), ({ id }) => id),
          Option.some(taskId(1))
        )
      })
  )

  inJournal(
    "lists tasks in the order in which they were first asked for, whatever happened since",
    (journal) =>
      Effect.gen(function*() {
        const order = [7, 3, 12, 1, 9]
        yield* append(...order.map(queued))
        yield* append(over(12), over(7), continued(7, 2), started(1))
        assert.deepStrictEqual((yield* journal.tasks).map(({ id }) => id), order.map(taskId))
      })
  )

  inMemory(
    "tells every listener from when it began, and loses the oldest for one that is too slow",
    (journal) =>
      Effect.gen(function*() {
        yield* append(queued(1))
        const slow: Array<Task.TaskId> = []
        yield* Effect.forkChild(
          Stream.runForEach(journal.entries, ({ event }) =>
            Effect.andThen(
              slow.length === 0 ? Effect.sleep(1_000) : Effect.void,
              Effect.sync(() => slow.push(event.id))
            )),
          { startImmediately: true }
        )
        const quick: Array<Task.TaskId> = []
        yield* Effect.forkChild(
          Stream.runForEach(journal.entries, ({ event }) => Effect.sync(() => quick.push(event.id))),
          { startImmediately: true }
        )
        const many = Array.from({ length: 10_000 }, (_, n) => n + 2)
        yield* Effect.forEach(many, (n) => Effect.andThen(append(queued(n)), Effect.yieldNow), { discard: true })
        yield* Effect.repeat(Effect.yieldNow, { times: 10 })
        assert.deepStrictEqual(quick, many.map(taskId))
        // Publishing never waited for the slow one, which then goes on with the newest.
        assert.deepStrictEqual(slow, [])
        yield* TestClock.adjust(1_000)
        assert.deepStrictEqual(slow.slice(1), many.map(taskId).slice(1 - slow.length))
        assert.isAtLeast(slow.length, 4_096)
        assert.isBelow(slow.length, many.length)
      })
  )
})
