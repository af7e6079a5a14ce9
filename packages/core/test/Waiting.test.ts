import { assert, describe, it } from "@effect/vitest"
import type { Task } from "../src/Task.ts"
import { isCircle, type Wait } from "../src/Waiting.ts"
import { request, sessionId, taskId } from "./support/arbitraries.ts"

/** A task that is at work in a session of its own. */
const at = (n: number, parent = 0, run = 1, background = true): Task => ({
  id: taskId(n),
  run,
  request: request(`ses_${parent}`, { background }),
  status: "running",
  queuedAt: 0,
  session: sessionId(`ses_${n}`),
  progress: { toolCalls: 0 }
})

const wait = (by: number, of: number, run = 1): Wait => ({ by: taskId(by), of: { id: taskId(of), run } })

describe("a wait that would never end (A15)", () => {
  it("is one that others lead back from to the one who waits, however many there are", () => {
    const open = [1, 2, 3, 4].map((n) => at(n))
    assert.isTrue(isCircle(wait(1, 1), [], open))
    assert.isTrue(isCircle(wait(1, 2), [wait(2, 1)], open))
    assert.isTrue(isCircle(wait(1, 2), [wait(2, 4), wait(2, 3), wait(3, 1)], open))
    assert.isFalse(isCircle(wait(1, 2), [wait(2, 3), wait(1, 3), wait(4, 1)], open))
    assert.isFalse(isCircle(wait(1, 2), [wait(2, 3), wait(3, 2)], open), "a circle of others")
  })

  it("is one of whom the one who waits is sent out, by them or by those for whom they wait", () => {
    assert.isTrue(isCircle(wait(3, 1), [], [at(1), at(2, 1), at(3, 2)]))
    assert.isTrue(isCircle(wait(3, 1), [wait(1, 2)], [at(1), at(2), at(3, 2)]))
    assert.isFalse(
      isCircle(wait(3, 1), [wait(1, 2)], [at(1), at(2), at(3, 2, 1, false)]),
      "who waits for its own in a call is among those who wait"
    )
  })

  it("is none where somebody between is over, or was waited for in an earlier run", () => {
    assert.isFalse(isCircle(wait(1, 2), [wait(2, 3), wait(3, 1)], [at(1), at(2)]))
    assert.isFalse(isCircle(wait(1, 2), [wait(2, 3, 1), wait(3, 1)], [at(1), at(2), at(3, 0, 2)]))
  })
})
