/**
 * How far the story is, and how long the rest of it will take. The way is known beforehand: what the main agent is asked for.
 * Pure.
 */
import * as Progress from "@errand/view/progress"
import { Option } from "effect"
import type * as Story from "./Story.ts"

/** The nth beat of a kind, and when it comes where nothing is slow (ms after the prompt). */
interface Step {
  readonly beat: Story.Beat["_tag"]
  readonly nth: number
  readonly usually: number
}

/** As measured with the scripted model; real ones have a pace of their own, which is seen on the way. */
const steps: ReadonlyArray<Step> = [
  { beat: "Launched", nth: 3, usually: 2_000 },
  { beat: "Ended", nth: 1, usually: 8_500 },
  { beat: "Ended", nth: 2, usually: 10_700 },
  { beat: "Ended", nth: 3, usually: 13_300 },
  { beat: "Launched", nth: 4, usually: 14_100 },
  { beat: "Ended", nth: 4, usually: 17_100 },
  { beat: "Continued", nth: 1, usually: 18_000 },
  { beat: "Ended", nth: 5, usually: 20_600 }
]

/** From the last step to the last word. */
const lastWord = 21_500

const wayOf = (story: Story.Story): ReadonlyArray<Progress.Milestone> => [
  ...steps.map(({ beat, nth, usually }) => ({
    usually,
    reached: story.beats.filter(({ _tag }) => _tag === beat)[nth - 1]?.at
  })),
  { usually: lastWord }
]

/** The whole of it (ms), before anything is known. */
export const usually = lastWord

export const progress = (story: Story.Story, now: number): string => {
  const way = wayOf(story)
  const done = way.filter(({ reached }) => reached !== undefined).length
  return Progress.line(
    `step ${Math.min(done + 1, way.length)} of ${way.length}`,
    Progress.leftText(Option.some(Progress.leftOfWay(way, story.beganAt, now)))
  )
}
