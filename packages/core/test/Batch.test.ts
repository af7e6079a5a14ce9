import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Batch from "../src/Batch.ts"
import type * as Task from "../src/Task.ts"
import {
  below,
  calledOff,
  completed,
  ended,
  expired,
  failed,
  outcomes,
  sequence,
  taskId,
  thorough
} from "./support/arbitraries.ts"

/** What may happen to one of a few tasks, or to the news of them. */
const Step = Schema.TaggedUnion({
  Join: { task: below(5) },
  End: { task: below(5), outcome: below(outcomes.length) },
  Know: { task: below(5) },
  /** What is next is told, and taken. */
  Tell: {},
  /** Somebody else's task, or an earlier run, is over or known. */
  Stray: { task: below(5), foreign: Schema.Boolean, known: Schema.Boolean }
})
type Step = typeof Step.Type

const steps = [sequence(Step, 60)] as const

/** What a batch is, said in the plainest way: a list of what happened. */
interface Plain {
  readonly task: number
  readonly run: number
  readonly ended: Task.Task | undefined
  readonly known: boolean
}

interface World {
  readonly batch: Batch.Batch
  readonly plain: ReadonlyArray<Plain>
  readonly promised: boolean
  /** The last run of each task. */
  readonly runs: ReadonlyMap<number, number>
}

/** A batch as it is after a change; the one before stays as it was. */
const changed = (batch: Batch.Batch, ...changes: ReadonlyArray<(batch: Batch.Batch) => void>): Batch.Batch => {
  const after = structuredClone(batch)
  for (const change of changes) change(after)
  return after
}

const join = (n: number, run = 1) => (batch: Batch.Batch): void => Batch.join(batch, taskId(n), run)
const end = (...task: Parameters<typeof ended>) => (batch: Batch.Batch): void => Batch.end(batch, ended(...task))
const know = (n: number, run = 1) => (batch: Batch.Batch): void => Batch.know(batch, taskId(n), run)
const told = (...task: Parameters<typeof ended>) => (batch: Batch.Batch): void => Batch.told(batch, [ended(...task)])

const fresh = (runs: World["runs"]): World => ({ batch: Batch.make(), plain: [], promised: false, runs })

const currentOf = (world: World, task: number): Plain | undefined => world.plain.find((plain) => plain.task === task)

const change = (world: World, task: number, f: (plain: Plain) => Plain) =>
  world.plain.map((plain) => plain.task === task ? f(plain) : plain)

const apply = (world: World, step: Step): World => {
  switch (step._tag) {
    case "Join": {
      // A task is continued when it is over, not before.
      const current = currentOf(world, step.task)
      if (current !== undefined && current.ended === undefined) return world
      const run = (world.runs.get(step.task) ?? 0) + 1
      return {
        ...world,
        batch: changed(world.batch, join(step.task, run)),
        plain: [
          ...world.plain.filter(({ task }) => task !== step.task),
          { task: step.task, run, ended: undefined, known: false }
        ],
        runs: new Map([...world.runs, [step.task, run]])
      }
    }
    case "End": {
      const current = currentOf(world, step.task)
      if (current === undefined || current.ended !== undefined) return world
      const task = ended(step.task, "root", outcomes[step.outcome], current.run)
      return {
        ...world,
        batch: changed(world.batch, (batch) => Batch.end(batch, task)),
        plain: change(world, step.task, (plain) => ({ ...plain, ended: task, known: task.outcome === calledOff }))
      }
    }
    case "Know": {
      const current = currentOf(world, step.task)
      if (current === undefined) return world
      return {
        ...world,
        batch: changed(world.batch, know(step.task, current.run)),
        plain: change(world, step.task, (plain) => ({ ...plain, known: plain.known || plain.ended !== undefined }))
      }
    }
    case "Tell": {
      const next = Batch.next(world.batch)
      if (next._tag === "Final" || next._tag === "Closed") return fresh(world.runs)
      if (next._tag === "Nothing") return world
      return {
        ...world,
        batch: changed(world.batch, (batch) => Batch.told(batch, next.tasks)),
        plain: next.tasks.reduce<ReadonlyArray<Plain>>(
          (all, told) => all.map((plain) => plain.ended?.id === told.id ? { ...plain, known: true } : plain),
          world.plain
        ),
        promised: true
      }
    }
    case "Stray": {
      const run = currentOf(world, step.task)?.run ?? 1
      const task = step.foreign ? ended(99, "root", failed, run) : ended(step.task, "root", failed, run - 1)
      return {
        ...world,
        batch: changed(world.batch, (batch) => {
          if (!step.known) return Batch.end(batch, task)
          Batch.know(batch, task.id, task.run)
          Batch.told(batch, [task])
        })
      }
    }
  }
}

