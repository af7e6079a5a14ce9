/**
 * Reading a task by `background_output`, on a host that does not answer: it takes a bounded time all the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Settings, Task, Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { backgroundOutput } from "../src/tools/backgroundOutput.ts"
import { Polling } from "../src/tools/Polling.ts"

const world = Layer.mergeAll(Tasks.Tasks.layer, Polling.layer).pipe(
  Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] })),
  Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, staleTimeoutMs: 60_000 }))
)

const launchOne = Effect.gen(function*() {
  const tasks = yield* Tasks.Tasks
  const host = yield* SimulatedHost.SimulatedHost
  const session = yield* host.root("ses_root")
  const { id } = yield* tasks.launch({ description: "d", prompt: "p", agent: "explore", parent: session })
  yield* TestClock.adjust("1 second")
  return { id, session }
})

/** What still runs is called off, on a host that is well again: the end of the world would wait for it. */
const atRest = Effect.gen(function*() {
  const tasks = yield* Tasks.Tasks
  const host = yield* SimulatedHost.SimulatedHost
  yield* host.faults(() => "ok")
  for (const { id } of yield* tasks.list) yield* Effect.ignore(tasks.cancel(id))
  yield* TestClock.adjust("1 minute")
})

/** What the call gives, and how long it takes (ms, in whole seconds). */
const timed = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(call)
    let seconds = 0
    while (fiber.pollUnsafe() === undefined && seconds < 600) {
      yield* TestClock.adjust("1 second")
      seconds++
    }
    assert.isDefined(fiber.pollUnsafe(), "it waits for ever")
    return { output: yield* Fiber.join(fiber), ms: seconds * 1_000 }
  })

describe("background_output on a host that hangs", () => {
  it.effect("D6 block=true comes back when its time is over, with how the task stands", () =>
    Effect.gen(function*() {
      const host = yield* SimulatedHost.SimulatedHost
      const { id, session } = yield* launchOne
      yield* host.faults(() => "hang")
      const { ms, output } = yield* timed(
        backgroundOutput({ task_id: id, block: true, timeout: 5_000 }, { session })
      )
      assert.include(output.output, "| Status | **running** |")
      assert.include(output.output, "**Timed out waiting** after 5s")
      // The time to wait, and two seconds for the last message, which the page can do without.
      assert.isAtMost(ms, 7_000)
    }).pipe(Effect.ensuring(atRest), Effect.provide(world)))

  it.effect("D6 block=true comes back with the end of the task when that comes first", () =>
    Effect.gen(function*() {
      const host = yield* SimulatedHost.SimulatedHost
      const { id, session } = yield* launchOne
      const tasks = yield* Tasks.Tasks
      const reading = yield* Effect.forkChild(
        timed(backgroundOutput({ task_id: id, block: true, timeout: 600_000 }, { session }))
      )
      yield* TestClock.adjust("1 second")
      yield* host.faults(() => "hang")
      yield* Effect.forkChild(tasks.cancel(id))
      const { output } = yield* Fiber.join(reading)
      assert.include(output.output, "| Status | **cancelled** |")
    }).pipe(Effect.ensuring(atRest), Effect.provide(world)))

  it.effect("D6 reading a task of a session that cannot be placed is answered in bounded time", () =>
    Effect.gen(function*() {
      const host = yield* SimulatedHost.SimulatedHost
      const { id } = yield* launchOne
      yield* host.faults(() => "hang")
      const { ms, output } = yield* timed(
        backgroundOutput({ task_id: id }, { session: Task.SessionId.make("ses_unheard_of") })
      )
      assert.include(output.output, id)
      assert.notInclude(output.output, "## Original Prompt")
      assert.isAtMost(ms, Settings.defaults.callTimeoutMs)
    }).pipe(Effect.ensuring(atRest), Effect.provide(world)))
})
