import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type * as Batch from "../src/Batch.ts"
import type { Notice } from "../src/Notice.ts"
import * as Outbox from "../src/Outbox.ts"
import type * as Task from "../src/Task.ts"
import {
  below,
  calledOff,
  completed,
  ended,
  expired,
  failed,
  outcomes,
  request,
  sequence,
  sessionId,
  taskId,
  thorough
} from "./support/arbitraries.ts"

const parent = sessionId("root")

/** A task that is not over. */
const out = (n: number, run = 1): Task.Task => ({
  id: taskId(n),
  run,
  request: request(parent),
  status: "pending",
  queuedAt: 0,
  progress: { toolCalls: 0 }
})

const change = (box: Outbox.Box): Outbox.Change => (_, change) => change(box)

const launch = (n: number, run = 1) => (box: Outbox.Box): void =>
  Outbox.ofTask(
    { _tag: run === 1 ? "Queued" : "Continued", id: taskId(n), run, at: 0, request: request(parent) },
    out(n, run),
    change(box)
  )

const adopt = (n: number, run = 1) => (box: Outbox.Box): void =>
  Outbox.ofTask({ _tag: "Adopted", id: taskId(n), run, at: 0, ranMs: 0 }, out(n, run), change(box))

const end = (n: number, outcome: Task.Outcome = completed, run = 1) => (box: Outbox.Box): void =>
  Outbox.ofTask(
    { _tag: "Ended", id: taskId(n), run, at: 1, outcome, progress: { toolCalls: 0 } },
    ended(n, parent, outcome, run),
    change(box)
  )

const read = (n: number, run = 1) => (box: Outbox.Box): void =>
  Outbox.ofNotice({ _tag: "Read", parent, at: 1, id: taskId(n), run }, change(box))

const send = (kind: Notice["kind"], ...tasks: ReadonlyArray<number>) => (box: Outbox.Box): void =>
  Outbox.ofNotice({
    _tag: "Sending",
    parent,
    at: 1,
    notice: `nt ${kind}`,
    kind,
    tasks: tasks.map((n) => ({ id: taskId(n), run: 1 })),
    remaining: 0
  }, change(box))

const take = (notice: string) => (box: Outbox.Box): void =>
  Outbox.ofNotice({ _tag: "Taken", parent, at: 2, notice }, change(box))

const leave = (n: number) => (box: Outbox.Box): void => Outbox.leave(box, taskId(n))
const merge = (other: Outbox.Box) => (box: Outbox.Box): void => Outbox.merge(box, other)

/** A box after all of that. */
const after = (...changes: ReadonlyArray<(box: Outbox.Box) => void>): Outbox.Box => {
  const box = Outbox.make()
  for (const change of changes) change(box)
  return box
}

const numberOf = ({ id }: Task.Task): number => Number.parseInt(id.slice(3), 16)

const words = (next: Batch.Next): string =>
  "tasks" in next ? `${next._tag}: ${next.tasks.map(numberOf).join(", ")}` : next._tag

const sent = (box: Outbox.Box): ReadonlyArray<number> | undefined => box.sending[0]?.tasks.map(numberOf)

/** Tells everything that can be told now. */
const tellAll = (box: Outbox.Box): ReadonlyArray<string> => {
  const told: Array<string> = []
  for (let next = Outbox.next(box); "tasks" in next; next = Outbox.next(box)) {
    told.push(words(next))
    assert.isAtMost(told.length, 100, "there is no end of what is told")
    const kind = next._tag === "Final" ? "final" : "progress"
    Outbox.ofNotice({
      _tag: "Sending",
      parent,
      at: 1,
      notice: "nt",
      kind,
      tasks: next.tasks.map(({ id, run }) => ({ id, run })),
      remaining: 0
    }, change(box))
    take("nt")(box)
  }
  return told
}

