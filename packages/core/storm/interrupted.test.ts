/**
 * Interrupted at every await: short stories of a launch, a start, a watch, an end, a notice, a continuation and a shutdown,
 * told again and again, each time with an intrusion at the next point at which anybody waited. What must hold in the
 * storm must hold each time.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { Move, Program } from "./Program.ts"
import { type Intrusion, runIntruded } from "./story.ts"
import * as words from "./words.ts"

const launch = (errand: Extract<Move, { readonly _tag: "Launch" }>["errand"], nth = 0, background = true): Move => ({
  _tag: "Launch",
  from: "root",
  nth,
  errand,
  background,
  model: 0
})
const passes = (ms: 100 | 2_500 | 7_000): Move => ({ _tag: "Pass", ms })

const stories: Readonly<Record<string, ReadonlyArray<Move>>> = {
  "three tasks for two slots": [launch("quick"), launch("slow"), launch("quick", 1), passes(7_000)],
  "a task that is continued": [
    launch("quick"),
    passes(2_500),
    { _tag: "Continue", nth: 0, errand: "works" },
    passes(7_000)
  ],
  "a task that sends out two and waits for the news": [launch("sends two"), passes(2_500)],
  "a task that waits for its own": [launch("waits for one"), launch("quick"), passes(7_000)],
  "tasks that fail, one at the start": [launch("refused"), launch("fails"), passes(7_000)],
  "a parent that waits itself, and reads": [
    launch("slow", 0, false),
    { _tag: "Await", nth: 0 },
    { _tag: "Settle", nth: 0 },
    passes(7_000)
  ]
}

const intrusions: Readonly<Record<string, Intrusion["what"]>> = {
  "everybody who waits goes away": { _tag: "Abandon" },
  "the first task is cancelled": { _tag: "Cancel", nth: 0 },
  "the second task is cancelled": { _tag: "Cancel", nth: 1 },
  "everything is cancelled": { _tag: "CancelAll", from: "root", nth: 0 },
  "a person interrupts the session": { _tag: "Interrupt", nth: 0 },
  "the parent is deleted": { _tag: "Delete", from: "root", nth: 0 },
  "the session is deleted": { _tag: "Delete", from: "task", nth: 0 },
  "the session is continued": { _tag: "Continue", nth: 0, errand: "quick" },
  "Errand is shut down": { _tag: "Shutdown" }
}

const world: Omit<Program, "moves"> = {
  latency: 3,
  steps: 2_048,
  calm: false,
  policy: "priority",
  maxConcurrency: 0,
  retainedTasks: 200,
  end: "rest"
}

describe("interrupted at every await", () => {
  for (const [story, moves] of Object.entries(stories)) {
    for (const [intrusion, what] of Object.entries(intrusions)) {
      it.live(
        `${story}; ${intrusion}: everything that was promised holds (A1, A2, A8, B19, C1-C4, E1, E2, E8)`,
        () =>
          Effect.gen(function*() {
            const program: Program = { ...world, moves }
            let points = 0
            for (let nth = 1;; nth++) {
              const told = yield* Effect.result(runIntruded(program, what, nth))
              if (Result.isFailure(told)) {
                assert.fail([`at point ${nth}: ${told.failure.message}`, ...words.program(program)].join("\n"))
              }
              if (!told.success) break
              points = nth
            }
            console.log(story, intrusion, points)
            assert.isAbove(points, 50)
          }),
        240_000
      )
    }
  }
})
