/**
 * The end of the server, in every way that there is, with a task that runs: nothing hangs, and nothing that is said
 * afterwards is untrue.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Effect } from "effect"
import * as Acp from "./support/acp.ts"
import { lastUser, patience, place, serve, words } from "./support/b.ts"

const { script } = Script
const hang = script([{ hang: true }])

/** Does something with a server of this place, and kills it (-9) when that is done. */
const untilKilled = <A, E, R>(
  { model, sandbox }: Place,
  use: (server: OpenCode.OpenCodeServer, say: ReturnType<typeof words>) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* OpenCode.serve(sandbox)
    const found = yield* use(server, words({ model, server }))
    yield* server.kill("SIGKILL")
    assert.strictEqual((yield* server.exited).signal, "SIGKILL")
    return found
  }))

type Place = Effect.Success<ReturnType<typeof place>>

describe("a server that ends with a task that runs", () => {
  it.live("D8 killed: one that had finished, one at work and one in line all arrive, once, when the parent is used", () =>
    Effect.gen(function*() {
      const here = yield* place({ settings: { defaultConcurrency: 1 } })
      const { model } = here
      const before = yield* untilKilled(here, (server, { launch }) =>
        Effect.gen(function*() {
          const parent = yield* server.newSession("parent")
          const one = yield* launch(parent, script([{ gate: "one", say: "ONE" }]))
          const two = yield* launch(parent, script([{ hang: true }], { later: [{ say: "TWO WENT ON" }] }))
          const three = yield* launch(parent, script([{ say: "THREE" }]))
          // Who waits for the third is not told of the first meanwhile.
          const waiting = { name: "background_output", args: { task_id: three.task, block: true, timeout: 100_000 } }
          yield* server.promptAsync(parent, script([{ toolCalls: [waiting] }]))
          yield* words({ model, server }).running(parent, "background_output")
          yield* model.openGate("one")
          yield* server.idle(one.session)
          yield* model.waitFor(
            ({ kind, sessionID }) => kind === "script" && sessionID !== one.session && sessionID !== parent,
            {
              timeout: patience,
              what: "the second to begin"
            }
          )
          return { parent, one, two, three }
        }))
      const { one, parent, three, two } = before

      yield* untilKilled(here, (server, { notices, read, told }) =>
        Effect.gen(function*() {
          // Its context is intact: it is told to go on in its session, and the third takes its place.
          const goesOn = yield* model.waitFor((request) => lastUser(request).includes("stopped and started again"), {
            timeout: patience,
            what: "the second to go on"
          })
          yield* server.idle(goesOn.sessionID ?? "(none)")
          assert.deepStrictEqual(yield* notices(parent), [], "nobody is there yet")
          // Its agent is told when it is used; the person is told that there is something to use it for.
          const { properties } = yield* server.waitFor(({ type }) => type === "tui.toast.show", {
            timeout: patience,
            what: "a word to the person"
          })
          assert.match(
            String(properties["message"]),
            /^(\d+ earlier tasks? goe?s? on: .*\. )?There is news of tasks that have ended/
          )
          yield* server.promptAsync(parent, script([{ say: "I am back." }], { later: [{ say: "Thanks." }] }))
          const last = yield* told(parent, /ALL BACKGROUND TASKS COMPLETE/)
          for (const answer of ["ONE", "TWO WENT ON", "THREE"]) assert.include(last, answer)
          for (const { task } of [one, two, three]) assert.include(last, task)
          assert.lengthOf((yield* notices(parent)).filter((text) => text.includes("ALL BACKGROUND")), 1)
          assert.include(yield* read(parent, two.task), "TWO WENT ON")
        }))

      const server = yield* OpenCode.serve(here.sandbox)
      const { notices, read } = words({ model, server })
      assert.include(yield* read(parent, one.task), "ONE")
      assert.include(yield* read(parent, three.task), "THREE")
      assert.lengthOf((yield* notices(parent)).filter((text) => text.includes("ALL BACKGROUND")), 1)
    }))

  it.live("D8 killed, with onRestart: \"report\": the task ends, its parent is told how to go on with it, and can", () =>
    Effect.gen(function*() {
      const here = yield* place({ settings: { onRestart: "report" } })
      const { parent, child } = yield* untilKilled(here, (server, { asked, launch }) =>
        Effect.gen(function*() {
          const parent = yield* server.newSession("parent")
          const child = yield* launch(parent, hang)
          yield* asked(child.session)
          return { parent, child }
        }))
      const server = yield* OpenCode.serve(here.sandbox)
      const { call, told } = words({ model: here.model, server })
      yield* server.promptAsync(parent, script([{ say: "I am back." }], { later: [{ say: "I see." }] }))
      const last = yield* told(parent, /interrupted by a restart/)
      assert.include(last, `session_id="${child.session}"`)
      yield* call(parent, "delegate_task", { session_id: child.session, prompt: script([{ say: "DONE NOW" }]) })
      assert.include(yield* told(parent, /DONE NOW/), child.task)
    }))

  it.live("killed, with journal: \"memory\": its successor in the same place says what it knows of the old ids", () =>
    Effect.gen(function*() {
      const here = yield* place({ settings: { journal: "memory" } })
      const { model, sandbox } = here
      const child = yield* untilKilled(here, (server, { asked, launch }) =>
        Effect.gen(function*() {
          const session = yield* server.newSession("parent")
          const child = yield* launch(session, hang)
          yield* asked(child.session)
          return { ...child, parent: session }
        }))
      const server = yield* OpenCode.serve(sandbox)
      const { call, launch, read, told } = words({ model, server })
      const page = yield* read(child.parent, child.task)
      assert.include(page, `Task not found: ${child.task}. It is older than what is kept`)
      assert.strictEqual(yield* read(child.parent, child.task, { block: true }), page)
      const again = yield* call(child.parent, "delegate_task", { session_id: child.session, prompt: "go on" })
      assert.include(again, `Session not found: ${child.session}.`)
      assert.include(again, "is older than what is kept")
      assert.include(yield* call(child.parent, "background_cancel", { task_id: child.task }), "Task not found")
      assert.include(yield* call(child.parent, "background_cancel", { all: true }), "No running or pending")

      const next = yield* launch(child.parent, script([{ say: "AFTER THE CRASH" }]))
      assert.notStrictEqual(next.task, child.task)
      assert.include(yield* told(child.parent, /ALL BACKGROUND TASKS COMPLETE/), "AFTER THE CRASH")
    }))

  it.live("E8 D8 disposed of its instance: what runs is stopped, and the next one goes on with it and with who waits", () =>
    Effect.gen(function*() {
      const settings = { defaultConcurrency: 1, pollIntervalMs: 100 }
      const { asked, launch, model, notices, parent, read, server, told } = yield* serve({ settings })
      const session = yield* parent
      const child = yield* launch(session, script([{ hang: true }], { later: [{ say: "WENT ON" }] }))
      yield* asked(child.session)
      const waiting = yield* launch(session, script([{ say: "NOT TOO LATE" }]))
      assert.include(waiting.output, "Session ID: (not started)")
      const disposed = yield* server.request("POST", "/instance/dispose")
      assert.strictEqual(disposed.status, 200)
      assert.isTrue((yield* asked(child.session, ({ endedAt }) => endedAt !== undefined)).aborted)

      yield* read(session, child.task)
      const last = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.include(last, "WENT ON")
      assert.include(last, "NOT TOO LATE")
      assert.lengthOf((yield* notices(session)).filter((text) => text.includes("ALL BACKGROUND")), 1)
      assert.lengthOf(yield* server.children(session), 2)
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

describe("an editor that talks to opencode acp, which makes the plugin twice", () => {
  it.live("D8 C1 C6 goes on with what was left below its session when that is used, and its agent is told", () =>
    Effect.gen(function*() {
      const here = yield* place()
      const { model } = here
      const { parent, child } = yield* untilKilled(here, (server, { asked, launch }) =>
        Effect.gen(function*() {
          const parent = yield* server.newSession("parent")
          const child = yield* launch(parent, script([{ hang: true }], { later: [{ gate: "again", say: "WENT ON" }] }))
          yield* asked(child.session)
          return { parent, child }
        }))
      const editor = yield* Acp.open(here.sandbox)
      // The copy that OpenCode has made for itself has had its chance by then.
      yield* Effect.sleep("3 seconds")
      yield* editor.load(parent)
      yield* editor.prompt(parent, script([{ say: "I am back." }], { later: [{ say: "Thanks for it." }] }))
      yield* editor.shows(parent, "I am back.")
      yield* model.openGate("again")
      yield* editor.shows(parent, "Thanks for it.")
      const told = (yield* model.requests).filter(({ sessionID }) => sessionID === parent).map(lastUser)
      assert.lengthOf(told.filter((text) => text.includes("ALL BACKGROUND") && text.includes(child.task)), 1)
      assert.lengthOf(
        (yield* model.requests).filter((request) => lastUser(request).includes("stopped and started again")),
        1
      )
    }))
})
