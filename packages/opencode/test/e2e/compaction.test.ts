/**
 * A parent whose conversation is compacted keeps the ids of its tasks, and is told of their end all the same.
 */
import { assert, describe, layer } from "@effect/vitest"
import { ScriptedModel } from "@errand/lab"
import { Effect } from "effect"
import { delegate, patience, real, World } from "./support/world.ts"

describe("compaction of the parent", () => {
  layer(World.layer(), real)((it) => {
    it.effect("C15 the summary is made with the ids of running and finished tasks", () =>
      Effect.gen(function*() {
        const { model, server } = yield* World
        const parent = yield* server.newSession("parent")
        const [over, out] = yield* delegate(parent, [
          { description: "Over soon", steps: [{ say: "it is over" }] },
          { description: "Still out", steps: [{ gate: "compacted", say: "late answer" }] }
        ])
        assert.isDefined(over)
        assert.isDefined(out)
        yield* server.request("POST", `/session/${parent}/summarize`, { providerID: "fake", modelID: "m1" })
        const summary = yield* model.waitFor(({ kind }) => kind === "summary", { timeout: patience })
        const shown = summary.messages.map(ScriptedModel.textOf).join("\n")
        assert.include(shown, `\`${over?.task}\`: Over soon`)
        assert.include(shown, `\`${out?.task}\`: Still out`)

        yield* model.openGate("compacted")
        const told = yield* model.waitFor(
          ({ messages, sessionID }) =>
            sessionID === parent && messages.map(ScriptedModel.textOf).join("\n").includes("late answer"),
          { timeout: patience }
        )
        assert.include(told.messages.map(ScriptedModel.textOf).join("\n"), "[ALL BACKGROUND TASKS COMPLETE]")
      }))
  })
})