/** Every moment of a story. */
const play = (
  steps: ReadonlyArray<Step>
): ReadonlyArray<{ readonly step: Step; readonly before: World; readonly after: World }> => {
  let world = fresh(new Map())
  return steps.map((step) => {
    const before = world
    world = apply(world, step)
    return { step, before, after: world }
  })
}

const endedOf = (plain: ReadonlyArray<Plain>): ReadonlyArray<Task.Task> =>
  plain.flatMap(({ ended }) => ended === undefined ? [] : [ended])

const expected = ({ plain, promised }: World): Batch.Next => {
  const remaining = plain.filter(({ ended }) => ended === undefined).length
  const untold = endedOf(plain.filter(({ known }) => !known))
  if (remaining > 0) return untold.length > 0 ? { _tag: "Progress", tasks: untold, remaining } : { _tag: "Nothing" }
  return untold.length > 0 || promised ? { _tag: "Final", tasks: endedOf(plain) } : { _tag: "Closed" }
}

describe("a batch", () => {
  it.prop("C3 C4 C9 C12 C13 says next what a plain list of what happened says", [...steps], ([steps]) => {
    for (const { after } of play(steps)) {
      assert.deepStrictEqual(Batch.next(after.batch), expected(after))
      assert.strictEqual(Batch.isOver(after.batch), after.plain.every(({ ended }) => ended !== undefined))
      assert.strictEqual(Batch.isEmpty(after.batch), after.plain.length === 0)
      for (const { task } of after.plain) assert.isTrue(Batch.has(after.batch, taskId(task)))
    }
  }, thorough(400))

  it.prop("C4 the last word lists each task of the batch exactly once, in order, and nothing else", [...steps], ([
    steps
  ]) => {
    for (const { after } of play(steps)) {
      const next = Batch.next(after.batch)
      if (next._tag !== "Final") continue
      assert.deepStrictEqual(
        next.tasks.map(({ id, run }) => [id, run]),
        after.plain.map(({ run, task }) => [taskId(task), run])
      )
    }
  }, thorough(400))

  it.prop("C2 nobody's end is told twice before the last word", [...steps], ([steps]) => {
    let told = new Set<string>()
    for (const { before, step } of play(steps)) {
      const next = Batch.next(before.batch)
      if (step._tag !== "Tell") continue
      if (next._tag === "Final" || next._tag === "Closed") told = new Set()
      if (next._tag !== "Progress") continue
      for (const { id, run } of next.tasks) {
        assert.isFalse(told.has(`${id} ${run}`), id)
        told.add(`${id} ${run}`)
      }
    }
  }, thorough(400))

  it.prop("C3 what was promised comes: whatever happens after a progress notice, the last word is said", [...steps], ([
    steps
  ]) => {
    for (const { after } of play(steps)) {
      if (!after.promised) continue
      const over = changed(after.batch, (batch) => {
        for (const { ended: over, run, task } of after.plain) {
          if (over === undefined) Batch.end(batch, ended(task, "root", calledOff, run))
          Batch.know(batch, taskId(task), run)
        }
      })
      assert.strictEqual(Batch.next(over)._tag, "Final")
    }
  }, thorough(400))

  it.prop("C4 what happens to another batch's tasks, or happened in an earlier run, changes nothing", [...steps], ([
    steps
  ]) => {
    for (const { after, before, step } of play(steps)) {
      if (step._tag === "Stray") assert.deepStrictEqual(Batch.next(after.batch), Batch.next(before.batch))
    }
  }, thorough(400))

  const two = changed(Batch.make(), join(1), join(2))

  it("C12 that was called off as a whole needs no word: whoever did that knows", () => {
    const off = changed(two, end(1, "root", calledOff), end(2, "root", calledOff))
    assert.strictEqual(Batch.next(off)._tag, "Closed")
    assert.isTrue(Batch.isClosed(off))
  })

  it("C3 C12 that was called off in part has a last word, and it lists what was called off as well", () => {
    for (const outcome of [completed, failed, expired]) {
      const part = changed(two, end(1, "root", calledOff), end(2, "root", outcome))
      assert.deepStrictEqual(Batch.next(part), {
        _tag: "Final",
        tasks: [ended(1, "root", calledOff), ended(2, "root", outcome)]
      })
    }
  })

  it("C3 a parent that was told of the first waits for the last word, even if it calls off the second", () => {
    const first = changed(two, end(1, "root"), told(1, "root"))
    assert.strictEqual(Batch.next(first)._tag, "Nothing")
    const off = changed(first, end(2, "root", calledOff))
    assert.strictEqual(Batch.next(off)._tag, "Final")
  })

  it("whose results were all read before anything was told is closed; told ones are known, read ones not told", () => {
    const read = changed(two, end(1, "root"), know(1))
    assert.strictEqual(Batch.next(read)._tag, "Nothing")
    const both = changed(read, end(2, "root"), know(2))
    assert.strictEqual(Batch.next(both)._tag, "Closed")
  })

  it("reading a task that still runs is not knowing its end", () => {
    const early = changed(two, know(1), end(1, "root"))
    assert.deepStrictEqual(Batch.next(early), { _tag: "Progress", tasks: [ended(1, "root")], remaining: 1 })
  })

  it("C2 an end that is told again is the same end", () => {
    const again = changed(two, end(1, "root"), told(1, "root"), end(1, "root", failed))
    assert.deepStrictEqual(Batch.next(again), { _tag: "Nothing" })
  })

  it("C4 a run of which nobody hears any more counts no longer when the next one is out", () => {
    const again = changed(two, join(1, 2), end(1, "root"), end(2, "root"))
    assert.deepStrictEqual(Batch.next(again), { _tag: "Progress", tasks: [ended(2, "root")], remaining: 1 })
    const over = changed(again, end(1, "root", failed, 2))
    assert.deepStrictEqual(Batch.next(over), { _tag: "Final", tasks: [ended(2, "root"), ended(1, "root", failed, 2)] })
  })

  it("a task that is continued while the batch is out counts once, with its new run", () => {
    const again = changed(two, end(1, "root"), told(1, "root"), join(1, 2), end(2, "root"))
    assert.deepStrictEqual(Batch.next(again), { _tag: "Progress", tasks: [ended(2, "root")], remaining: 1 })
    const over = changed(again, end(1, "root", failed, 2))
    assert.deepStrictEqual(Batch.next(over), { _tag: "Final", tasks: [ended(2, "root"), ended(1, "root", failed, 2)] })
  })
})

