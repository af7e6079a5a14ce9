/**
 * The timeline of what really happened: the journal of a real OpenCode, read from outside while it runs and after it was
 * killed.
 */
import { assert, describe, it } from "@effect/vitest"
import { History } from "@errand/core/sqlite"
import { OpenCode, Script } from "@errand/lab"
import { Timeline, TimelineRender } from "@errand/view"
import { Effect } from "effect"
import * as Journals from "../../src/Journals.ts"
import { place, words } from "./support/b.ts"

const { script } = Script

const lanesOf = ({ pools }: Timeline.Timeline) => pools.flatMap(({ lanes }) => lanes)

/** What a task did, one after the other. */
const did = (timeline: Timeline.Timeline, task: string) =>
  lanesOf(timeline).filter(({ id }) => id === task).flatMap(({ spans }) => spans.map(({ kind }) => kind))

describe("the timeline of a real OpenCode", () => {
  it.live("shows line, work, a person, the provider and lent slots, that the limit held, and a kill", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place({
        settings: { providerConcurrency: { fake: 1 }, permissionWaitMs: 0 },
        config: { permission: { bash: "ask" } }
      })
      const history = History.read(
        Journals.fileOf({ directory: sandbox.project, home: sandbox.home, env: sandbox.env })
      )
      const { builder, left, session } = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* OpenCode.serve(sandbox)
        const { asked, call, event, launch, told } = words({ model, server })
        const session = yield* server.newSession("parent")
        const scout = {
          name: "delegate_task",
          args: { description: "Scout", prompt: script([{ say: "FOUND" }]), agent: "general", background: false }
        }
        const builder = yield* launch(
          session,
          script([
            { toolCalls: [{ name: "bash", args: { command: "echo built", description: "-" } }] },
            { fail: { status: 429, times: 1 }, toolCalls: [scout] },
            { say: "BUILT" }
          ]),
          { description: "Build it" }
        )
        const second = yield* launch(session, script([{ say: "REVIEWED" }]), { description: "Review it" })
        const { properties } = yield* event("permission.asked", builder.session)
        yield* server.request("POST", `/permission/${String(properties["id"])}/reply`, { reply: "once" })
        yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)

        const now = Date.now()
        const timeline = Timeline.ofHistory(yield* history, now, { session })
        const kinds = did(timeline, builder.task)
        // Whatever came between is work.
        assert.deepStrictEqual(kinds.filter((kind) => kind !== "running" && kind !== "waiting"), [
          "ask",
          "retry",
          "lent"
        ])
        assert.deepStrictEqual(did(timeline, second.task), ["waiting", "running"])
        const [pool, ...more] = timeline.pools
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual([pool?.name, pool?.size, pool?.lanes.length], ["provider:fake", 1, 3])
        assert.isDefined(pool)
        assert.strictEqual(Timeline.summaryOf(pool).most, 1, "the limit held")
        assert.isAbove(Timeline.summaryOf(pool).waited, 0)
        const asks = lanesOf(timeline).flatMap(({ spans }) =>
          spans.flatMap(({ kind, what }) => kind === "ask" ? what : [])
        )
        assert.match(asks.join(), /echo built/)
        for (const format of ["text", "svg", "html", "json", "trace"] as const) {
          assert.include(TimelineRender.render(timeline, format), "Build it")
        }

        const left = yield* launch(session, script([{ hang: true }], { later: [{ say: "WENT ON" }] }))
        yield* asked(left.session)
        yield* call(session, "background_output", { task_id: left.task })
        yield* server.kill("SIGKILL")
        yield* server.exited
        return { builder, left, session }
      }))

      // Nobody goes on with it: it does not run on in the picture.
      const dead = Timeline.ofHistory(yield* history, Date.now() + 3_600_000)
      const lane = lanesOf(dead).find(({ id }) => id === left.task)
      assert.deepStrictEqual(lane?.ends.map(({ status }) => status), ["cut-off"])
      assert.isBelow(dead.to, Date.now() + 1_000)

      const server = yield* OpenCode.serve(sandbox)
      const { told } = words({ model, server })
      yield* server.promptAsync(session, script([{ say: "I am back." }], { later: [{ say: "Thanks." }] }))
      yield* told(session, /WENT ON/)
      const after = Timeline.ofHistory(yield* history, Date.now())
      const again = lanesOf(after).find(({ id }) => id === left.task)
      assert.deepStrictEqual(again?.ends.map(({ status }) => status), ["cut-off", "completed"])
      assert.deepStrictEqual(did(after, builder.task).filter((kind) => kind !== "running" && kind !== "waiting"), [
        "ask",
        "retry",
        "lent"
      ])
    }))
})
