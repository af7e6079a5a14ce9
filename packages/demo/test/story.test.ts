/**
 * The story as a pure function of what happened.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Happening from "../src/Happening.ts"
import * as Story from "../src/Story.ts"
import { told } from "./fixtures.ts"

const tags = (story: Story.Story) => story.beats.map(({ _tag }) => _tag)

describe("Story", () => {
  it("knows who runs and who waits, and when", () => {
    const { errands } = told()
    assert.deepStrictEqual(errands.map(({ agent, runs }) => [agent, ...runs.map(({ end }) => end)]), [
      ["explore", "completed"],
      ["oracle", "completed"],
      ["momus", "cancelled", "completed"]
    ])
    assert.deepStrictEqual(errands[1]?.runs, [{ queuedAt: 1_000, startedAt: 6_000, endedAt: 9_000, end: "completed" }])
    assert.strictEqual(Story.mostAtOnce(errands, 20_000), 1)
  })

  it("says what stands before a call before the call, though OpenCode tells it later", () => {
    const story = told()
    assert.strictEqual(tags(story)[0], "Said")
    assert.isBelow(tags(story).lastIndexOf("Cancelling"), tags(story).lastIndexOf("Cancelled"))
  })

  it("tells nothing twice", () => {
    const said: Happening.Happening = { _tag: "Said", at: 1, session: "root", part: "p", text: "hello" }
    const story = [said, said].reduce(Story.apply, Story.begin("root", 0))
    assert.deepStrictEqual(tags(story), ["Said"])
  })

  it("counts places in line from the oldest", () => {
    const pending = (id: string, queuedAt: number): Story.Errand => ({
      id,
      session: undefined,
      agent: "explore",
      description: id,
      last: undefined,
      runs: [{ queuedAt, startedAt: undefined, endedAt: undefined, end: undefined }]
    })
    const [late, early] = [pending("late", 2), pending("early", 1)]
    const story = { ...Story.begin("root", 0), errands: [late, early] }
    assert.deepStrictEqual([late, early].map((errand) => Story.placeOf(story, errand)), [2, 1])
  })

  it("learns from a notice what the events did not tell", () => {
    const text =
      "[ALL BACKGROUND TASKS FINISHED - 1 FAILED]\n\n**Completed:**\n- `bg_a`: x\n\n**Failed:**\n- `bg_b`: y\n"
      + "  **Error:** no\n"
    assert.deepStrictEqual(Story.verdicts(text), [{ id: "bg_a", end: "completed" }, { id: "bg_b", end: "error" }])
    assert.deepStrictEqual(
      Story.verdicts("[BACKGROUND TASK CANCELLED]\n**ID:** `bg_c`\n**Reason:** time"),
      [{ id: "bg_c", end: "cancelled" }]
    )
  })
})
