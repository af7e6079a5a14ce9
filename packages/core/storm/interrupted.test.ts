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

const goAway: Intrusion["what"] = { _tag: "Abandon" }
const cancelFirst: Intrusion["what"] = { _tag: "Cancel", nth: 0 }
const cancelSecond: Intrusion["what"] = { _tag: "Cancel", nth: 1 }
const cancelAll: Intrusion["what"] = { _tag: "CancelAll", from: "root", nth: 0 }
const interrupt: Intrusion["what"] = { _tag: "Interrupt", nth: 0 }
const deleteParent: Intrusion["what"] = { _tag: "Delete", from: "root", nth: 0 }
const deleteSession: Intrusion["what"] = { _tag: "Delete", from: "task", nth: 0 }
const goOn: Intrusion["what"] = { _tag: "Continue", nth: 0, errand: "quick" }
const shutDown: Intrusion["what"] = { _tag: "Shutdown" }

interface Story {
  readonly name: string
  readonly moves: ReadonlyArray<Move>
  /** Whether Errand is shut down when the moves have been made; the points go on until it is over. */
  readonly shutDown?: boolean
  /** Each at every point, in a telling of its own. */
  readonly intrusions: Readonly<Record<string, Intrusion["what"]>>
}

const stories: ReadonlyArray<Story> = [
  {
    name: "launch and start, three tasks for two slots",
    moves: [launch("quick"), launch("slow"), launch("quick", 1), passes(7_000)],
    intrusions: {
      "whoever launched goes away": goAway,
      "the first is cancelled": cancelFirst,
      "the second is cancelled": cancelSecond,
      "Errand is shut down": shutDown
    }
  },
  {
    name: "watch and finish, two that fail, one of them at the start",
    moves: [launch("has no agent"), launch("fails"), passes(7_000)],
    intrusions: {
      "the first is cancelled": cancelFirst,
      "the parent is deleted": deleteParent,
      "it is continued": goOn
    }
  },
  {
    name: "finish and notify, a parent that waits itself, and reads",
    moves: [launch("slow", 0, false), { _tag: "Await", nth: 0 }, { _tag: "Settle", nth: 0 }, passes(7_000)],
    intrusions: { "whoever waits goes away": goAway, "a person interrupts the session": interrupt }
  },
  {
    name: "notify, a task that sends out two and is told of them",
    moves: [launch("sends two"), passes(2_500)],
    intrusions: {
      "it is cancelled": cancelFirst,
      "everything is cancelled": cancelAll,
      "the parent is deleted": deleteParent,
      "Errand is shut down": shutDown
    }
  },
  {
    name: "notify, a task that waits for its own",
    moves: [launch("waits for one"), launch("quick"), passes(7_000)],
    intrusions: {
      "whoever waits goes away": goAway,
      "its own is cancelled": cancelSecond,
      "its session is deleted": deleteSession
    }
  },
  {
    name: "continue, a task that has answered",
    moves: [launch("quick"), passes(2_500), { _tag: "Continue", nth: 0, errand: "works" }, passes(7_000)],
    intrusions: {
      "whoever waits goes away": goAway,
      "it is cancelled": cancelFirst,
      "it is continued by somebody else": goOn,
      "Errand is shut down": shutDown
    }
  },
  {
    name: "shutdown, with one that has answered, two at work and one in line",
    moves: [launch("quick"), passes(2_500), launch("slow"), launch("waits for one"), launch("slow", 1)],
    shutDown: true,
    intrusions: {
      "one more is launched": launch("quick", 0, false),
      "one that has answered is continued": goOn,
      "one at work is cancelled": cancelSecond,
      "the parent is deleted": deleteParent,
      "somebody waits until nothing is owed": { _tag: "Settle", nth: 0 }
    }
  }
]

const world: Omit<Program, "moves"> = {
  latency: 3,
  lag: 0,
  steps: 2_048,
  calm: false,
  policy: "priority",
  maxConcurrency: 0,
  retainedTasks: 200,
  end: "rest"
}

/** The last point at which the intrusion came; fails with what it broke. */
const throughAll = (program: Program, what: Intrusion["what"]) =>
  Effect.gen(function*() {
    for (let nth = 1;; nth++) {
      const told = yield* Effect.result(runIntruded(program, what, nth))
      if (Result.isFailure(told)) {
        return assert.fail([`at point ${nth}: ${told.failure.message}`, ...words.program(program)].join("\n"))
      }
      if (!told.success) return nth - 1
    }
  })

describe("interrupted at every await", () => {
  for (const { intrusions, moves, name, shutDown } of stories) {
    for (const [intrusion, what] of Object.entries(intrusions)) {
      it.live(
        `${name}; ${intrusion}: everything that was promised holds (A1, A2, A8, B19, C1, C2, C3, C4, E1, E2, E4, E8)`,
        () =>
          Effect.gen(function*() {
            const points = yield* throughAll({ ...world, moves, end: shutDown === true ? "shutdown" : "rest" }, what)
            // A story without points would be told once, without an intrusion.
            assert.isAbove(points, 40)
          }),
        // Some hundred stories, on a machine that does much besides.
        300_000
      )
    }
  }
})
