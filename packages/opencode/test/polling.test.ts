/**
 * F7: looking at a running task again and again is answered shortly.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task } from "@errand/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { stillAtIt } from "../src/text/polling.ts"
import { isPolling, Polling, recent } from "../src/tools/Polling.ts"
import { pending, running, t0 } from "./fixtures.ts"

const session = Task.SessionId.make("ses_parent")

describe("F7 polling", () => {
  it("two looks within half a minute are in order, three are polling", () => {
    assert.isFalse(isPolling(recent([0], 1_000)))
    assert.isTrue(isPolling(recent([0, 1_000], 2_000)))
    assert.isFalse(isPolling(recent([0, 1_000], 31_000)))
  })

  it.effect("is counted by session and task, and forgotten after half a minute", () =>
    Effect.gen(function*() {
      const polling = yield* Polling
      const look = polling.look(session, running.id)
      assert.deepStrictEqual([yield* look, yield* look, yield* look, yield* look], [false, false, true, true])
      assert.isFalse(yield* polling.look(Task.SessionId.make("ses_other"), running.id))
      assert.isFalse(yield* polling.look(session, Task.TaskId.make("bg_00000001")))
      yield* TestClock.adjust("30 seconds")
      assert.isFalse(yield* look)
    }).pipe(Effect.provide(Polling.layer)))

  it("the answer is one line that says what to do instead", () => {
    assert.strictEqual(
      stillAtIt(running, t0 + 135_000),
      "Task bg_abc12345 is still running (for 2m 15s). You are polling: nothing is gained by it, as you are notified "
        + "when it ends. Go on with other work, or end your turn; to wait here, pass block=true."
    )
    assert.include(stillAtIt(pending, t0 + 4_000), "still in line (for 4s)")
  })
})
