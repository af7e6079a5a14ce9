/**
 * When nothing is out, nothing happens: with both halves at work and a screen that shows what has ended, a minute goes by
 * in which nobody writes anything anywhere.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { live, Stage, stage } from "./support/stage.ts"

/** What OpenCode tells after anything was written, or said by a terminal. */
const signs = new Set(["session.updated", "message.updated", "message.part.updated", "tui.command.execute"])

layer(stage(), live)("after the last task", (it) => {
  it.effect("line 10: no session, no message and no part is written in a minute, and no terminal says anything", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [
        { description: "Find it", steps: [{ say: "found" }] },
        { description: "Read it", steps: [{ say: "read" }] }
      ])
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      yield* sidebar(/▼ Errands$/, /✓/, /✓/)
      const count = Effect.map(server.events, (events) => events.filter(({ type }) => signs.has(type)).length)
      // What has just ended is still written: boards within a second, cards within two.
      yield* Effect.sleep("5 seconds")
      const before = yield* count
      assert.isAbove(before, 0)
      yield* Effect.sleep("60 seconds")
      assert.strictEqual(yield* count, before)
    }))
})
