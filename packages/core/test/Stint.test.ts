/**
 * How much of its time a task has spent that is taken over.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Stint from "../src/Stint.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import { completed, request, sessionId, taskId } from "./support/arbitraries.ts"

const stamp = (at: number) => ({ id: taskId(1), run: 1, at })
const started = (at: number): TaskEvent => ({ _tag: "Started", ...stamp(at) })
const asked = (at: number): TaskEvent => ({ _tag: "Asked", ...stamp(at), what: "bash" })
const answered = (at: number): TaskEvent => ({ _tag: "Answered", ...stamp(at) })
const lent = (at: number): TaskEvent => ({ _tag: "Lent", ...stamp(at) })
const restored = (at: number): TaskEvent => ({ _tag: "Restored", ...stamp(at) })
const queued: TaskEvent = { _tag: "Queued", ...stamp(0), request: request(sessionId("ses_root")) }

const stint = (seen: number, ...events: ReadonlyArray<TaskEvent>) => Stint.of([queued, ...events], seen)

describe("what a task has spent of its time", () => {
  it("B17 is all from when it had its slots until it was last seen, where it waited for nothing", () => {
    assert.deepStrictEqual(stint(40, started(10)), { ranMs: 30, uncountedMs: 0 })
    assert.deepStrictEqual(stint(40), { ranMs: 0, uncountedMs: 0 })
    // Seen last before it had its slots, as far as anybody knows.
    assert.deepStrictEqual(stint(0, started(10), lent(20)), { ranMs: 0, uncountedMs: 0 })
  })

  it("B17 leaves out where a person was waited for, or its slots were lent, to the end where that went on", () => {
    assert.deepStrictEqual(stint(40, started(10), asked(15), answered(20), lent(30), restored(33)).uncountedMs, 8)
    assert.deepStrictEqual(stint(40, started(10), lent(15)).uncountedMs, 25)
    assert.deepStrictEqual(stint(40, started(10), asked(15), answered(20), asked(39)).uncountedMs, 6)
    // What was noted after it was last seen.
    assert.deepStrictEqual(stint(40, started(10), asked(45)).uncountedMs, 0)
  })

  it("B17 leaves nothing out twice, whatever was written first", () => {
    assert.deepStrictEqual(stint(40, started(10), lent(15), asked(20), answered(25), restored(30)).uncountedMs, 15)
    assert.deepStrictEqual(stint(40, started(10), asked(20), lent(15), restored(30), answered(35)).uncountedMs, 20)
    // Lent again before anybody had written that they were back.
    assert.deepStrictEqual(stint(40, started(10), lent(15), lent(20), restored(20), restored(30)).uncountedMs, 15)
  })

  it("B17 counts what came since it had its slots last, and not what was before", () => {
    const adopted: TaskEvent = { _tag: "Adopted", ...stamp(20), ranMs: 10, uncountedMs: 5 }
    assert.deepStrictEqual(stint(40, started(10), asked(15), adopted), { ranMs: 0, uncountedMs: 0 })
    assert.deepStrictEqual(stint(40, started(10), asked(15), adopted, started(30), asked(39)), {
      ranMs: 10,
      uncountedMs: 1
    })
    const again: ReadonlyArray<TaskEvent> = [
      { _tag: "Ended", ...stamp(20), outcome: completed, progress: { toolCalls: 0 } },
      { _tag: "Continued", ...stamp(25), run: 2, request: request(sessionId("ses_root")) }
    ]
    assert.deepStrictEqual(stint(40, started(10), lent(15), ...again), { ranMs: 0, uncountedMs: 0 })
  })
})