describe("a box", () => {
  it("C3 has the last word of a batch that is over wait while the next batch is out, and tells them in order", () => {
    const box = after(launch(1), end(1), launch(2), launch(3), end(2))
    assert.strictEqual(Outbox.owed(box), 2)
    assert.deepStrictEqual(tellAll(box), ["Final: 1", "Progress: 2"])
    assert.strictEqual(Outbox.owed(box), 0)
    assert.isFalse(Outbox.isSettled(box))
    end(3)(box)
    assert.deepStrictEqual(tellAll(box), ["Final: 2, 3"])
    assert.isTrue(Outbox.isSettled(box))
  })

  it("C3 goes on with the next batch where the parent has read everything of the first", () => {
    const box = after(launch(1), end(1), launch(2), end(2), read(1))
    assert.isFalse(Outbox.has(box, out(1)))
    assert.deepStrictEqual(tellAll(box), ["Final: 2"])
  })

  it("D8 owes no word of what ends because everything ends, and waits for it: somebody else goes on with it", () => {
    const shutdown: Task.Outcome = { _tag: "Cancelled", reason: "shutdown", message: "it was shut down" }
    const box = after(launch(1), launch(2), end(1, shutdown), end(2, failed))
    assert.isTrue(Outbox.isOut(box))
    assert.deepStrictEqual(Outbox.next(box), { _tag: "Progress", tasks: [ended(2, parent, failed)], remaining: 1 })
  })

  it("B13 knows what its parent was told quietly, from when that goes out until a last word has woken it", () => {
    const box = after(launch(1), launch(2), end(1), send("progress", 1))
    assert.deepStrictEqual([...box.quiet], ["nt progress"])
    take("nt progress")(box)
    assert.deepStrictEqual([...after(launch(3), merge(box)).quiet], ["nt progress"])
    end(2)(box)
    send("final", 1, 2)(box)
    assert.deepStrictEqual([...box.quiet], ["nt progress"])
    launch(3)(box)
    take("nt final")(box)
    assert.deepStrictEqual([...box.quiet], [])
  })

  it("C4 lists who was taken over at the place that they had", () => {
    const box = after(launch(1), end(1), launch(2), launch(3), adopt(2), end(2), end(3))
    assert.deepStrictEqual(tellAll(box), ["Final: 1", "Final: 2, 3"])
  })

  it("C1 owes the word of a task that was taken over and was in no batch, an earlier run of it or none", () => {
    assert.deepStrictEqual(tellAll(after(adopt(1), end(1))), ["Final: 1"])
    const box = after(launch(1), launch(2), end(1), adopt(1, 2), end(2), end(1, expired, 2))
    assert.deepStrictEqual(Outbox.next(box), {
      _tag: "Final",
      tasks: [ended(2, parent), ended(1, parent, expired, 2)]
    })
  })
})

describe("the notice that is on its way", () => {
  const one = [launch(1), end(1), send("final", 1)]

  it("C1 is over when it was taken, and not when another was", () => {
    const box = after(...one, take("nt of another"))
    assert.deepStrictEqual(sent(box), [1])
    assert.isTrue(Outbox.has(box, out(1)))
    take("nt final")(box)
    assert.isTrue(Outbox.isSettled(box))
  })

  it("C1 is awaited also where the parent has read all of it meanwhile: it may arrive still", () => {
    const box = after(...one, read(1))
    assert.isFalse(Outbox.has(box, out(1)))
    assert.isFalse(Outbox.isSettled(box))
    take("nt final")(box)
    assert.isTrue(Outbox.isSettled(box))
  })

  it("C2 is taken once: that it was taken is heard again, and nothing comes of it", () => {
    const box = after(...one, take("nt final"), launch(2), take("nt final"))
    assert.isTrue(Outbox.isOut(box))
    end(2)(box)
    assert.deepStrictEqual(tellAll(box), ["Final: 2"])
  })

  it("C2 is the last word of its batch, also where one of the batch became somebody else's meanwhile", () => {
    const box = after(launch(1), launch(2), end(1), end(2), send("final", 1, 2), leave(1), take("nt final"))
    assert.isTrue(Outbox.isSettled(box))
  })

  it("C4 lists nobody who is somebody else's by now", () => {
    assert.deepStrictEqual(sent(after(launch(1), launch(2), end(1), end(2), leave(1), send("final", 1, 2))), [2])
  })

  it("C2 C4 lists each task once, where its end was taken over twice, and is the last word of both", () => {
    const theirs = after(launch(1), end(1))
    const box = after(launch(1), end(1), merge(theirs), send("final", 1))
    assert.deepStrictEqual(sent(box), [1])
    take("nt final")(box)
    assert.isTrue(Outbox.isSettled(box))
  })

  it("C3 promises the last word from the moment at which it goes, even if it is the last that is heard", () => {
    const box = after(
      launch(1),
      launch(2),
      end(1),
      send("progress", 1),
      read(1),
      end(2, calledOff),
      take("nt progress")
    )
    assert.deepStrictEqual(tellAll(box), ["Final: 1, 2"])
  })
})

