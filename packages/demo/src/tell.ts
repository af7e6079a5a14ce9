/**
 * Tells a story while it happens: follows OpenCode's events until the story is over, and draws it.
 */
import type { OpenCode } from "@errand/lab"
import * as ProgressLine from "@errand/view/progress-line"
import { Effect } from "effect"
import * as Happening from "./Happening.ts"
import * as Lines from "./lines.ts"
import type { Screen } from "./Screen.ts"
import * as Story from "./Story.ts"
import type { Told } from "./Told.ts"
import * as Way from "./way.ts"

export interface Telling {
  readonly screen: Screen
  readonly server: OpenCode.OpenCodeServer
  readonly root: string
  readonly pool: Lines.Look["pool"]
  readonly isOver: (story: Story.Story, now: number) => boolean
  /** The longest that the story may take (ms). */
  readonly timeLimit: number
}

export const lookOf = (screen: Screen, pool: Lines.Look["pool"]): Lines.Look => ({
  width: screen.width(),
  style: screen.style,
  live: screen.live,
  pool
})

/** The most that is drawn per second. */
const frame = "100 millis"

/** Sends the prompt, and tells what comes of it. */
export const tell = Effect.fn("tell")(function*<E>(telling: Telling, prompt: Effect.Effect<void, E>) {
  const { pool, root, screen, server } = telling
  const beganAt = Date.now()
  let story = Story.begin(root, beganAt)
  let read = (yield* server.events).length
  let shown = 0
  yield* prompt
  const follow = Effect.gen(function*() {
    while (true) {
      const events = yield* server.events
      for (const event of events.slice(read)) {
        const happening = Happening.of(event)
        if (happening !== undefined) story = Story.apply(story, happening)
      }
      read = events.length
      const now = Date.now()
      const isOver = telling.isOver(story, now)
      const look = lookOf(screen, pool)
      const lines = story.beats.slice(shown).flatMap((beat) => Lines.beat(look, story, beat))
      shown = story.beats.length
      const progress = Way.progress(story, now)
      yield* screen.show(lines, isOver ? [] : [...Lines.live(look, story, now), Lines.far(look, progress)])
      if (isOver || now - beganAt > telling.timeLimit) {
        yield* screen.show([])
        const told: Told = { story, isOver, endedAt: now }
        return told
      }
      yield* Effect.sleep(frame)
    }
  })
  // Who sees no live lines is told how far it is beside the story.
  return screen.live ? yield* follow : yield* beside.during((now) => Way.progress(story, now))(follow)
})

const beside = ProgressLine.make(process.stderr, process.env)
