/**
 * A task that needs a permission, or has a question: a person is asked where one can answer, and nobody waits in vain.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Script } from "@errand/lab"
import { Effect } from "effect"
import * as Acp from "./support/acp.ts"
import { isObject, live, patience, place, World, world } from "./support/b.ts"

const { script } = Script

const bash = (command: string) => ({ toolCalls: [{ name: "bash", args: { command, description: "-" } }] })
const ask = { permission: { bash: "ask" }, agent: { general: { permission: { question: "allow" } } } }
const echo = (word: string) => script([bash(`echo ${word}`), { say: "went on after: {{lastTool}}" }])

layer(world({ config: ask, settings: { taskTtlMs: 8000, permissionWaitMs: 0, pollIntervalMs: 500 } }), live)(
  "permissions: ask",
  (it) => {
    it.effect("shows what a task waits for, lets a person answer, and stops its clock meanwhile (G2, B17)", () =>
      Effect.gen(function*() {
        const { event, launch, parent, read, requestsOf, server, told } = yield* World
        const session = yield* parent
        const child = yield* launch(session, echo("allowed"), { description: "Build it" })
        const { properties } = yield* event("permission.asked", child.session)
        const page = yield* read(session, child.task)
        assert.include(page, "| Waiting for | permission: bash \"echo allowed\" |")
        assert.include(page, "It waits for a person to allow this.")

        // The toast says who asks: OpenCode's own prompt does not.
        yield* server.waitFor(
          ({ properties, type }) =>
            type === "tui.toast.show" && properties["message"] === "▲ Build it (@general) asks: bash \"echo allowed\"",
          { timeout: patience }
        )

        // A neighbour that begins later spends its whole time meanwhile.
        const other = yield* parent
        const neighbour = yield* launch(other, script([{ hang: true }]))
        assert.include(yield* told(other, /taskTtlMs/), neighbour.task)
        assert.include(yield* read(session, child.task), "| Status | **running** |")

        const reply = yield* server.request("POST", `/permission/${String(properties["id"])}/reply`, { reply: "once" })
        assert.strictEqual(reply.status, 200)
        const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
        assert.include(notice, "went on after: allowed")
        assert.deepStrictEqual((yield* requestsOf(child.session)).map(({ aborted }) => aborted), [false, false])
      }))

    /** A task that sends another, which asks. */
    const asksBelow = script([{
      toolCalls: [{ name: "delegate_task", args: { description: "Deep", prompt: echo("deep"), agent: "general" } }]
    }, { say: "launched" }], { later: [{ say: "heard: {{match:went on after.*}}" }] })

    it.effect("leaves what a task of a task asks for to a person where a terminal shows it, and the clocks of both stand still (G2, B17)", () =>
      Effect.gen(function*() {
        const { launch, parent, server, told } = yield* World
        const session = yield* parent
        const child = yield* launch(session, asksBelow)
        const { properties } = yield* server.waitFor(
          ({ properties, type }) => type === "permission.asked" && JSON.stringify(properties).includes("echo deep"),
          { timeout: patience, what: "the question" }
        )
        const [id, grandchild] = [String(properties["id"]), String(properties["sessionID"])]
        const before = (yield* server.events).length
        yield* server.request("POST", "/tui/publish", {
          type: "tui.command.execute",
          properties: { command: `errand.shown ${id}` }
        })
        yield* server.waitFor(
          ({ properties, type }) =>
            type === "tui.toast.show"
            && properties["message"] === "▲ Deep (@general) asks: bash \"echo deep\" · ctrl+x o",
          { timeout: patience, what: "the toast" }
        )

        // A neighbour that begins later spends its whole time meanwhile.
        const other = yield* parent
        const neighbour = yield* launch(other, script([{ hang: true }]))
        assert.include(yield* told(other, /taskTtlMs/), neighbour.task)
        const replies = (yield* server.events).slice(before).filter(({ properties, type }) =>
          type === "permission.replied" && properties["sessionID"] === grandchild
        )
        assert.deepStrictEqual(replies, [], "nobody but a person answers")

        const reply = yield* server.request("POST", `/permission/${id}/reply`, { reply: "once" })
        assert.strictEqual(reply.status, 200)
        const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
        assert.include(notice, child.task)
        assert.include(notice, "heard: went on after: deep")
      }))

    it.effect("refuses what a task of a task asks for where nobody is shown that prompt (G2)", () =>
      Effect.gen(function*() {
        const { launch, parent, server, told } = yield* World
        const session = yield* parent
        const child = yield* launch(session, asksBelow)
        const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
        assert.include(notice, "heard: went on after")
        assert.include(notice, "Nobody can be asked")
        const [grandchild] = yield* server.children(child.session)
        const replies = (yield* server.events).filter(({ properties, type }) =>
          type === "permission.replied" && properties["sessionID"] === grandchild?.id
        )
        assert.deepStrictEqual(replies.map(({ properties }) => properties["reply"]), ["reject"])
      }))

    it.effect("has no question tool, even where its agent may ask, and a call of it does not hang (F2, G2)", () =>
      Effect.gen(function*() {
        const { asked, launch, parent, told } = yield* World
        const session = yield* parent
        const question = { question: "Which?", header: "Which", options: [{ label: "A", description: "a" }] }
        const child = yield* launch(
          session,
          script([{ toolCalls: [{ name: "question", args: { questions: [question] } }] }, { say: "chose by myself" }])
        )
        assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "chose by myself")
        const { tools } = yield* asked(child.session)
        assert.isFalse(tools.some(({ name }) => name === "question"))
      }))
  }
)