describe("a box that takes over another", () => {
  it("C1 C3 owes the last words of both, its own first, and waits for what is out in both", () => {
    const theirs = after(launch(11), end(11), launch(12), launch(13), end(12))
    const box = after(launch(1), end(1), launch(2), merge(theirs))
    assert.strictEqual(Outbox.owed(box), 3)
    assert.deepStrictEqual(tellAll(box), ["Final: 1", "Final: 11", "Progress: 12"])
    end(2)(box)
    end(13)(box)
    assert.deepStrictEqual(tellAll(box), ["Final: 2, 12, 13"])
  })

  it("C2 looks for their notice that was on its way, where none of its own is", () => {
    const theirs = () => after(launch(11), end(11), send("final", 11))
    assert.deepStrictEqual(sent(after(merge(theirs()))), [11])
    assert.deepStrictEqual(sent(after(launch(1), end(1), send("final", 1), merge(theirs()))), [1])
  })
})

/** What may happen to one of a few tasks, or to the news of them. */
const Step = Schema.TaggedUnion({
  Launch: { task: below(4) },
  End: { task: below(4), outcome: below(outcomes.length) },
  Read: { task: below(4) },
  Tell: {}
})
type Step = typeof Step.Type

const steps = sequence(Step, 40)

/** A box after all of that, with the runs that are out; the numbers of its tasks count from `first`. */
const play = (steps: ReadonlyArray<Step>, first = 0) => {
  const box = Outbox.make()
  const runs = new Map<number, number>()
  const isOver = new Set<number>()
  for (const step of steps) {
    if (step._tag === "Tell") {
      tellAll(box)
      continue
    }
    const n = first + step.task
    const run = runs.get(n) ?? 0
    const isOut = run > 0 && !isOver.has(n)
    if (step._tag === "Read" && run > 0) read(n, run)(box)
    if (step._tag === "End" && isOut) {
      end(n, outcomes[step.outcome], run)(box)
      isOver.add(n)
    }
    if (step._tag === "Launch" && !isOut) {
      launch(n, run + 1)(box)
      runs.set(n, run + 1)
      isOver.delete(n)
    }
  }
  const endAll = (box: Outbox.Box): void => {
    for (const [n, run] of runs) if (!isOver.has(n)) end(n, completed, run)(box)
  }
  return { box, endAll }
}

/** Who is listed in last words. */
const listed = (told: ReadonlyArray<string>): Array<string> =>
  told.flatMap((word) => word.startsWith("Final: ") ? word.slice("Final: ".length).split(", ") : [])

describe("whatever happens", () => {
  it.prop("C14 as many notices are owed as can be told, and when all is over and told nothing is left", [steps], ([
    steps
  ]) => {
    const { box, endAll } = play(steps)
    const owed = Outbox.owed(box)
    assert.strictEqual(tellAll(box).length, owed)
    assert.strictEqual(Outbox.owed(box), 0)
    endAll(box)
    tellAll(box)
    assert.isTrue(Outbox.isSettled(box))
  }, thorough(300))

  it.prop("C1 of what is taken over everything is told that would have been told", [steps, steps], ([
    ours,
    theirs
  ]) => {
    const apart = [play(ours), play(theirs, 10)].flatMap(({ box, endAll }) => {
      tellAll(box)
      endAll(box)
      return listed(tellAll(box))
    })
    const [{ box, endAll }, other] = [play(ours), play(theirs, 10)]
    Outbox.merge(box, other.box)
    const before = tellAll(box)
    endAll(box)
    other.endAll(box)
    assert.includeMembers(listed([...before, ...tellAll(box)]), apart)
    assert.isTrue(Outbox.isSettled(box))
  }, thorough(300))
})
