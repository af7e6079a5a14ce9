/**
 * What is done with a task besides launching it: continued, waited for, read, read again.
 */
import { assert, layer } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Effect, Fiber } from "effect"
import { launchedIn, live, outputOf, patience, shown, times, World, world } from "./support/b.ts"

const { script } = Script

const hang = script([{ hang: true }])
const bash = (command: string) => ({ toolCalls: [{ name: "bash", args: { command, description: "-" } }] })
const output = (task: string, args: Readonly<Record<string, boolean | number>> = {}) => ({
  toolCalls: [{ name: "background_output", args: { task_id: task, ...args } }]
})

layer(world({ settings: { modelConcurrency: { "fake/m4": 1 } } }), live)("a task", (it) => {
  it.effect("that was cancelled is continued, with everything it knows, under its id (E7)", () =>
    Effect.gen(function*() {
      const { asked, call, launch, parent, read, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([bash("echo FOUND-$((40 + 2))"), { hang: true }]))
      yield* asked(child.session, ({ idx }) => idx === 1)
      const cancelled = yield* call(session, "background_cancel", { task_id: child.task })
      assert.include(cancelled, "Task cancelled successfully")
      assert.isTrue((yield* asked(child.session, ({ idx }) => idx === 1)).aborted)

      const again = yield* call(session, "delegate_task", {
        session_id: child.session,
        prompt: script([{ say: "I remember {{match:FOUND-\\d+}}" }])
      })
      assert.include(again, "Background task continued successfully.")
      assert.strictEqual(launchedIn(again).task, child.task)
      assert.strictEqual(launchedIn(again).session, child.session)
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "I remember FOUND-42")
      assert.include(yield* read(session, child.task), "I remember FOUND-42")
    }))

  it.effect("that completed is continued, by the id of the task too, and has its new answer", () =>
    Effect.gen(function*() {
      const { call, launch, parent, read, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ say: "the first answer" }]))
      yield* told(session, /the first answer/)
      const again = yield* call(session, "delegate_task", {
        session_id: child.task,
        description: "What comes after",
        prompt: script([{ say: "after {{match:(the first) answer}} the second" }])
      })
      assert.strictEqual(launchedIn(again).session, child.session)
      assert.include(again, "Description: What comes after")
      const notice = yield* told(session, /the second/)
      assert.include(notice, "after the first the second")
      const page = yield* read(session, child.task)
      assert.include(page, "Task Result")
      assert.isTrue(page.endsWith("after the first the second"))
      // Where nothing is said of it, it is still about that; and whoever waits is told as well that the agent stays.
      const waited = yield* call(session, "delegate_task", {
        session_id: child.task,
        agent: "explore",
        background: false,
        prompt: script([{ say: "the third" }])
      })
      assert.match(
        waited,
        /Description: What comes after[^]*the third[^]*Note: a continued task keeps its agent: to send explore/
      )
    }))

  it.effect("that failed goes on with another model where one is named, and keeps its agent (E7)", () =>
    Effect.gen(function*() {
      const { call, launch, parent, requestsOf, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ fail: { status: 401, body: "NO KEY" } }]))
      yield* told(session, /NO KEY/)
      const again = (args: Readonly<Record<string, string>>) =>
        call(session, "delegate_task", { session_id: child.task, prompt: script([{ say: "with another" }]), ...args })
      assert.include(yield* again({ model: "fake/m9" }), "Unknown model")
      const text = yield* again({ model: "fake/m2", agent: "explore" })
      assert.include(text, "Background task continued successfully.")
      assert.include(text, "Agent: general (a continued task keeps its agent: to send explore, launch a new one)")
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "with another")
      assert.deepStrictEqual((yield* requestsOf(child.session)).map(({ model }) => model), ["m1", "m2"])
    }))

  it.effect("that is over gives the same page however often it is read (D3)", () =>
    Effect.gen(function*() {
      const { call, launch, noticed, parent, read, server, told } = yield* World
      const session = yield* parent
      // In this order: the end of the other alone would wake the session in the moment of the next launch.
      const [stopped, good] = [yield* launch(session, hang), yield* launch(session, script([{ say: "READ ME" }]))]
      // A notice that comes between a prompt and its turn is what the scripted model answers, instead of the prompt.
      yield* noticed(session)
      yield* server.idle(session)
      yield* call(session, "background_cancel", { task_id: stopped.task })
      yield* told(session, /ALL BACKGROUND TASKS/)
      for (const { task } of [good, stopped]) {
        const page = yield* read(session, task)
        assert.include(page, task)
        assert.strictEqual(yield* read(session, task), page)
      }
    }))

  it.effect("that stands in line, or never had a session, is no session that is not found (D7)", () =>
    Effect.gen(function*() {
      const { call, launch, parent } = yield* World
      const session = yield* parent
      yield* launch(session, hang, { model: "fake/m4" })
      const { task } = yield* launch(session, hang, { model: "fake/m4" })
      const go = () => call(session, "delegate_task", { session_id: task, prompt: "and this" })
      assert.include(yield* go(), `Task ${task} has not started yet and cannot take a continuation yet.`)
      yield* call(session, "background_cancel", { task_id: task })
      assert.include(yield* go(), `Task ${task} never had a session, so there is nothing to continue.`)
    }))

  it.effect("that runs takes no second prompt, and says so (A16)", () =>
    Effect.gen(function*() {
      const { asked, call, launch, parent, server } = yield* World
      const session = yield* parent
      const child = yield* launch(session, hang)
      yield* asked(child.session)
      const refused = yield* call(session, "delegate_task", { session_id: child.session, prompt: "and this" })
      assert.include(refused, `Task ${child.task} is still running in session ${child.session}`)
      assert.include(refused, `background_cancel(task_id="${child.task}")`)
      const prompts = (yield* server.messages(child.session)).filter(({ info }) => info.role === "user")
      assert.lengthOf(prompts, 1)
    }))

  it.effect("in the foreground gives its answer to the call, and no notice", () =>
    Effect.gen(function*() {
      const { call, notices, parent } = yield* World
      const session = yield* parent
      const page = yield* call(session, "delegate_task", {
        description: "At once",
        prompt: script([{ delay: 300, say: "HERE IT IS" }]),
        agent: "general",
        background: false
      })
      assert.match(page, /^Task Result\n\nTask ID: bg_\w+\nDescription: At once\n/)
      assert.isTrue(page.endsWith("HERE IT IS"))
      assert.deepStrictEqual(yield* notices(session), [])
    }))

  it.effect("in the foreground ends with the turn that waits for it; in the background it stays (E6)", () =>
    Effect.gen(function*() {
      const { asked, model, parent, read, server, told } = yield* World
      const session = yield* parent
      const delegate = (description: string, background: boolean) => ({
        name: "delegate_task",
        args: { description, prompt: script([{ hang: true }], { name: description }), agent: "general", background }
      })
      yield* server.promptAsync(session, script([{ toolCalls: [delegate("stays", true), delegate("goes", false)] }]))
      const hanging = (key: string) =>
        model.waitFor((request) => request.key === key, { timeout: patience, what: `the task that ${key}` })
      const [stays, goes] = [yield* hanging("stays"), yield* hanging("goes")]
      yield* server.abort(session)
      yield* asked(goes.sessionID ?? "", ({ aborted }) => aborted)
      yield* server.idle(session)
      assert.strictEqual(yield* model.inFlight(({ sessionID }) => sessionID === stays.sessionID), 1)

      const parts = (yield* server.messages(session)).flatMap(({ parts }) => parts)
      const launched = launchedIn(outputOf(parts.find((part) => part.type === "tool")) ?? "")
      assert.strictEqual(launched.session, stays.sessionID)
      assert.include(yield* read(session, launched.task), "| Status | **running** |")
      yield* server.abort(launched.session)
      assert.include(yield* told(session, /CANCELLED/), launched.task)
    }))

  const ends = [
    ["completes", { say: "READ BY BLOCK" }, "Task Result"],
    ["fails", { fail: { status: 401, body: "READ BY BLOCK" } }, "| Status | **error** |"]
  ] as const
  for (const [verb, step, expected] of ends) {
    it.effect(`that ${verb} is waited for by block=true; what was read so is not told again (D3, D6, C2)`, () =>
      Effect.gen(function*() {
        const { launch, model, notices, parent, read, running, server, told } = yield* World
        const session = yield* parent
        const child = yield* launch(session, script([{ gate: verb, ...step }]))
        const reading = yield* Effect.forkChild(
          server.prompt(session, script([output(child.task, { block: true }), { say: "{{lastTool}}" }]))
        )
        yield* running(session, "background_output")
        yield* model.openGate(verb)
        const answer = OpenCode.textOf(yield* Fiber.join(reading))
        assert.include(answer, expected)
        assert.include(answer, "READ BY BLOCK")
        assert.strictEqual(Script.disarm(yield* read(session, child.task)).trim(), answer.trim())

        // The next news is of the next task only.
        const next = yield* launch(session, script([{ say: "THE NEXT" }]))
        const notice = yield* told(session, /THE NEXT/)
        assert.include(notice, next.task)
        assert.strictEqual(times((yield* notices(session)).join("\n"), child.task), 0)
      }))
  }

  it.effect("is told all the same where a blocking read ran out of time (D6, C1)", () =>
    Effect.gen(function*() {
      const { launch, model, notices, parent, read, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ gate: "timeout", say: "AFTER ALL" }]))
      const page = yield* read(session, child.task, { block: true, timeout: 200 })
      assert.include(page, "## Task Status")
      assert.include(page, "**Timed out waiting** after 200 ms: the task is still running.")
      yield* model.openGate("timeout")
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "AFTER ALL")
      assert.lengthOf(yield* notices(session), 1)
    }))

  it.effect("is told all the same where the turn that waited was aborted (D6, C1)", () =>
    Effect.gen(function*() {
      const { asked, launch, model, parent, running, server, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, script([{ gate: "abort", say: "NOT FORGOTTEN" }]))
      yield* server.promptAsync(session, script([output(child.task, { block: true })]))
      yield* running(session, "background_output")
      yield* server.abort(session)
      yield* server.idle(session)
      assert.isFalse((yield* asked(child.session)).aborted)
      yield* model.openGate("abort")
      const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.include(notice, "NOT FORGOTTEN")
      assert.isFalse(shown(yield* asked(child.session)).includes("background_output("))
    }))
})
