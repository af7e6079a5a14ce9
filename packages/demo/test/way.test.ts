/**
 * How far the story is: in steps that are known beforehand, and in time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Style from "@errand/view/style"
import { far } from "../src/lines.ts"
import * as Story from "../src/Story.ts"
import { progress } from "../src/way.ts"

/** Launched, ended and so on, at these times. */
const story = (...beats: ReadonlyArray<readonly ["Launched" | "Ended" | "Continued", number]>): Story.Story => ({
  ...Story.begin("ses_root", 0),
  beats: beats.map(([tag, at]): Story.Beat => {
    switch (tag) {
      case "Launched":
        return { _tag: tag, at, errand: "bg_1", status: "running", output: "" }
      case "Continued":
        return { _tag: tag, at, errand: "bg_1", status: "running", output: "" }
      case "Ended":
        return { _tag: tag, at, errand: "bg_1", run: 0, end: "completed" }
    }
  })
})

const three = [["Launched", 8_000], ["Launched", 8_000], ["Launched", 8_000]] as const

describe("how far the story is", () => {
  it("is said from its beginning to its last word", () => {
    assert.strictEqual(progress(story(), 0), "step 1 of 9 · about 21s left")
    // That the first turn was slow says nothing of those after it.
    assert.strictEqual(progress(story(...three), 8_000), "step 2 of 9 · about 19s left")
    assert.strictEqual(progress(story(...three, ["Ended", 14_500]), 15_500), "step 3 of 9 · about 12s left")
    const all = story(
      ...three,
      ["Ended", 14_500],
      ["Ended", 16_700],
      ["Ended", 19_300],
      ["Launched", 20_100],
      ["Ended", 23_100],
      ["Continued", 24_000],
      ["Ended", 26_600]
    )
    assert.strictEqual(progress(all, 27_000), "step 9 of 9 · nearly done")
    assert.strictEqual(progress(all, 99_000), "step 9 of 9 · nearly done")
  })

  it("fits the narrowest terminal", () => {
    const line = far(
      { width: 50, style: Style.plain, live: true, pool: { name: "anthropic", size: 1 } },
      progress(story(), 0)
    )
    assert.strictEqual(line, "         step 1 of 9 · about 21s left")
  })
})
