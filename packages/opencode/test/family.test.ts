/**
 * What the tools of one task may do with another: look at it, where both are of one family, and call off only what is
 * below.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { backgroundCancel } from "../src/tools/backgroundCancel.ts"
import { backgroundOutput } from "../src/tools/backgroundOutput.ts"
import type { Caller, ToolResult } from "../src/tools/Caller.ts"
import { Launching } from "../src/tools/Launching.ts"
import { Polling } from "../src/tools/Polling.ts"

const world = Layer.merge(Launching.layer, Polling.layer).pipe(
  Layer.provideMerge(Tasks.Tasks.layer),
  Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave: () => [{ do: "hang" }] }))
)

describe("a task of the same family", () => {
  it.effect("D7 can be looked at, and called off by those above it only", () =>
    Effect.gen(function*() {
      const tasks = yield* Tasks.Tasks
      const host = yield* SimulatedHost.SimulatedHost
      const parent = yield* host.root("ses_root")
      const launch = Effect.fnUntraced(function*(prompt: string) {
        const { id } = yield* tasks.launch({ description: prompt, prompt, agent: "explore", parent })
        const { session } = yield* tasks.opened(id)
        return { id, session: yield* Effect.fromOption(Option.fromUndefinedOr(session)) }
      })
      const [task, sibling] = [yield* launch("one"), yield* launch("two")]
      const use = <R>(
        tool: (input: unknown, caller: Caller) => Effect.Effect<ToolResult, never, R>,
        session: typeof parent
      ) => Effect.map(tool({ task_id: task.id }, { session }), ({ output }) => output)

      assert.include(yield* use(backgroundOutput, sibling.session), "| Status | **running** |")
      // The other of its two ids is as good.
      const bySession = yield* backgroundOutput({ task_id: task.session }, { session: sibling.session })
      assert.include(bySession.output, `\`${task.id}\``)
      for (const session of [sibling.session, task.session]) {
        assert.include(yield* use(backgroundCancel, session), `Task ${task.id} belongs to another session.`)
        assert.strictEqual((yield* tasks.get(task.id)).status, "running")
      }
      assert.include(yield* use(backgroundCancel, parent), task.id)
      assert.strictEqual((yield* tasks.get(task.id)).status, "cancelled")
      yield* tasks.cancel(sibling.id)
      yield* TestClock.adjust("1 minute")
    }).pipe(Effect.provide(world)))
})
