/**
 * The end of the server, in every way that there is, with a task that runs: nothing hangs, and nothing that is said
 * afterwards is untrue.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Effect } from "effect"
import { patience, place, serve, words } from "./support/b.ts"

const { script } = Script
const hang = script([{ hang: true }])

describe("a server that ends with a task that runs", () => {
  it.live("killed: its successor in the same place says what it knows of the old ids", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place()
      const child = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* OpenCode.serve(sandbox)
        const { asked, launch } = words({ model, server })
        const session = yield* server.newSession("parent")
        const child = yield* launch(session, hang)
        yield* asked(child.session)
        yield* server.kill("SIGKILL")
        assert.strictEqual((yield* server.exited).signal, "SIGKILL")
        return { ...child, parent: session }
      }))
      assert.isTrue(
        (yield* model.waitFor(({ endedAt, sessionID }) => sessionID === child.session && endedAt !== undefined, {
          timeout: patience
        })).aborted
      )

      const server = yield* OpenCode.serve(sandbox)
      const { call, launch, read, told } = words({ model, server })
      const page = yield* read(child.parent, child.task)
      assert.include(page, `Task not found: ${child.task}. This run of OpenCode does not know it`)
      assert.strictEqual(yield* read(child.parent, child.task, { block: true }), page)
      const again = yield* call(child.parent, "delegate_task", { session_id: child.session, prompt: "go on" })
      assert.include(again, `Session not found: ${child.session}.`)
      assert.include(again, "is of an earlier run of OpenCode")
      assert.include(yield* call(child.parent, "background_cancel", { task_id: child.task }), "Task not found")
      assert.include(yield* call(child.parent, "background_cancel", { all: true }), "No running or pending")

      const next = yield* launch(child.parent, script([{ say: "AFTER THE CRASH" }]))
      assert.notStrictEqual(next.task, child.task)
      assert.include(yield* told(child.parent, /ALL BACKGROUND TASKS COMPLETE/), "AFTER THE CRASH")
    }))

  it.live("disposed of its instance: what runs is stopped, what waits never starts, and the next one works (E8)", () =>
    Effect.gen(function*() {
      const settings = { defaultConcurrency: 1, pollIntervalMs: 100 }
      const { asked, launch, model, notices, parent, read, server, told } = yield* serve({ settings })
      const session = yield* parent
      const child = yield* launch(session, hang)
      yield* asked(child.session)
      const waiting = yield* launch(session, script([{ say: "TOO LATE" }]))
      assert.include(waiting.output, "Session ID: (not started)")
      const disposed = yield* server.request("POST", "/instance/dispose")
      assert.strictEqual(disposed.status, 200)
      assert.isTrue((yield* asked(child.session, ({ endedAt }) => endedAt !== undefined)).aborted)

      assert.include(yield* read(session, child.task), "Task not found")
      const next = yield* launch(session, script([{ say: "AFTER THE END" }]))
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "AFTER THE END")
      assert.lengthOf(yield* notices(session), 1)
      const children = (yield* server.children(session)).map(({ id }) => id)
      assert.sameMembers(children, [child.session, next.session])
      assert.strictEqual(yield* model.inFlight(), 0)
    }))

  it.live("asked to end by SIGTERM: it ends by that signal, and waits for nobody (E9)", () =>
    Effect.gen(function*() {
      const { asked, launch, parent, server } = yield* serve()
      const child = yield* launch(yield* parent, hang)
      yield* asked(child.session)
      yield* server.kill("SIGTERM")
      const exit = yield* Effect.timeout(server.exited, patience)
      assert.deepStrictEqual(exit, { code: null, signal: "SIGTERM" })
      assert.isTrue((yield* asked(child.session, ({ endedAt }) => endedAt !== undefined)).aborted)
    }))
})
