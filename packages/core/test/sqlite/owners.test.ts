/**
 * Several processes on one file: each task is gone on with by one of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { join } from "node:path"
import { Journal } from "../../src/Journal.ts"
import * as Outbox from "../../src/Outbox.ts"
import { lease } from "../../src/sqlite/Owner.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import type * as Task from "../../src/Task.ts"
import type { TaskEvent } from "../../src/TaskEvent.ts"
import { completed, request, sessionId, taskId } from "../support/arbitraries.ts"
import { folder } from "../support/files.ts"
import { onSleepyComputer, pass, soon } from "../support/time.ts"

/** No process has that id: it is above what Linux gives. */
const deadPid = 2 ** 22 + 1

const hour = 3_600_000

/** A journal of a process with this id, in a scope of its own. */
const open = Effect.fnUntraced(function*(file: string, pid: number = process.pid) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const services = yield* Layer.buildWithScope(
    SqliteJournal.layer({ file, process: { pid, host: "here" }, retentionMs: hour, onProblem: Effect.die }),
    scope
  )
  // Until what it does at its start is done: who waits for that meanwhile, waits for the test clock.
  yield* soon
  return { journal: Context.get(services, Journal), close: Scope.close(scope, Exit.void) }
})

const queued = (n: number, parent = "ses_root"): TaskEvent => ({
  _tag: "Queued",
  id: taskId(n),
  run: 1,
  at: n,
  request: request(parent)
})
const started = (n: number): TaskEvent => ({ _tag: "Started", id: taskId(n), run: 1, at: 1_000 + n })
const over = (n: number): TaskEvent => ({
  _tag: "Ended",
  id: taskId(n),
  run: 1,
  at: 9,
  outcome: completed,
  progress: { toolCalls: 0 }
})

const ids = (tasks: ReadonlyArray<Task.Task>) => tasks.map(({ id }) => id)
const everything = Option.none<Task.SessionId>()

const onFile = <A, E>(name: string, story: (file: string) => Effect.Effect<A, E, Scope.Scope>) =>
  it.effect(name, () => Effect.scoped(Effect.flatMap(folder, (path) => story(join(path, "deep", "journal.sqlite")))))