layer(world({ config: ask, settings: { permissions: "reject" } }), live)("permissions: reject", (it) => {
  it.effect("refuses with a reason, and the task goes on without it (G2)", () =>
    Effect.gen(function*() {
      const { launch, parent, server, told } = yield* World
      const session = yield* parent
      const child = yield* launch(session, echo("refused"))
      const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.include(notice, "went on after:")
      assert.include(notice, "Background tasks may not do this here (setting permissions)")
      const replies = (yield* server.events).filter(({ properties, type }) =>
        type === "permission.replied" && properties["sessionID"] === child.session
      )
      assert.deepStrictEqual(replies.map(({ properties }) => properties["reply"]), ["reject"])
    }))
})

layer(world({ config: ask, settings: { permissionWaitMs: 700 } }), live)("permissionWaitMs", (it) => {
  it.effect("refuses what nobody has answered in time, and the task goes on without it (G2)", () =>
    Effect.gen(function*() {
      const { launch, parent, told } = yield* World
      const session = yield* parent
      yield* launch(session, echo("late"))
      const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.include(notice, "went on after:")
      assert.include(notice, "Nobody answered in time.")
    }))

  it.effect("leaves the permissions of a person's own session alone", () =>
    Effect.gen(function*() {
      const { event, launch, parent, server, told } = yield* World
      const [own, other] = [yield* parent, yield* parent]
      yield* server.promptAsync(own, echo("mine"))
      const { properties } = yield* event("permission.asked", own)
      // As long as a task is waited for, and longer.
      yield* launch(other, echo("late"))
      yield* told(other, /Nobody answered in time/)
      const open = yield* server.request("GET", "/permission")
      assert.isTrue(
        Array.isArray(open.body) && open.body.some((ask) => isObject(ask) && ask["id"] === properties["id"])
      )
      yield* server.request("POST", `/permission/${String(properties["id"])}/reply`, { reply: "once" })
      yield* server.idle(own)
    }))
})

describe("in an editor (opencode acp)", () => {
  it.live("refuses what a task asks for: the editor shows nobody that prompt (G2)", () =>
    Effect.gen(function*() {
      const { sandbox } = yield* place({ config: ask })
      const editor = yield* Acp.open(sandbox)
      const session = yield* editor.create
      const task = { description: "Asks", prompt: echo("never"), agent: "general" }
      yield* editor.prompt(
        session,
        script([{ toolCalls: [{ name: "delegate_task", args: task }] }, { say: "launched" }], {
          later: [{ say: "heard: {{match:Nobody can be asked}}" }]
        })
      )
      yield* editor.shows(session, "heard: Nobody can be asked")
      assert.notInclude((yield* editor.said).join("\n"), "session/request_permission")
    }))
})
