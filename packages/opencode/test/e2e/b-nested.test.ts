/**
 * Tasks of tasks: they get somewhere with a limit of one, end at the depth limit, and go when what is above them goes.
 */
import { assert, layer } from "@effect/vitest"
import { Script } from "@errand/lab"
import { Effect } from "effect"
import { live, patience, shown, times, World, world } from "./support/b.ts"

const { script } = Script

const delegate = (prompt: string, args: { readonly background?: boolean } = {}) => ({
  toolCalls: [{ name: "delegate_task", args: { description: "Deeper", prompt, agent: "general", ...args } }]
})
const hang = script([{ hang: true }])

layer(world({ settings: { defaultConcurrency: 1, maxDepth: 2 } }), live)("one slot for all", (it) => {
  /** Launches a task that waits for a task of its own, which hangs. */
  const pair = Effect.fnUntraced(function*(session: string) {
    const { asked, launch, server } = yield* World
    const child = yield* launch(session, script([delegate(hang, { background: false }), { say: "never" }]))
    const { sessionID = "" } = yield* asked(child.session).pipe(
      Effect.andThen(
        Effect.flatMap(World, ({ model }) =>
          model.waitFor(({ parentSessionID }) => parentSessionID === child.session, {
            timeout: patience,
            what: "a request of the grandchild"
          }))
      )
    )
    assert.deepStrictEqual((yield* server.children(child.session)).map(({ id }) => id), [sessionID])
    return { child, grandchild: sessionID }
  })

  it.effect("a task sends its own, ends its turn, and answers when it has heard of it (A15, B13)", () =>
    Effect.gen(function*() {
      const { launch, model, notices, parent, requestsOf, told } = yield* World
      const session = yield* parent
      const child = yield* launch(
        session,
        script([delegate(script([{ delay: 300, say: "GRAND-42" }])), { say: "NOT YET" }], {
          later: [{ say: "made of {{match:GRAND-\\d+}}" }]
        })
      )
      const notice = yield* told(session, /ALL BACKGROUND TASKS/)
      assert.include(notice, `- \`${child.task}\``)
      assert.include(notice, "made of GRAND-42")
      assert.notInclude(notice, "NOT YET")
      assert.lengthOf(yield* notices(session), 1)
      // The child's turns: it launched, said that it waits, and was woken once.
      const turns = yield* requestsOf(child.session)
      assert.lengthOf(turns, 3)
      assert.strictEqual(times(turns.map(shown).at(-1) ?? "", "[ALL BACKGROUND TASKS COMPLETE]"), 1)
      assert.strictEqual(yield* model.maxInFlight(({ sessionID }) => sessionID !== session), 1)
    }))

  it.effect("a task waits for its own in the foreground and gets its answer (A15)", () =>
    Effect.gen(function*() {
      const { launch, notices, parent, told } = yield* World
      const session = yield* parent
      const grandchild = script([{ delay: 200, say: "FORE-7" }])
      const child = yield* launch(
        session,
        script([delegate(grandchild, { background: false }), { say: "used {{match:FORE-\\d+}}" }])
      )
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "used FORE-7")
      assert.deepStrictEqual(yield* notices(child.session), [])
    }))

  it.effect("at the depth limit there is no tool to send anybody, and a call of it is refused (F1)", () =>
    Effect.gen(function*() {
      const { launch, model, parent, told } = yield* World
      const session = yield* parent
      const grandchild = script([delegate(script([{ say: "TOO DEEP" }])), { say: "told: {{lastTool}}" }])
      const child = yield* launch(
        session,
        script([delegate(grandchild), { say: "sent" }], { later: [{ say: "{{match:told: .*}}" }] })
      )
      const notice = yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.match(notice, /told: .*unavailable tool 'delegate_task'/)
      assert.notInclude(notice, "TOO DEEP")
      const requests = yield* model.requests
      const toolsOf = (of: (request: typeof requests[number]) => boolean) =>
        requests.find(of)?.tools.map(({ name }) => name) ?? []
      const deep = toolsOf(({ parentSessionID }) => parentSessionID === child.session)
      assert.include(toolsOf(({ sessionID }) => sessionID === child.session), "delegate_task")
      // Who can send nobody has nothing to read or to call off either.
      for (const tool of ["delegate_task", "background_output", "background_cancel"]) assert.notInclude(deep, tool)
      assert.include(deep, "bash")
      // Nor is there OpenCode's own way to send somebody.
      assert.notInclude(deep, "task")
    }))

  it.effect("counts the sessions that others made, too (F1)", () =>
    Effect.gen(function*() {
      const { call, parent, server } = yield* World
      const session = yield* parent
      const below = yield* server.newSession("below", yield* server.newSession("middle", session))
      const output = yield* call(below, "delegate_task", { description: "Deep", prompt: hang, agent: "general" })
      assert.include(output, "This task would be at depth 3, and the limit is 2 (setting maxDepth).")
      assert.deepStrictEqual(yield* server.children(below), [])
    }))

  it.effect("cancel all reaches every depth and nobody else's, and the next in line starts (E3, A4)", () =>
    Effect.gen(function*() {
      const { asked, call, launch, model, parent, read, told } = yield* World
      const [session, other] = [yield* parent, yield* parent]
      const { child, grandchild } = yield* pair(session)
      const neighbour = yield* launch(other, script([{ say: "NEIGHBOUR" }]))
      assert.include(neighbour.output, "Status: pending")
      assert.include(neighbour.output, "next in line")

      const output = yield* call(session, "background_cancel", { all: true })
      assert.include(output, "Cancelled 2 background task(s):")
      assert.include(output, child.session)
      assert.include(output, grandchild)
      assert.isTrue((yield* asked(grandchild, ({ endedAt }) => endedAt !== undefined)).aborted)
      assert.include(yield* told(other, /ALL BACKGROUND TASKS COMPLETE/), "NEIGHBOUR")
      assert.include(yield* read(session, child.task), "| Status | **cancelled** |")
      assert.strictEqual(yield* model.inFlight(), 0)
    }))

  it.effect("a parent that is deleted takes everything below it along, and the slot is free (E4)", () =>
    Effect.gen(function*() {
      const { asked, launch, model, parent, server, told } = yield* World
      const [session, other] = [yield* parent, yield* parent]
      const { grandchild } = yield* pair(session)
      yield* launch(other, script([{ say: "AFTERWARDS" }]))
      const deleted = yield* server.request("DELETE", `/session/${session}`)
      assert.strictEqual(deleted.status, 200)
      assert.isTrue((yield* asked(grandchild, ({ endedAt }) => endedAt !== undefined)).aborted)
      assert.include(yield* told(other, /ALL BACKGROUND TASKS COMPLETE/), "AFTERWARDS")
      assert.strictEqual(yield* model.inFlight(), 0)
    }))
})