describe("processes on one file", () => {
  // On the real clock: who finds the file locked tries again a moment later.
  it.live("D8 what a dead one left behind is one other's, in order: those who ran first, then those who waited", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = join(yield* folder, "journal.sqlite")
      const { journal: dead } = yield* open(file, deadPid)
      for (const event of [queued(3), queued(1), queued(2), queued(4), started(2), started(3)]) {
        yield* dead.append(event)
      }
      const [one, two] = yield* Effect.all([open(file), open(file)])
      const [first, second] = yield* Effect.all([one.journal.inherit(everything), two.journal.inherit(everything)], {
        concurrency: 2
      })
      assert.deepStrictEqual(ids([...first.tasks, ...second.tasks]), [2, 3, 1, 4].map(taskId))
      assert.isTrue(first.tasks.length === 0 || second.tasks.length === 0, "one takes all of it")
      const task = [...first.tasks, ...second.tasks][0]
      assert.deepStrictEqual([task?.status, task?.adopted?.times, task?.startedAt], ["pending", 1, undefined])
      assert.deepStrictEqual(ids((yield* one.journal.inherit(everything)).tasks), [], "and once")
    })))

  onFile("D8 what a living one has is nobody else's, and can be read by all", (file) =>
    Effect.gen(function*() {
      const one = yield* open(file)
      yield* one.journal.append(queued(1))
      const two = yield* open(file)
      assert.deepStrictEqual(yield* two.journal.inherit(everything), { tasks: [], parents: [], unclear: false })
      assert.deepStrictEqual(yield* two.journal.append(started(1)), Option.none())
      assert.isFalse(yield* two.journal.owns(taskId(1)))
      yield* one.journal.append(started(1))
      assert.strictEqual(Option.getOrUndefined(yield* two.journal.get(taskId(1)))?.status, "running")
    }))

  onFile(
    "A8 E2 whoever was taken for gone is refused: its end, its start, its abort",
    (file) =>
      Effect.gen(function*() {
        const slow = yield* open(file)
        yield* slow.journal.append(queued(1))
        yield* slow.journal.append(started(1))
        // It sleeps: no beat of it comes any more, and its process is there.
        const asleep = yield* open(file)
        yield* asleep.journal.append(queued(2))
        yield* asleep.close
        const other = yield* open(file)
        assert.deepStrictEqual(ids((yield* other.journal.inherit(everything)).tasks), [taskId(2)], "it said good-bye")
        assert.isTrue(yield* slow.journal.owns(taskId(1)))

        // By hand what nobody who runs under this clock can do: a lease that is not renewed.
        yield* TestClock.adjust(1_000)
        const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
        const database = new DatabaseSync(file)
        database.exec("UPDATE owner SET seen = 1")
        database.close()
        const young = yield* open(file)
        const unclear = yield* young.journal.inherit(everything)
        assert.deepStrictEqual([unclear.tasks.length, unclear.unclear], [0, true])
        yield* TestClock.setTime(10 * lease)
        database.open()
        database.exec("UPDATE owner SET seen = 1")
        database.close()
        assert.deepStrictEqual(ids((yield* young.journal.inherit(everything)).tasks), [taskId(1), taskId(2)])
        assert.deepStrictEqual(yield* slow.journal.append(over(1)), Option.none())
        assert.isFalse(yield* slow.journal.owns(taskId(1)))
        assert.strictEqual(Option.getOrUndefined(yield* slow.journal.get(taskId(1)))?.status, "pending")
        assert.isTrue(Option.isSome(yield* young.journal.append(started(1))))
      })
  )

  for (
    const [what, pid, host] of [["process id is another's by now", process.pid, "here"], [
      "host is gone",
      deadPid,
      "there"
    ]] as const
  ) {
    onFile(
      `D8 what one left behind that was killed just now, and whose ${what}, is taken over when it shows no sign of life`,
      (file) =>
        Effect.gen(function*() {
          yield* TestClock.adjust(hour)
          const before = yield* open(file)
          yield* before.journal.append(queued(1))
          yield* before.close
          const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
          const database = new DatabaseSync(file)
          database.prepare("UPDATE owner SET pid = ?, host = ?, seen = ?").run(pid, host, hour - 3_000)
          database.close()
          const next = yield* open(file)
          assert.deepStrictEqual(yield* next.journal.inherit(everything), { tasks: [], parents: [], unclear: true })
          yield* pass(lease + 1)
          assert.deepStrictEqual(ids((yield* next.journal.inherit(everything)).tasks), [taskId(1)])
        })
    )
  }

  onFile(
    "D8 E2 where a computer has slept, whoever wakes up first takes nothing from those who wake up next",
    (file) =>
      onSleepyComputer((sleep) =>
        Effect.gen(function*() {
          const one = yield* open(file)
          yield* one.journal.append(queued(1))
          const two = yield* open(file)
          // Long awake, and it has looked often.
          yield* pass("5 minutes")
          assert.isFalse((yield* two.journal.inherit(everything)).unclear)
          yield* sleep(8 * hour)
          assert.deepStrictEqual(yield* two.journal.inherit(everything), { tasks: [], parents: [], unclear: true })
          assert.isTrue(yield* one.journal.owns(taskId(1)))
          // The other's next beat comes.
          yield* pass("10 seconds")
          assert.deepStrictEqual(yield* two.journal.inherit(everything), { tasks: [], parents: [], unclear: false })
          assert.isTrue(Option.isSome(yield* one.journal.append(started(1))))
        })
      )
  )

  onFile(
    "C2 C3 what was said by one who is gone is not taken for what is being said here",
    (file) =>
      Effect.gen(function*() {
        const parent = sessionId("ses_root")
        const sending = (notice: string, kind: "progress" | "final", n: number) => ({
          _tag: "Sending" as const,
          parent,
          at: 1,
          notice,
          kind,
          tasks: [{ id: taskId(n), run: 1 }],
          remaining: kind === "final" ? 0 : 1
        })
        const taken = (notice: string) => ({ _tag: "Taken" as const, parent, at: 2, notice })
        const { journal: dead } = yield* open(file, deadPid)
        for (const event of [queued(1), queued(2), started(1), over(1)]) yield* dead.append(event)
        yield* dead.note(parent, () => Option.some(sending("nt_theirs", "progress", 1)))
        yield* dead.note(parent, () => Option.some(taken("nt_theirs")))
        const { journal } = yield* open(file)
        for (const event of [queued(3), started(3), over(3)]) yield* journal.append(event)
        yield* journal.note(parent, () => Option.some(sending("nt_ours", "final", 3)))
        assert.deepStrictEqual(ids((yield* journal.inherit(everything)).tasks), [taskId(2)])
        const box = () => journal.boxUnsafe(parent)
        assert.deepStrictEqual(box().sending.map(({ id }) => id), ["nt_ours"])
        yield* journal.note(parent, () => Option.some(taken("nt_ours")))
        const owed = () => [1, 2, 3].filter((n) => Outbox.has(box(), { id: taskId(n) }))
        assert.deepStrictEqual(owed(), [1, 2])
        yield* journal.append({ ...over(2), at: 5_000 })
        const next = Outbox.next(box())
        assert.deepStrictEqual(next._tag === "Final" ? ids(next.tasks) : next._tag, [taskId(1), taskId(2)])
        assert.strictEqual(Outbox.owed(box()), 1)
      })
  )

  onFile(
    "C2 C3 what may have arrived from one who is gone stays on its way beside what is said here, over a restart, too",
    (file) =>
      Effect.gen(function*() {
        const parent = sessionId("ses_root")
        const sending = (notice: string, n: number) => ({
          _tag: "Sending" as const,
          parent,
          at: 1,
          notice,
          kind: "final" as const,
          tasks: [{ id: taskId(n), run: 1 }],
          remaining: 0
        })
        const onTheWay = (journal: Journal["Service"]) => journal.boxUnsafe(parent).sending.map(({ id }) => id)
        const { journal: dead } = yield* open(file, deadPid)
        for (const event of [queued(1), started(1), over(1)]) yield* dead.append(event)
        yield* dead.note(parent, () => Option.some(sending("nt_theirs", 1)))
        const { journal } = yield* open(file, deadPid)
        for (const event of [queued(2), started(2), over(2)]) yield* journal.append(event)
        yield* journal.note(parent, () => Option.some(sending("nt_ours", 2)))
        yield* journal.inherit(everything)
        assert.deepStrictEqual(onTheWay(journal), ["nt_ours", "nt_theirs"])
        // It ends before either of them is known to have arrived.
        const { journal: next } = yield* open(file)
        yield* next.inherit(everything)
        assert.deepStrictEqual(onTheWay(next).toSorted(), ["nt_ours", "nt_theirs"])
        yield* next.note(parent, () => Option.some({ _tag: "Taken", parent, at: 2, notice: "nt_theirs" }))
        assert.deepStrictEqual(onTheWay(next), ["nt_ours"])
        assert.deepStrictEqual([1, 2].map((n) => Outbox.has(next.boxUnsafe(parent), { id: taskId(n) })), [false, true])
        yield* next.note(parent, () => Option.some({ _tag: "Taken", parent, at: 2, notice: "nt_ours" }))
        assert.isTrue(Outbox.isSettled(next.boxUnsafe(parent)))
      })
  )

  onFile("D8 one family is taken over alone, where that is what is asked for", (file) =>
    Effect.gen(function*() {
      const { journal: dead } = yield* open(file, deadPid)
      yield* dead.append(queued(1, "ses_one"))
      yield* dead.append(queued(2, "ses_two"))
      const { journal } = yield* open(file)
      const some = (session: string) =>
        Effect.map(journal.inherit(Option.some(sessionId(session))), ({ parents, tasks }) => [ids(tasks), parents])
      assert.deepStrictEqual(yield* some("ses_two"), [[taskId(2)], [sessionId("ses_two")]])
      assert.deepStrictEqual(yield* some("ses_three"), [[], []])
      assert.deepStrictEqual(yield* some("ses_one"), [[taskId(1)], [sessionId("ses_one")]])
    }))

  onFile("A16 a task that is over is continued by whoever asks first, and is theirs", (file) =>
    Effect.gen(function*() {
      const one = yield* open(file)
      for (const event of [queued(1), started(1), over(1)]) yield* one.journal.append(event)
      const two = yield* open(file)
      const more: TaskEvent = { _tag: "Continued", id: taskId(1), run: 2, at: 10, request: request("ses_root") }
      assert.isTrue(Option.isSome(yield* two.journal.append(more)))
      assert.deepStrictEqual(yield* one.journal.append(more), Option.none())
      assert.isTrue(yield* two.journal.owns(taskId(1)))
      assert.strictEqual(Option.getOrUndefined(yield* one.journal.get(taskId(1)))?.run, 2)
    }))

  onFile(
    "D10 D9 what is over and told of holds no prompt, and is gone after the retention; the rest stays",
    (file) =>
      Effect.gen(function*() {
        const one = yield* open(file)
        for (const event of [queued(1), started(1), over(1), queued(2), started(2)]) yield* one.journal.append(event)
        const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
        const prompts = Effect.sync(() => {
          const database = new DatabaseSync(file)
          const rows = database.prepare("SELECT task FROM event WHERE body LIKE '%look around everywhere%'").all()
          database.close()
          return rows.map((row) => row["task"])
        })
        assert.deepStrictEqual(yield* prompts, [taskId(1), taskId(2)], "its parent may not know yet")
        yield* one.journal.append(over(2))
        const parent = sessionId("ses_root")
        const run = { id: taskId(1), run: 1 }
        yield* one.journal.note(
          parent,
          () =>
            Option.some({ _tag: "Sending", parent, at: 1, notice: "nt_1", kind: "final", tasks: [run], remaining: 0 })
        )
        yield* one.journal.note(parent, () => Option.some({ _tag: "Taken", parent, at: 2, notice: "nt_1" }))
        assert.deepStrictEqual(yield* prompts, [taskId(2)], "of the second nobody was told yet")
        yield* one.journal.append(queued(3))
        yield* TestClock.adjust(3 * hour)
        const two = yield* open(file)
        assert.deepStrictEqual(
          yield* Effect.forEach([1, 2, 3], (n) => Effect.map(two.journal.get(taskId(n)), Option.isSome)),
          [false, true, true]
        )
        assert.deepStrictEqual(ids(yield* one.journal.tasks), [taskId(2), taskId(3)], "nor is it kept at hand")
      })
  )
})