describe("a batch from which a task is taken away", () => {
  const leave = (n: number) => (batch: Batch.Batch): void => Batch.leave(batch, taskId(n))

  it("C3 waits no longer for one that is out", () => {
    const batch = changed(Batch.make(), join(1), join(2), end(1, "root", completed), leave(2))
    assert.deepStrictEqual([batch.out, Batch.has(batch, taskId(2))], [0, false])
    const next = Batch.next(batch)
    assert.deepStrictEqual(next._tag === "Final" ? next.tasks.map(({ id }) => id) : next._tag, [taskId(1)])
  })

  it("C2 owes no word of one that is over, and counts no other as out for it", () => {
    const batch = changed(Batch.make(), join(1), join(2), end(1, "root", completed), leave(1), leave(3))
    assert.deepStrictEqual([batch.out, Batch.next(batch)._tag], [1, "Nothing"])
    assert.deepStrictEqual(Batch.next(changed(batch, leave(2)))._tag, "Closed")
    const promised = changed(Batch.make(), join(1), join(2), end(1, "root", completed), Batch.promise)
    assert.deepStrictEqual(Batch.next(changed(promised, leave(2), leave(1)))._tag, "Closed")
  })
})

describe("a batch that takes over another", () => {
  const theirs = changed(
    Batch.make(),
    join(1),
    join(2),
    join(3),
    end(1, "root", completed),
    end(2, "root", completed),
    know(1)
  )
  const merge = (other: Batch.Batch) => (batch: Batch.Batch): void => Batch.merge(batch, other)
  const idsOf = (next: Batch.Next) => "tasks" in next ? next.tasks.map(({ id }) => id) : next._tag

  it("C1 C2 owes what that owed, and not what was known there", () => {
    const batch = changed(Batch.make(), merge(theirs))
    assert.deepStrictEqual([batch.out, batch.promised, idsOf(Batch.next(batch))], [1, false, [taskId(2)]])
    const over = changed(batch, end(3, "root", completed))
    assert.deepStrictEqual(idsOf(Batch.next(over)), [taskId(1), taskId(2), taskId(3)])
  })

  it("C3 promises what was promised there, and what it had promised itself", () => {
    const promised = changed(theirs, Batch.promise)
    assert.isTrue(changed(Batch.make(), merge(promised)).promised)
    assert.isTrue(changed(Batch.make(), join(4), Batch.promise, merge(theirs)).promised)
  })

  it("C4 has its own before the others, in order, and none twice", () => {
    const own = changed(Batch.make(), join(4), join(2), end(4, "root", completed), merge(theirs))
    assert.strictEqual(own.out, 2)
    const over = changed(own, end(2, "root", completed), end(3, "root", completed))
    assert.deepStrictEqual(idsOf(Batch.next(over)), [taskId(4), taskId(2), taskId(1), taskId(3)])
    const more = changed(own, join(5))
    assert.strictEqual(more.members.get(taskId(5))?.place, 4)
  })
})
