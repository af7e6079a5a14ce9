import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import type { Activity, HostEvent, Message } from "../src/AgentHost.ts"
import * as Observation from "../src/Observation.ts"
import * as Settings from "../src/Settings.ts"
import * as Settlement from "../src/Settlement.ts"
import type { Outcome } from "../src/Task.ts"
import { below, sequence, thorough } from "./support/arbitraries.ts"
import {
  capabilities,
  type Film,
  lookedAt,
  message,
  type Options,
  prompt,
  session,
  type Timeline,
  watch
} from "./support/films.ts"

const minutes = (n: number) => n * 60_000
const hours = (n: number) => n * 3_600_000

/** The end in a few words: the answer, or the reason and what was said about it. */
const words = (outcome: Outcome | undefined): string => {
  switch (outcome?._tag) {
    case undefined:
      return "no verdict"
    case "Completed":
      return `completed: ${outcome.answer}${outcome.note === undefined ? "" : ` (${outcome.note})`}`
    case "Failed":
      return `${outcome.reason}: ${outcome.message}`
    case "Cancelled":
      return `${outcome.reason}: ${outcome.message}`
  }
}

const answer = message("msg_1", { text: "behind the door", state: "done" })
const open = message("msg_1", { state: "open" })
const failed = message("msg_1", { state: "failed", error: "401 Unauthorized" })
const more = message("msg_1", { state: "more", tools: [{ name: "read", state: "done" }] })

const idleFrom = (from: number, before: Activity = "busy"): Timeline<Activity> => [[0, before], [from, "idle"]]

const interrupted = "interrupted: its session was interrupted in the host before it had answered"

interface Row {
  readonly film: Film
  /** How it ends, and when at the earliest and at the latest (ms). */
  readonly ends: string
  readonly from: number
  readonly by: number
  /** How it ends when not one event arrives, where that makes a difference. */
  readonly unheard?: string
  /** How it ends when no poll is answered, where that makes a difference. */
  readonly unpolled?: string
  readonly options?: Options
}

/** Without the seconds that it took: they depend on the poll. */
const roughly = (outcome: Outcome | undefined): string => words(outcome).replace(/\d+ s\b/, "n s")

/** Section 3.1 of the measurements of OpenCode, row by row. */
const rows: Readonly<Record<string, Row>> = {
  "a text": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [500, { _tag: "Wrote" }],
        [1_000, { _tag: "MessageEnded" }],
        [1_002, { _tag: "Busy" }],
        [1_006, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [20, [prompt, open]], [1_000, [prompt, answer]]],
      activity: idleFrom(1_006)
    },
    ends: "completed: behind the door",
    from: 1_006,
    by: 1_006
  },
  "a tool, then a text": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [20, { _tag: "Tool", call: "c1", name: "read", state: "running" }],
        [21, { _tag: "Tool", call: "c1", name: "read", state: "running" }],
        [900, { _tag: "Tool", call: "c1", name: "read", state: "done" }],
        [910, { _tag: "MessageEnded" }],
        [911, { _tag: "Busy" }],
        [912, { _tag: "Busy" }],
        [3_000, { _tag: "MessageEnded" }],
        [3_001, { _tag: "Busy" }],
        [3_005, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, message("msg_1", { state: "open", tools: [{ name: "read", state: "running" }] })]],
        [910, [prompt, more]],
        [920, [prompt, more, message("msg_2", { state: "open" })]],
        [3_000, [prompt, more, message("msg_2", { text: "found it" })]]
      ],
      activity: idleFrom(3_005)
    },
    ends: "completed: found it",
    from: 3_005,
    by: 3_005
  },
  "401: the first idle comes before the message has its error": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "Erred", message: "401 Unauthorized", aborted: false }],
        [101, { _tag: "Idle" }],
        [140, { _tag: "MessageEnded" }],
        [141, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [50, [prompt, open]], [140, [prompt, failed]]],
      activity: idleFrom(101)
    },
    ends: "agent-error: 401 Unauthorized",
    from: 101,
    by: 101
  },
  "429 or 500: five retries, then an error": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "Retrying", attempt: 1, message: "429", nextAt: 2_100 }],
        [2_100, { _tag: "Busy" }],
        [2_200, { _tag: "Retrying", attempt: 2, message: "429", nextAt: 7_200 }],
        [7_200, { _tag: "Retrying", attempt: 3, message: "429", nextAt: 16_200 }],
        [16_200, { _tag: "Retrying", attempt: 4, message: "429", nextAt: 33_200 }],
        [33_200, { _tag: "Retrying", attempt: 5, message: "429", nextAt: 70_000 }],
        [70_100, { _tag: "Erred", message: "401 Unauthorized", aborted: false }],
        [70_101, { _tag: "Idle" }],
        [70_140, { _tag: "MessageEnded" }],
        [70_141, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [50, [prompt, open]], [70_140, [prompt, failed]]],
      activity: idleFrom(70_101, "retry")
    },
    ends: "agent-error: 401 Unauthorized",
    from: 70_101,
    by: 70_101
  },
  "429 with retry-after 1: one wait, then the answer": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "Retrying", attempt: 1, message: "429", nextAt: 1_100 }],
        [1_100, { _tag: "Busy" }],
        [2_000, { _tag: "MessageEnded" }],
        [2_005, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [50, [prompt, open]], [2_000, [prompt, answer]]],
      activity: [[0, "busy"], [100, "retry"], [1_100, "busy"], [2_005, "idle"]]
    },
    ends: "completed: behind the door",
    from: 2_005,
    by: 2_005
  },
  "429 with retry-after 3600: a retry is waited for, however long it takes": {
    film: {
      says: [[10, { _tag: "Busy" }], [100, { _tag: "Retrying", attempt: 1, message: "429", nextAt: 3_600_100 }]],
      transcript: [[0, [prompt]], [50, [prompt, open]]],
      activity: [[0, "busy"], [100, "retry"]]
    },
    ends: "no verdict",
    from: hours(1),
    by: Number.POSITIVE_INFINITY
  },
  "the provider never answers": {
    film: {
      says: [[10, { _tag: "Busy" }]],
      transcript: [[0, [prompt]], [50, [prompt, open]]],
      activity: [[0, "busy"]]
    },
    ends: "quiet-limit: it showed no activity for n s; the limit is staleTimeoutMs = 180000",
    unpolled: "no verdict",
    from: 180_000,
    by: 184_000
  },
  "the context overflows, and after the summary nobody goes on": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [500, { _tag: "Erred", message: "the context is full", aborted: false }],
        [501, { _tag: "Busy" }],
        [1_000, { _tag: "MessageEnded" }],
        [1_010, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, open]],
        [500, [prompt, message("msg_1", { state: "failed", error: "the context is full" })]],
        [1_000, [
          prompt,
          message("msg_1", { state: "failed", error: "the context is full" }),
          message("msg_2", { role: "user", automatic: true }),
          message("msg_3", { automatic: true, text: "a summary" })
        ]]
      ],
      activity: idleFrom(1_010)
    },
    ends: "no-answer: its session stopped in the middle of the work, without an answer",
    from: 10_000,
    by: 20_000
  },
  "the context overflows: an error, a summary, and the answer after it": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "Erred", message: "the context is full", aborted: false }],
        [110, { _tag: "MessageEnded" }],
        [111, { _tag: "Busy" }],
        [900, { _tag: "MessageEnded" }],
        [2_000, { _tag: "MessageEnded" }],
        [2_005, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [50, [prompt, open]],
        [100, [prompt, message("msg_1", { state: "failed", error: "the context is full" })]],
        [900, [
          prompt,
          message("msg_1", { state: "failed", error: "the context is full" }),
          message("msg_2", { role: "user", automatic: true }),
          message("msg_3", { automatic: true, text: "a summary" })
        ]],
        [2_000, [
          prompt,
          message("msg_1", { state: "failed", error: "the context is full" }),
          message("msg_2", { role: "user", automatic: true }),
          message("msg_3", { automatic: true, text: "a summary" }),
          message("msg_4", { role: "user", automatic: true, text: "go on" }),
          message("msg_5", { text: "behind the door" })
        ]]
      ],
      activity: idleFrom(2_005)
    },
    ends: "completed: behind the door",
    from: 2_005,
    by: 2_005
  },
  "a long answer makes the host tidy up: the last text is not the answer": {
    film: {
      says: [[10, { _tag: "Busy" }], [1_000, { _tag: "MessageEnded" }], [3_000, { _tag: "Idle" }]],
      transcript: [
        [0, [prompt]],
        [1_000, [prompt, answer]],
        [3_000, [
          prompt,
          answer,
          message("msg_2", { role: "user", automatic: true }),
          message("msg_3", { automatic: true, text: "a summary" }),
          message("msg_4", { role: "user", automatic: true, text: "go on" }),
          message("msg_5", { text: "Continue if you have next steps" })
        ]]
      ],
      activity: idleFrom(3_000)
    },
    ends: "completed: behind the door",
    from: 3_000,
    by: 3_000
  },
  "an abort: the error and the first idle come before the message has its end": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [1_000, { _tag: "Erred", message: "Aborted", aborted: true }],
        [1_001, { _tag: "Idle" }],
        [1_280, { _tag: "MessageEnded" }],
        [1_281, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [50, [prompt, open]],
        [1_280, [prompt, message("msg_1", { state: "aborted", text: "I was about to", error: "Aborted" })]]
      ],
      activity: idleFrom(1_001)
    },
    ends: interrupted,
    from: 1_280,
    by: 1_281
  },
  "an abort while a retry is waited for: no error at all": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "Retrying", attempt: 1, message: "429", nextAt: 9_000 }],
        [1_000, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [50, [prompt, open]], [1_000, [prompt, message("msg_1", { state: "stopped" })]]],
      activity: [[0, "busy"], [100, "retry"], [1_000, "idle"]]
    },
    ends: interrupted,
    from: 1_000,
    by: 1_000
  },
  "an empty answer": {
    film: {
      says: [[10, { _tag: "Busy" }], [100, { _tag: "MessageEnded" }], [105, { _tag: "Idle" }]],
      transcript: [[0, [prompt]], [100, [prompt, message("msg_1", { text: "  \n " })]]],
      activity: idleFrom(105)
    },
    ends: "completed: ",
    from: 5_000,
    by: 6_000
  },
  "a content filter: the message has its error before the event": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [100, { _tag: "MessageEnded" }],
        [102, { _tag: "Erred", message: "401 Unauthorized", aborted: false }],
        [105, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [100, [prompt, failed]]],
      activity: idleFrom(105)
    },
    ends: "agent-error: 401 Unauthorized",
    from: 105,
    by: 105
  },
  "deleted while busy: that is the deletion's business, not the verdict's": {
    film: {
      says: [[10, { _tag: "Busy" }], [1_000, { _tag: "Deleted" }]],
      transcript: [[0, [prompt]], [50, [prompt, open]]],
      activity: [[0, "busy"]]
    },
    ends: "no verdict",
    from: minutes(2),
    by: Number.POSITIVE_INFINITY,
    options: { until: minutes(2) }
  },
  "an agent that does not exist: an error twice, no message, and no idle": {
    film: {
      says: [
        [20, { _tag: "Erred", message: "no such agent", aborted: false }],
        [21, { _tag: "Erred", message: "no such agent", aborted: false }]
      ],
      transcript: [],
      activity: [[0, "idle"]]
    },
    ends: "agent-error: no such agent",
    from: 21,
    by: 4_000,
    unheard: "never-started: nothing came of its prompt within n s; the limit is startTimeoutMs = 30000"
  },
  "a model that does not exist: the prompt, busy, an error, idle, an error": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [20, { _tag: "Erred", message: "no such model", aborted: false }],
        [21, { _tag: "Idle" }],
        [25, { _tag: "Erred", message: "no such model", aborted: false }]
      ],
      transcript: [[0, [prompt]]],
      activity: idleFrom(21)
    },
    ends: "agent-error: no such model",
    from: 25,
    by: 6_000,
    unheard: "never-started: nothing came of its prompt within n s; the limit is startTimeoutMs = 30000"
  },
  "a permission that nobody gives": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [20, { _tag: "Tool", call: "c1", name: "bash", state: "running" }],
        [30, { _tag: "Asked", ask: "a1", what: "bash \"npm test\"" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })]]
      ],
      activity: [[0, "busy"]]
    },
    ends: "no verdict",
    from: hours(1),
    by: Number.POSITIVE_INFINITY
  },
  "a permission that is given after ten minutes": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [20, { _tag: "Tool", call: "c1", name: "bash", state: "running" }],
        [30, { _tag: "Asked", ask: "a1", what: "bash \"npm test\"" }],
        [600_030, { _tag: "Answered", ask: "a1" }],
        [600_900, { _tag: "Tool", call: "c1", name: "bash", state: "done" }],
        [601_000, { _tag: "MessageEnded" }],
        [601_005, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })]],
        [601_000, [prompt, message("msg_1", { text: "behind the door", tools: [{ name: "bash", state: "done" }] })]]
      ],
      activity: idleFrom(601_005)
    },
    ends: "completed: behind the door",
    from: 601_005,
    by: 601_005
  },
  "a permission that is rejected without a word: the turn ends after the tool call": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [20, { _tag: "Tool", call: "c1", name: "bash", state: "running" }],
        [30, { _tag: "Asked", ask: "a1", what: "bash" }],
        [1_000, { _tag: "Answered", ask: "a1" }],
        [1_001, { _tag: "Tool", call: "c1", name: "bash", state: "failed" }],
        [1_002, { _tag: "MessageEnded" }],
        [1_005, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })]],
        [1_002, [prompt, message("msg_1", { state: "more", tools: [{ name: "bash", state: "failed", error: "no" }] })]]
      ],
      activity: idleFrom(1_005)
    },
    ends: "no-answer: its session stopped after a tool call that failed: no",
    from: 10_000,
    by: 12_000
  },
  "a permission that is rejected with a word: the agent goes on": {
    film: {
      says: [
        [10, { _tag: "Busy" }],
        [30, { _tag: "Asked", ask: "a1", what: "bash" }],
        [1_000, { _tag: "Answered", ask: "a1" }],
        [1_002, { _tag: "MessageEnded" }],
        [1_003, { _tag: "Busy" }],
        [2_000, { _tag: "MessageEnded" }],
        [2_005, { _tag: "Idle" }]
      ],
      transcript: [
        [0, [prompt]],
        [20, [prompt, message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })]],
        [1_002, [prompt, message("msg_1", { state: "more", tools: [{ name: "bash", state: "failed", error: "no" }] })]],
        [2_000, [
          prompt,
          message("msg_1", { state: "more", tools: [{ name: "bash", state: "failed", error: "no" }] }),
          message("msg_2", { text: "behind the door" })
        ]]
      ],
      activity: idleFrom(2_005)
    },
    ends: "completed: behind the door",
    from: 2_005,
    by: 2_005
  }
}

describe("what OpenCode was seen to do", () => {
  it.each(Object.entries(rows))("B2 B9 B10 %s", (_, { by, ends, film, from, options }) => {
    const { at, outcome } = watch(film, options)
    assert.strictEqual(roughly(outcome), ends)
    assert.isAtLeast(at, from)
    assert.isAtMost(at, by)
  })

  it.each(Object.entries(rows))("B3 the same when no event arrives: %s", (_, { ends, film, options, unheard }) => {
    const { outcome } = watch({ ...film, says: [] }, options)
    assert.strictEqual(roughly(outcome), unheard ?? ends)
  })

  it.each(Object.entries(rows))("B3 the same whichever one event is lost: %s", (_, { ends, film, options }) => {
    for (const [nth, lost] of film.says.entries()) {
      // Of something that is said once and shows nowhere else nobody can know.
      if (lost[1]._tag === "Asked") continue
      const { outcome } = watch({ ...film, says: film.says.toSpliced(nth, 1) }, options)
      assert.strictEqual(roughly(outcome), ends, `without ${lost[1]._tag} at ${lost[0]} ms`)
    }
  })

  it.each(Object.entries(rows))("B3 the same when every event comes twice: %s", (_, { by, ends, film, options }) => {
    const { at, outcome } = watch({ ...film, says: film.says.flatMap((said) => [said, said]) }, options)
    assert.strictEqual(roughly(outcome), ends)
    assert.isAtMost(at, by)
  })

  it.each(Object.entries(rows).filter(([, { film }]) => film.says.length > 1))(
    "B3 the same when an event comes late, after the next one: %s",
    (_, row) => {
      const { ends, film, options } = row
      for (const [nth, [at, event]] of film.says.entries()) {
        const next = film.says[nth + 1]
        if (next === undefined) continue
        const says = film.says.toSpliced(nth, 2, [next[0], next[1]], [next[0], event])
        assert.strictEqual(roughly(watch({ ...film, says }, options).outcome), ends, `${event._tag} of ${at} ms`)
      }
    }
  )

  it.each(Object.entries(rows))("B3 the same when the poll is down all the time: %s", (_, row) => {
    const { ends, film, options, unpolled } = row
    const { outcome } = watch({ ...film, reachable: { poll: [[0, false]] } }, {
      ...options,
      settings: { hostTimeoutMs: 0 }
    })
    assert.strictEqual(roughly(outcome), unpolled ?? ends)
  })
})

describe("time", () => {
  it.each(Object.entries(rows))("B18 what counts is how long something took, not what o'clock it is: %s", (_, row) => {
    const { film, options } = row
    const plain = watch(film, options)
    const today = watch(film, { ...options, begins: 1_790_000_000_000 })
    assert.deepStrictEqual([today.outcome, today.at], [plain.outcome, plain.at])
  })

  it("B18 how long nothing came of a prompt is told in seconds since the prompt", () => {
    const film: Film = { says: [], transcript: [[0, [prompt]]], activity: [[0, "idle"]] }
    const { outcome } = watch(film, { begins: 1_790_000_000_000, settings: { startTimeoutMs: 10_000 } })
    assert.strictEqual(
      words(outcome),
      "never-started: nothing came of its prompt within 10 s; the limit is startTimeoutMs = 10000"
    )
  })

  it("B18 each limit is kept to the millisecond", () => {
    const { minIdleTimeMs, startTimeoutMs, todoWaitMs } = Settings.defaults
    const idle = (messages: ReadonlyArray<Message>, openTodos = 0) =>
      lookedAt(
        Observation.hear(Observation.make(0, Option.none()), { _tag: "Idle", session }, 0),
        { messages, openTodos, at: 0 },
        false
      )
    const at = (seen: Observation.Observation, now: number) => judge(seen, now)._tag
    const ends = ["Wait", "Settled"]
    const empty = idle([prompt, message("msg_1", {})])
    assert.deepStrictEqual([at(empty, minIdleTimeMs - 1), at(empty, minIdleTimeMs)], ends, "an empty answer")
    const todos = idle([prompt, answer], 1)
    assert.deepStrictEqual([at(todos, todoWaitMs - 1), at(todos, todoWaitMs)], ends, "open todos")
    const silent = idle([prompt])
    assert.deepStrictEqual([at(silent, startTimeoutMs - 1), at(silent, startTimeoutMs)], ends, "never started")
  })
})

describe("busy is not finished", () => {
  it("B1 a proven answer does not count while the host says busy or retry", () => {
    for (const activity of ["busy", "retry"] as const) {
      const { outcome } = watch({
        says: [[1_000, { _tag: "MessageEnded" }]],
        transcript: [[0, [prompt]], [1_000, [prompt, answer]]],
        activity: [[0, activity]]
      }, { settings: { staleTimeoutMs: 0 } })
      assert.strictEqual(words(outcome), "no verdict")
    }
  })

  it("B2 an answer after 50 ms completes at once, and one whose idle came before its end when the poll agrees", () => {
    const film = (says: Film["says"], ended: number): Film => ({
      says,
      transcript: [[0, [prompt]], [ended, [prompt, answer]]],
      activity: idleFrom(40)
    })
    const quick = watch(film([[1, { _tag: "Busy" }], [50, { _tag: "Idle" }]], 49))
    assert.deepStrictEqual([words(quick.outcome), quick.at], ["completed: behind the door", 50])
    const early = watch(film([[1, { _tag: "Busy" }], [40, { _tag: "Idle" }], [60, { _tag: "MessageEnded" }]], 60))
    assert.deepStrictEqual([words(early.outcome), early.at], ["completed: behind the door", 4_000])
  })

  it("B1 an idle that is the echo of a run before says nothing of a session that has worked since", () => {
    const { at, outcome } = watch({
      says: [[1, { _tag: "Busy" }], [20, { _tag: "Idle" }], [200, { _tag: "MessageEnded" }], [9_000, { _tag: "Idle" }]],
      transcript: [[0, [prompt]], [200, [prompt, answer]]],
      activity: [[0, "busy"], [9_000, "idle"]]
    })
    assert.deepStrictEqual([words(outcome), at], ["completed: behind the door", 9_000])
    for (const sign of [{ _tag: "Wrote" }, { _tag: "Tool", call: "1", name: "bash", state: "running" }] as const) {
      const { at } = watch({
        says: [[1, { _tag: "Busy" }], [20, { _tag: "Idle" }], [100, sign], [201, { _tag: "Answered", ask: "any" }]],
        transcript: [[0, [prompt]], [200, [prompt, answer]]],
        activity: [[0, "busy"], [9_000, "idle"]]
      })
      assert.strictEqual(at, 10_000, sign._tag)
    }
  })

  it("B1 B2 an error after the echo of an idle is no end: the host goes on by itself after some", () => {
    const summed = [
      message("msg_1", { state: "stopped" }),
      message("msg_2", { role: "user", automatic: true }),
      message("msg_3", { automatic: true, text: "a summary" })
    ]
    const { at, outcome } = watch({
      says: [
        [1, { _tag: "Busy" }],
        [20, { _tag: "Idle" }],
        [200, { _tag: "Erred", message: "the context is full", aborted: false }],
        [9_000, { _tag: "MessageEnded" }],
        [9_001, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [100, [prompt, open]], [200, [prompt, ...summed]], [9_000, [
        prompt,
        ...summed,
        answer
      ]]],
      activity: [[0, "busy"], [9_000, "idle"]]
    })
    assert.deepStrictEqual([words(outcome), at], ["completed: behind the door", 9_001])
  })

  it("B2 an idle that is told before the session has begun is no end", () => {
    const { at, outcome } = watch({
      says: [[1, { _tag: "Idle" }], [5, { _tag: "Busy" }], [4_000, { _tag: "MessageEnded" }], [4_005, {
        _tag: "Idle"
      }]],
      transcript: [[0, [prompt]], [10, [prompt, open]], [4_000, [prompt, answer]]],
      activity: idleFrom(4_005)
    })
    assert.deepStrictEqual([words(outcome), at], ["completed: behind the door", 4_005])
  })
})

describe("nothing is believed from one source alone", () => {
  it("B4 a session that the poll does not list is not finished while its message is being written", () => {
    const { at, outcome } = watch({
      says: [],
      transcript: [
        [0, [prompt]],
        ...Array.from({ length: 60 }, (_, n): Timeline<ReadonlyArray<Message>>[number] => [
          n * 1_000,
          [prompt, message("msg_1", { state: "open", text: ".".repeat(n) })]
        ]),
        [60_000, [prompt, answer]]
      ],
      activity: [[0, "idle"]]
    })
    assert.strictEqual(words(outcome), "completed: behind the door")
    assert.isAtLeast(at, 60_000)
  })

  it("B4 B17 where the activity is unknown, an agent that thinks is not cut short: only the quiet limit ends it", () => {
    const film: Film = { says: [], transcript: [[0, [prompt]], [100, [prompt, more]]], activity: [] }
    const options: Options = { capabilities: { activity: false } }
    const thinking = watch({ ...film, transcript: [...film.transcript, [60_000, [prompt, more, answer]]] }, options)
    assert.strictEqual(words(thinking.outcome), "completed: behind the door")
    assert.include(words(watch(film, options).outcome), "staleTimeoutMs")
  })

  it("B4 B17 where the activity is unknown, a tool that runs for an hour is life enough", () => {
    const running = message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })
    const { outcome } = watch(
      { says: [], transcript: [[0, [prompt]], [100, [prompt, running]]], activity: [] },
      { capabilities: { activity: false } }
    )
    assert.strictEqual(words(outcome), "no verdict")
  })

  it("B4 where the activity is unknown, an answer counts when it stayed the same for 3 polls, not before 10 s", () => {
    const film: Film = { says: [], transcript: [[0, [prompt]], [100, [prompt, answer]]], activity: [] }
    const { at, outcome } = watch(film, { capabilities: { activity: false } })
    assert.strictEqual(words(outcome), "completed: behind the door")
    assert.isAtLeast(at, 10_000)
    assert.isAtMost(at, 12_000)
    const late = watch({ ...film, transcript: [[0, [prompt]], [20_000, [prompt, answer]]] }, {
      capabilities: { activity: false }
    })
    assert.isAtLeast(late.at, 24_000)
  })

  it("B11 where the activity is unknown, an error counts no sooner than an answer would: another try may follow", () => {
    const full = message("msg_1", { state: "failed", error: "the context is full" })
    const { outcome } = watch({
      says: [],
      transcript: [
        [0, [prompt]],
        [1_000, [prompt, full]],
        [5_000, [
          prompt,
          full,
          message("msg_2", { role: "user", automatic: true }),
          message("msg_3", { state: "open" })
        ]],
        [60_000, [prompt, full, message("msg_2", { role: "user", automatic: true }), answer]]
      ],
      activity: []
    }, { capabilities: { activity: false } })
    assert.strictEqual(words(outcome), "completed: behind the door")
  })

  it("B11 where the activity is unknown, an error that is told of a message that goes on is no end", () => {
    const { at, outcome } = watch({
      says: [[1, { _tag: "Busy" }], [100, { _tag: "Erred", message: "overloaded", aborted: false }]],
      transcript: [[0, [prompt]], [50, [prompt, open]], [20_000, [prompt, answer]]],
      activity: []
    }, { capabilities: { activity: false } })
    assert.strictEqual(words(outcome), "completed: behind the door")
    assert.isAtLeast(at, 20_000)
  })

  it("B11 an error without a message ends a session that was found idle after it, and no sooner", () => {
    const erred = (seen: Observation.Observation, aborted: boolean, at: number) =>
      Observation.hear(seen, { _tag: "Erred", session, message: "overloaded", aborted }, at)
    const looked = (seen: Observation.Observation, at: number) =>
      lookedAt(seen, { messages: [prompt], openTodos: 0, at }, true)
    const idle = Observation.hear(Observation.make(0, Option.none()), { _tag: "Idle", session }, 10)
    const told = looked(erred(looked(idle, 20), false, 30), 30)
    assert.strictEqual(judge(told, 30)._tag, "Wait", "in the moment in which it is told")
    assert.strictEqual(judge(told, 31)._tag, "Settled")
    const aborted = judge(looked(erred(looked(idle, 20), true, 30), 31), 31)
    assert.strictEqual(words(aborted._tag === "Settled" ? aborted.outcome : undefined), interrupted)
    const unknown = looked(erred(Observation.make(0, Option.none()), false, 30), 40)
    assert.strictEqual(judge(unknown, 50, { capabilities: { ...capabilities, activity: false } })._tag, "Wait")
  })

  it("B7 a session that holds only the prompt is never completed; it has never started, and the limit is named", () => {
    for (const transcript of [[], [[0, [prompt]]]] satisfies ReadonlyArray<Film["transcript"]>) {
      for (const says of [[], [[5, { _tag: "Idle" }]]] satisfies ReadonlyArray<Film["says"]>) {
        const { at, outcome } = watch({ says, transcript, activity: [[0, "idle"]] })
        assert.include(words(outcome), "never-started: ")
        assert.include(words(outcome), "startTimeoutMs = 30000")
        assert.isAtLeast(at, 30_000)
        assert.isAtMost(at, 34_000)
      }
    }
  })

  it("B7 what was said before the session was continued is not the answer", () => {
    const old = message("msg_old", { text: "of yesterday" })
    const idle = Observation.hear(Observation.make(0, Option.some("msg_old")), { _tag: "Idle", session }, 10)
    const first = message("msg_first", { role: "user" })
    const early = lookedAt(idle, { messages: [first, old], openTodos: 0, at: 10 }, false)
    assert.strictEqual(judge(early, 20)._tag, "Wait")
    const seen = lookedAt(early, { messages: [first, old, prompt], openTodos: 0, at: 15 }, false)
    assert.strictEqual(judge(seen, 20)._tag, "Wait")
    const answered = lookedAt(seen, { messages: [old, prompt, answer], openTodos: 0, at: 20 }, false)
    assert.deepStrictEqual(judge(answered, 20), {
      _tag: "Settled",
      outcome: { _tag: "Completed", answer: "behind the door" }
    })
  })
})

const judge = (seen: Observation.Observation, now: number, more: Partial<Settlement.Circumstances> = {}) =>
  Settlement.judge(seen, { settings: Settings.defaults, capabilities, now, expecting: false, ...more })

describe("a host that does not answer", () => {
  const film: Film = {
    says: [[10, { _tag: "Busy" }], [200_000, { _tag: "MessageEnded" }], [200_005, { _tag: "Idle" }]],
    transcript: [[0, [prompt]], [50, [prompt, open]], [200_000, [prompt, answer]]],
    activity: idleFrom(200_005)
  }

  it("B5 neither completes nor kills: when it answers again, everything goes on", () => {
    for (const from of [0, 1_000, 100_000, 199_000, 200_001]) {
      const outage: Timeline<boolean> = [[0, true], [from, false], [from + minutes(5), true]]
      for (
        const reachable of [{ poll: outage, transcript: outage }, { transcript: outage }, { poll: outage }]
      ) {
        for (const says of [film.says, []]) {
          const { at, outcome } = watch({ ...film, says, reachable }, { settings: { staleTimeoutMs: 900_000 } })
          assert.strictEqual(words(outcome), "completed: behind the door", `an outage at ${from}`)
          assert.isAtLeast(at, 200_005)
        }
      }
    }
  })

  it("B5 B18 ends the task at last, with the name of the limit", () => {
    const reachable = { poll: [[1_000, false]], transcript: [[1_000, false]] } satisfies Film["reachable"]
    const { at, outcome } = watch({ ...film, says: [], reachable })
    assert.strictEqual(words(outcome), "host-unreachable: the host has not answered for 600 s (hostTimeoutMs)")
    assert.isAtLeast(at, 600_000)
    assert.isAtMost(at, 606_000)
    const forEver = watch({ ...film, says: [], reachable }, { settings: { hostTimeoutMs: 0 }, until: hours(5) })
    assert.strictEqual(words(forEver.outcome), "no verdict")
  })

  it("B16 is not the session's silence: the quiet limit begins anew when it answers", () => {
    const { at, outcome } = watch({
      says: [[10, { _tag: "Busy" }]],
      transcript: [[0, [prompt]], [50, [prompt, open]]],
      activity: [[0, "busy"]],
      reachable: {
        poll: [[0, true], [10_000, false], [310_000, true]],
        transcript: [[0, true], [10_000, false], [310_000, true]]
      }
    })
    assert.include(words(outcome), "quiet-limit")
    assert.isAtLeast(at, 480_000)
  })

  it("B16 is not the session's silence where there is no transcript either", () => {
    const { outcome } = watch({
      says: [[10, { _tag: "Busy" }], [400_000, { _tag: "Ended", result: { _tag: "Done", answer: "42" } }]],
      transcript: [],
      activity: [[0, "busy"]],
      reachable: { poll: [[0, true], [10_000, false]] }
    }, { capabilities: { transcript: false } })
    assert.strictEqual(words(outcome), "completed: 42")
  })

  it("B6 could not check is not checked: open todos that cannot be asked for are not closed", () => {
    const outage: Timeline<boolean> = [[0, true], [2_000, false], [120_000, true]]
    const { at, outcome } = watch({
      says: [[10, { _tag: "Busy" }], [1_000, { _tag: "MessageEnded" }], [1_005, { _tag: "Idle" }]],
      transcript: [[0, [prompt]], [1_000, [prompt, answer]]],
      activity: idleFrom(1_005),
      todos: [[0, 2], [60_000, 0]],
      reachable: { poll: outage, transcript: outage }
    })
    assert.strictEqual(words(outcome), "completed: behind the door")
    assert.isAtLeast(at, 120_000)
  })
})

describe("the answer", () => {
  const after = (messages: ReadonlyArray<Message>, options: Options = {}) =>
    words(
      watch({
        says: [[1, { _tag: "Busy" }], [100, { _tag: "Idle" }]],
        transcript: [[0, messages]],
        activity: [[0, "idle"]]
      }, options).outcome
    )

  it("B8 is reported as empty when it is blank, and not before `minIdleTimeMs`", () => {
    const film: Film = {
      says: [[1, { _tag: "Busy" }], [100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, message("msg_1", { text: "\n\n  " })]]],
      activity: [[0, "idle"]]
    }
    for (const minIdleTimeMs of [0, 5_000, 20_000]) {
      const { at, outcome } = watch(film, { settings: { minIdleTimeMs } })
      assert.deepStrictEqual(outcome, { _tag: "Completed", answer: "" })
      assert.isAtLeast(at, minIdleTimeMs)
      assert.isAtMost(at, minIdleTimeMs + 2_000)
    }
  })

  it("B2 B8 without a text is proven by the tools it used, and not doubted", () => {
    const { at, outcome } = watch({
      says: [[1, { _tag: "Busy" }], [100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, message("msg_1", { tools: [{ name: "edit", state: "done" }] })]]],
      activity: [[0, "idle"]]
    })
    assert.deepStrictEqual([outcome, at], [{ _tag: "Completed", answer: "" }, 100])
  })

  it("B8 is not what was said on the way when the last word is blank", () => {
    const words = after([prompt, message("msg_1", { state: "more", text: "let me see" }), message("msg_2", {})])
    assert.strictEqual(words, "completed: ")
  })

  it("D5 B11 is not hidden by an error before it", () => {
    const error = message("msg_1", { state: "failed", error: "overloaded" })
    assert.strictEqual(after([prompt, error, message("msg_2", { text: "after all" })]), "completed: after all")
  })

  it("D5 is the last thing that was said, where more than one message is an end", () => {
    assert.strictEqual(
      after([prompt, message("msg_1", { text: "perhaps" }), message("msg_2", { text: "for sure" })]),
      "completed: for sure"
    )
  })

  it("D4 is missing for a reason, also where the host has not said which", () => {
    assert.strictEqual(
      after([prompt, message("msg_1", { state: "failed" })]),
      "agent-error: the agent ended in an error that the host did not explain"
    )
  })

  it("D4 is missing because of the tool call that failed, not because of those before it", () => {
    const tools = [{ name: "read", state: "done" }, { name: "bash", state: "failed", error: "refused" }] as const
    assert.strictEqual(
      after([prompt, message("msg_1", { state: "more", tools })]),
      "no-answer: its session stopped after a tool call that failed: refused"
    )
  })

  it("B11 an error event is forgotten when the session goes on and ends well", () => {
    const { outcome } = watch({
      says: [
        [1, { _tag: "Busy" }],
        [100, { _tag: "Erred", message: "overloaded", aborted: false }],
        [200, { _tag: "Busy" }],
        [5_000, { _tag: "Idle" }]
      ],
      transcript: [[0, [prompt]], [5_000, [prompt, answer]]],
      activity: idleFrom(5_000)
    })
    assert.strictEqual(words(outcome), "completed: behind the door")
  })

  it("B11 an error from before the session went on does not end it when it is idle for a while", () => {
    const { outcome } = watch({
      says: [
        [1, { _tag: "Busy" }],
        [100, { _tag: "Erred", message: "overloaded", aborted: false }],
        [200, { _tag: "Busy" }],
        [300, { _tag: "Idle" }],
        [20_000, { _tag: "MessageEnded" }]
      ],
      transcript: [[0, [prompt]], [20_000, [prompt, answer]]],
      activity: idleFrom(300)
    })
    assert.strictEqual(words(outcome), "completed: behind the door")
  })

  it("B9 of an interrupted session is none, whatever it had written", () => {
    assert.strictEqual(after([prompt, message("msg_1", { state: "aborted", text: "I was about to" })]), interrupted)
  })

  it("that is cut to `answerMaxChars` has no half of a character at its end (D3, G5)", () => {
    const { outcome } = watch({
      says: [[100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, message("msg_answer", { text: "ab\u{1f511}cd" })]]],
      activity: [[0, "idle"]]
    }, { settings: { answerMaxChars: 3 } })
    assert.deepStrictEqual(outcome, { _tag: "Completed", answer: "ab", cutFrom: 6 })
    const whole = watch({
      says: [[100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, message("msg_answer", { text: "ab\u{1f511}cd" })]]],
      activity: [[0, "idle"]]
    }, { settings: { answerMaxChars: 4 } })
    assert.deepStrictEqual(whole.outcome, { _tag: "Completed", answer: "ab\u{1f511}", cutFrom: 6 })
  })

  it("says so when it was cut at the model's limit, and keeps no more than `answerMaxChars`", () => {
    assert.strictEqual(
      after([prompt, message("msg_1", { state: "cut", text: "behind the" })]),
      "completed: behind the (the answer was cut at the model's output limit)"
    )
    const { outcome } = watch({
      says: [[100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, answer]]],
      activity: []
    }, { settings: { answerMaxChars: 6 } })
    assert.deepStrictEqual(outcome, { _tag: "Completed", answer: "behind", cutFrom: 15 })
    const whole = watch({ says: [[100, { _tag: "Idle" }]], transcript: [[0, [prompt, answer]]], activity: [] }, {
      settings: { answerMaxChars: "behind the door".length }
    })
    assert.deepStrictEqual(whole.outcome, { _tag: "Completed", answer: "behind the door" })
  })

  it("says all that a reader should know besides, one thing after the other", () => {
    const { outcome } = watch({
      says: [[100, { _tag: "Idle" }]],
      transcript: [[0, [prompt, message("msg_1", { state: "cut", text: "behind the" })]]],
      activity: [],
      todos: [[0, 1]]
    })
    assert.strictEqual(
      words(outcome),
      "completed: behind the (it left 1 of its todos open; the answer was cut at the model's output limit)"
    )
  })

  const tidied = (nth: number, text: string) => [
    message(`msg_tidy_${nth}`, { role: "user", automatic: true }),
    message(`msg_summary_${nth}`, { automatic: true, text: "a summary" }),
    message(`msg_on_${nth}`, { role: "user", automatic: true, text: "go on" }),
    message(`msg_reply_${nth}`, { text })
  ]

  it("D5 is found again after a context that was tidied up in the middle of the work, and once more at the end", () => {
    const work = message("msg_1", { state: "more" })
    assert.strictEqual(
      after([prompt, work, ...tidied(1, "behind the door"), ...tidied(2, "anything else?")]),
      "completed: behind the door"
    )
  })

  it("D5 is not hidden by a summary that nothing follows", () => {
    assert.strictEqual(after([prompt, answer, ...tidied(1, "").slice(0, 2)]), "completed: behind the door")
  })

  it("D5 is what the agent ended with before the summary, cut or not, and nothing that it had not ended with", () => {
    const cut = message("msg_1", { state: "cut", text: "behind the" })
    assert.strictEqual(after([prompt, cut, ...tidied(1, "anything else?")]), "completed: behind the")
    for (
      const unfinished of [
        message("msg_1", { state: "failed", error: "the context is full", text: "I think it is" }),
        message("msg_1", { state: "more", text: "let me see" }),
        message("msg_1", { text: " \n " })
      ]
    ) {
      assert.strictEqual(after([prompt, unfinished, ...tidied(1, "behind the door")]), "completed: behind the door")
    }
  })

  it("B13 is the one to the last notice, not one from before it, also after a context that was tidied up", () => {
    const notice = message("msg_notice", { role: "user", notices: ["nt_1"] })
    assert.strictEqual(
      after([
        prompt,
        message("msg_1", { text: "I wait" }),
        ...tidied(1, "still"),
        notice,
        message("msg_9", { text: "all of it" })
      ]),
      "completed: all of it"
    )
  })
})

describe("open todos", () => {
  const film = (todos: Timeline<number>): Film => ({
    says: [[1, { _tag: "Busy" }], [1_000, { _tag: "Idle" }]],
    transcript: [[0, [prompt]], [1_000, [prompt, answer]]],
    activity: idleFrom(1_000),
    todos
  })

  it("B12 delay the end, but not for ever: then it is told with how many are open", () => {
    const { at, outcome } = watch(film([[0, 2]]))
    assert.strictEqual(words(outcome), "completed: behind the door (it left 2 of its todos open)")
    assert.isAtLeast(at, 11_000)
    assert.isAtMost(at, 14_000)
  })

  it("B12 that are closed in time delay it no longer", () => {
    const { at, outcome } = watch(film([[0, 2], [5_000, 0]]))
    assert.strictEqual(words(outcome), "completed: behind the door")
    assert.isAtMost(at, 8_000)
  })
})

describe("its own tasks", () => {
  it("B13 come first: nobody is finished, failed or silent while they are out", () => {
    const films: ReadonlyArray<Film> = [
      { says: [[1_000, { _tag: "Idle" }]], transcript: [[0, [prompt, answer]]], activity: [[0, "idle"]] },
      { says: [[1_000, { _tag: "Idle" }]], transcript: [[0, [prompt, more]]], activity: [[0, "idle"]] },
      { says: [[1_000, { _tag: "Idle" }]], transcript: [[0, [prompt]]], activity: [[0, "idle"]] },
      { says: [], transcript: [[0, [prompt]]], activity: [[0, "idle"]] },
      { says: [], transcript: [[0, [prompt, answer]]], activity: [] }
    ]
    for (const film of films) {
      for (const activity of [true, false]) {
        const { outcome } = watch({ ...film, expecting: [[0, true]] }, { capabilities: { activity } })
        assert.strictEqual(words(outcome), "no verdict")
      }
    }
    const busy = Observation.hear(Observation.make(0, Option.none()), { _tag: "Busy", session }, 0)
    const idle = Observation.hear(busy, { _tag: "Idle", session }, 10)
    assert.strictEqual(judge(idle, 10, { expecting: true })._tag, "AwaitChildren")
    assert.strictEqual(judge(busy, 10, { expecting: true })._tag, "Wait")
  })

  it("A1 B4 B13 are no reason to lend the slots of a session that may be at work: only of one that is idle", () => {
    const unknown = Observation.make(0, Option.none())
    assert.notStrictEqual(judge(unknown, 10, { expecting: true })._tag, "AwaitChildren")
  })

  it("B13 are waited for where the session's end is the host's last word, too", () => {
    const ended = Observation.hear(
      Observation.make(0, Option.none()),
      { _tag: "Ended", session, result: { _tag: "Done", answer: "so far" } },
      10
    )
    assert.strictEqual(judge(ended, 10, { expecting: true })._tag, "AwaitChildren")
    assert.strictEqual(judge(ended, 10)._tag, "Settled")
  })

  it("B13 a notice that woke the session has to be answered: what it said before is not the end", () => {
    const before = lookedAt(
      Observation.hear(Observation.make(0, Option.none()), { _tag: "Idle", session }, 10),
      { messages: [prompt, answer], openTodos: 0, at: 10 },
      false
    )
    assert.strictEqual(judge(before, 10)._tag, "Settled")
    const woken = Observation.woken(before, "nt_1", 20, 20)
    const looked = lookedAt(woken, { messages: [prompt, answer], openTodos: 0, at: 30 }, false)
    const idle = lookedAt(
      Observation.hear(looked, { _tag: "Idle", session }, 40),
      { messages: [prompt, answer], openTodos: 0, at: 40 },
      false
    )
    assert.strictEqual(judge(idle, 40)._tag, "Wait")
    const notice = message("msg_notice", { role: "user", notices: ["nt_1"] })
    const taken = lookedAt(idle, { messages: [prompt, answer, notice], openTodos: 0, at: 50 }, false)
    assert.strictEqual(judge(taken, 50)._tag, "Wait")
    const final = message("msg_2", { text: "all of it" })
    const done = lookedAt(taken, { messages: [prompt, answer, notice, final], openTodos: 0, at: 60 }, false)
    assert.deepStrictEqual(judge(done, 60), { _tag: "Settled", outcome: { _tag: "Completed", answer: "all of it" } })
  })

  it("B18 a notice that the session never takes up ends it, with the name of the limit", () => {
    const { at, outcome } = watch({
      says: [[10, { _tag: "Idle" }]],
      transcript: [[0, [prompt, answer, message("msg_notice", { role: "user", notices: ["nt_1"] })]]],
      activity: [[0, "idle"]]
    })
    assert.include(words(outcome), "startTimeoutMs")
    assert.isAtLeast(at, 30_000)
  })
})

describe("silence", () => {
  const hung: Film = {
    says: [[10, { _tag: "Busy" }], [5_000, { _tag: "Wrote" }]],
    transcript: [[0, [prompt]], [50, [prompt, open]]],
    activity: [[0, "busy"]]
  }

  it("B16 B18 ends a session that hangs, after the limit and not before, and names it", () => {
    for (const staleTimeoutMs of [1_000, 60_000, 180_000]) {
      const { at, outcome } = watch(hung, { settings: { staleTimeoutMs, pollIntervalMs: 100 } })
      const from = Math.max(staleTimeoutMs, staleTimeoutMs < 5_000 ? 0 : 5_000 + staleTimeoutMs)
      assert.include(words(outcome), `staleTimeoutMs = ${staleTimeoutMs}`)
      assert.strictEqual(outcome?._tag === "Cancelled" && outcome.setting, "staleTimeoutMs")
      assert.isAtLeast(at, from)
      assert.isAtMost(at, from + 500)
    }
  })

  it("B10 B16 is not what a retry of the provider is, also where it was told once and never again", () => {
    const event = { _tag: "Retrying", session, attempt: 1, message: "429", nextAt: hours(2) } as const
    const waiting = Observation.hear(Observation.make(0, Option.none()), event, 10)
    assert.strictEqual(judge(waiting, hours(1))._tag, "Wait")
  })

  it("B14 B16 is checked in the transcript after half the limit, once more at its end, and then at each half", () => {
    const limit = Settings.defaults.staleTimeoutMs
    const running = message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })
    const today = 1_790_000_000_000
    const busy = Observation.hear(Observation.make(today, Option.none()), { _tag: "Busy", session }, today)
    const after = (ms: number) => lookedAt(busy, { messages: [prompt, running], openTodos: 0, at: today + ms }, false)
    const verdicts = (seen: Observation.Observation, ms: number) =>
      [today + ms - 1, today + ms].map((now) => judge(seen, now)._tag)
    const due = ["Wait", "Look"]
    assert.deepStrictEqual(verdicts(busy, limit / 2), due, "never looked at")
    assert.deepStrictEqual(verdicts(after(limit / 2 - 10), limit / 2), due, "looked at before half the limit")
    assert.deepStrictEqual(verdicts(after(limit - 10), limit), due, "looked at before its end")
    assert.deepStrictEqual(verdicts(after(limit), limit * 1.5), due, "looked at after its end")
  })

  it("B16 0 is for ever, and so is a host whose sessions may be silent", () => {
    assert.strictEqual(words(watch(hung, { settings: { staleTimeoutMs: 0 } }).outcome), "no verdict")
    assert.strictEqual(words(watch(hung, { capabilities: { silent: true } }).outcome), "no verdict")
  })

  it.each(
    [
      ["text that is written", { _tag: "Wrote" }],
      ["tools that come and go", { _tag: "Tool", call: "c1", name: "read", state: "done" }],
      ["messages that end", { _tag: "MessageEnded" }],
      ["a host that says busy again and again", { _tag: "Busy" }]
    ] as const
  )("B15 B17 is broken by %s: who keeps at work is never stopped", (_, event) => {
    const says = Array.from({ length: 300 }, (_, n): Film["says"][number] => [n * 170_000, event])
    const { outcome } = watch({ ...hung, says: [[0, { _tag: "Busy" }], ...says] }, { until: hours(14) })
    assert.strictEqual(words(outcome), "no verdict")
  })

  it("B15 B17 is broken by a transcript that grows, where no event arrives", () => {
    const transcript = Array.from({ length: 100 }, (_, n): Timeline<ReadonlyArray<Message>>[number] => [
      n * 60_000,
      [prompt, message("msg_1", { state: "open", text: ".".repeat(n) })]
    ])
    const { outcome } = watch({ says: [], transcript, activity: [[0, "busy"]] }, { until: minutes(99) })
    assert.strictEqual(words(outcome), "no verdict")
  })

  it("B15 is not broken by asking: neither polls nor looks move the clock", () => {
    let seen = Observation.hear(Observation.make(0, Option.none()), { _tag: "Busy", session }, 10)
    for (let now = 1_000; now <= 100_000; now += 1_000) {
      seen = Observation.polled(seen, "busy", now)
      seen = lookedAt(seen, { messages: [prompt, open], openTodos: 0, at: now }, true)
      seen = Observation.unasked(seen, now)
    }
    assert.deepStrictEqual([seen.activeAt, seen.quietSince], [10, 10])
  })

  it("B16 a tool that runs is not silence, as long as the transcript says that it runs", () => {
    const running = message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })
    const film: Film = {
      says: [[10, { _tag: "Busy" }], [20, { _tag: "Tool", call: "c1", name: "bash", state: "running" }]],
      transcript: [[0, [prompt]], [20, [prompt, running]]],
      activity: [[0, "busy"]]
    }
    assert.strictEqual(words(watch(film).outcome), "no verdict")
    // Its end was not heard of, and then the agent hangs.
    const ended = watch({ ...film, transcript: [...film.transcript, [minutes(10), [prompt, more]]] })
    assert.include(words(ended.outcome), "staleTimeoutMs")
  })

  it("B14 costs few looks: not one per poll", () => {
    const { looks, outcome } = watch(hung)
    assert.include(words(outcome), "staleTimeoutMs")
    assert.isAtMost(looks, 4)
  })
})

describe("a session that waits for a person", () => {
  const asked = [
    [10, { _tag: "Busy" }],
    [20, { _tag: "Asked", ask: "a1", what: "bash \"npm test\"" }],
    [30, { _tag: "Asked", ask: "a2", what: "edit" }]
  ] satisfies Film["says"]

  it("G7 says what for, and for how long it has waited so far", () => {
    const { observation } = watch({ says: asked, transcript: [], activity: [[0, "busy"]] }, { until: 10_000 })
    assert.strictEqual(Observation.progress(observation).waitingFor, "bash \"npm test\", edit")
    assert.strictEqual(Observation.uncounted(observation, 10_020), 10_000)
    const one = Observation.hear(observation, { _tag: "Answered", session, ask: "a1" }, 20_020)
    assert.strictEqual(Observation.uncounted(one, 30_020), 30_000)
    const both = Observation.hear(one, { _tag: "Answered", session, ask: "a2" }, 40_020)
    assert.strictEqual(Observation.uncounted(both, 90_000), 40_000)
    assert.strictEqual(Observation.progress(both).waitingFor, undefined)
    const again = Observation.hear(both, { _tag: "Asked", session, ask: "a3", what: "bash" }, 100_000)
    assert.strictEqual(Observation.uncounted(again, 101_000), 41_000)
    const answered = Observation.hear(again, { _tag: "Answered", session, ask: "a3" }, 102_000)
    assert.strictEqual(Observation.uncounted(answered, 200_000), 42_000)
  })

  it("B3 does not wait for ever where the answer was not told: at the latest when the turn is over", () => {
    for (
      const says of [[...asked, [60_000, { _tag: "Idle" }]], asked] satisfies ReadonlyArray<Film["says"]>
    ) {
      const { observation, outcome } = watch({
        says,
        transcript: [[0, [prompt]], [60_000, [prompt, answer]]],
        activity: idleFrom(60_000)
      })
      assert.strictEqual(words(outcome), "completed: behind the door")
      // From the first question until the session was seen to be idle.
      assert.isAtLeast(Observation.uncounted(observation, hours(1)), 59_000)
      assert.isAtMost(Observation.uncounted(observation, hours(1)), 64_000)
    }
  })
})

describe("a host without transcripts", () => {
  const options: Options = { capabilities: { transcript: false, activity: false, todos: false } }

  it("ends by its last word", () => {
    const film = (result: Extract<HostEvent, { readonly _tag: "Ended" }>["result"]): Film => ({
      says: [[10, { _tag: "Busy" }], [60_000, { _tag: "Ended", result }]],
      transcript: [],
      activity: []
    })
    assert.strictEqual(words(watch(film({ _tag: "Done", answer: "42" }), options).outcome), "completed: 42")
    assert.strictEqual(
      words(watch(film({ _tag: "Failed", message: "exit 1" }), options).outcome),
      "agent-error: exit 1"
    )
    assert.strictEqual(words(watch(film({ _tag: "Done", answer: "" }), options).outcome), "completed: ")
  })

  it("B16 is held to the quiet limit unless it may be silent, and is never looked at", () => {
    const film: Film = { says: [[10, { _tag: "Busy" }]], transcript: [], activity: [] }
    const { looks, outcome } = watch(film, options)
    assert.include(words(outcome), "staleTimeoutMs")
    assert.strictEqual(looks, 0)
    const silent = { capabilities: { ...options.capabilities, silent: true } }
    assert.strictEqual(words(watch(film, silent).outcome), "no verdict")
  })
})

/** Whatever a host may say or show. */
const Shot = Schema.Struct({
  after: Schema.Literals([0, 1, 50, 2_000, 2_000, 2_000, 6_000, 20_000, 100_000, 400_000]),
  what: Schema.Literals([
    "Busy",
    "Idle",
    "Idle",
    "Retrying",
    "Wrote",
    "Tool",
    "ToolEnded",
    "MessageEnded",
    "Erred",
    "Aborted",
    "Asked",
    "Answered",
    "Deleted",
    "polled busy",
    "polled retry",
    "polled idle",
    "polled idle",
    "polled unknown",
    "unasked",
    "unreachable",
    "unseen",
    "looking",
    "looked",
    "looked",
    "woken"
  ]),
  transcript: below(12),
  todos: Schema.Literals([0, 0, 0, 2]),
  byPoll: Schema.Boolean
})
type Shot = typeof Shot.Type

const transcripts: ReadonlyArray<ReadonlyArray<Message>> = [
  [],
  [prompt],
  [prompt, open],
  [prompt, answer],
  [prompt, answer],
  [prompt, message("msg_1", {})],
  [prompt, more],
  [prompt, message("msg_1", { state: "open", tools: [{ name: "bash", state: "running" }] })],
  [prompt, message("msg_1", { state: "aborted" })],
  [prompt, message("msg_1", { state: "stopped" })],
  [prompt, failed],
  [prompt, answer, message("msg_notice", { role: "user", notices: ["nt_1"] }), message("msg_2", { state: "cut" })]
]

const shoot = (seen: Observation.Observation, shot: Shot, now: number): Observation.Observation => {
  const messages = transcripts[shot.transcript] ?? []
  switch (shot.what) {
    case "Busy":
    case "Idle":
    case "Wrote":
    case "MessageEnded":
    case "Deleted":
      return Observation.hear(seen, { _tag: shot.what, session }, now)
    case "Retrying":
      return Observation.hear(seen, { _tag: "Retrying", session, attempt: 1, message: "429", nextAt: now + 1 }, now)
    case "Tool":
    case "ToolEnded": {
      const state = shot.what === "Tool" ? "running" : "done"
      return Observation.hear(seen, { _tag: "Tool", session, call: `${shot.todos}`, name: "bash", state }, now)
    }
    case "Erred":
    case "Aborted":
      return Observation.hear(seen, { _tag: "Erred", session, message: "no", aborted: shot.what === "Aborted" }, now)
    case "Asked":
      return Observation.hear(seen, { _tag: "Asked", session, ask: `${shot.todos}`, what: "bash" }, now)
    case "Answered":
      return Observation.hear(seen, { _tag: "Answered", session, ask: `${shot.todos}` }, now)
    case "polled busy":
      return Observation.polled(seen, "busy", now)
    case "polled retry":
      return Observation.polled(seen, "retry", now)
    case "polled idle":
      return Observation.polled(seen, "idle", now)
    case "polled unknown":
      return Observation.polled(seen, "unknown", now)
    case "unasked":
      return Observation.unasked(seen, now)
    case "unreachable":
      return Observation.unreachable(seen, now)
    case "unseen":
      return Observation.unseen(seen, now)
    case "looking":
      return Observation.looking(seen)
    case "looked":
      return Observation.looked(seen, { messages, openTodos: shot.todos, at: now }, shot.byPoll)
    case "woken":
      return Observation.woken(seen, "nt_1", now, now)
  }
}

describe("whatever is seen, in whatever order", () => {
  const Draw = Schema.Struct({
    staleTimeoutMs: Schema.Literals([0, 1_000, 180_000]),
    hostTimeoutMs: Schema.Literals([0, 10_000, 600_000]),
    startTimeoutMs: Schema.Literals([1, 30_000]),
    minIdleTimeMs: Schema.Literals([0, 5_000, 30_000]),
    expecting: Schema.Literals([false, false, true]),
    unknowing: Schema.Literals([false, false, true])
  })
  const draw = [sequence(Shot, 30), Draw] as const

  /** Calls back with every verdict on the way. */
  const shootAll = (
    shots: ReadonlyArray<Shot>,
    { expecting, unknowing, ...limits }: typeof Draw.Type,
    check: (verdict: Settlement.Verdict, seen: Observation.Observation, circumstances: Settlement.Circumstances) => void
  ) => {
    let seen = Observation.make(0, Option.none())
    let now = 0
    for (const shot of shots) {
      now += shot.after
      seen = shoot(seen, shot, now)
      for (const late of [0, 7_000]) {
        const circumstances: Settlement.Circumstances = {
          settings: { ...Settings.defaults, ...limits },
          capabilities: { ...capabilities, activity: !unknowing },
          now: now + late,
          expecting
        }
        check(Settlement.judge(seen, circumstances), seen, circumstances)
      }
    }
  }

  const outcomeOf = (verdict: Settlement.Verdict) => verdict._tag === "Settled" ? verdict.outcome : undefined

  it.prop("B1 nobody is finished while the host says busy or retry", [...draw], ([shots, settings]) => {
    shootAll(shots, settings, (verdict, { activity }) => {
      if (activity === "busy" || activity === "retry") assert.notStrictEqual(outcomeOf(verdict)?._tag, "Completed")
    })
  }, thorough(600, 40))

  it.prop("B5 B6 nobody is finished while the host does not answer", [...draw], ([shots, settings]) => {
    shootAll(shots, settings, (verdict, { unreachableSince }) => {
      const outcome = outcomeOf(verdict)
      if (Option.isSome(unreachableSince) && outcome !== undefined) {
        assert.strictEqual(outcome._tag === "Failed" ? outcome.reason : outcome._tag, "host-unreachable")
      }
    })
  }, thorough(600, 40))

  it.prop("B13 nobody is finished while tasks of its own are out", [...draw], ([shots, settings]) => {
    shootAll(shots, { ...settings, expecting: true }, (verdict) => {
      assert.notStrictEqual(outcomeOf(verdict)?._tag, "Completed")
    })
  }, thorough(600, 40))

  it.prop("B7 nobody is finished whose transcript shows no word of the agent's", [...draw], ([shots, settings]) => {
    shootAll(shots, settings, (verdict, { look }) => {
      if (outcomeOf(verdict)?._tag !== "Completed") return
      assert.strictEqual(Option.getOrThrow(look).messages.at(-1)?.role, "assistant")
    })
  }, thorough(600, 40))

  it.prop("B8 an empty answer is believed after `minIdleTimeMs` only", [...draw], ([shots, settings]) => {
    shootAll(shots, settings, (verdict, { promptedAt }, { now, settings }) => {
      const outcome = outcomeOf(verdict)
      if (outcome?._tag !== "Completed" || outcome.answer !== "") return
      assert.isAtLeast(now - promptedAt, settings.minIdleTimeMs)
    })
  }, thorough(600, 40))

  it.prop(
    "B18 no verdict names a setting whose limit has not passed, or that is off",
    [...draw],
    ([shots, settings]) => {
      shootAll(shots, settings, (verdict, seen, { now, settings }) => {
        const named = words(outcomeOf(verdict))
        const limits = [
          ["staleTimeoutMs", settings.staleTimeoutMs, seen.quietSince],
          ["hostTimeoutMs", settings.hostTimeoutMs, Option.getOrElse(seen.unreachableSince, () => now)],
          ["startTimeoutMs", settings.startTimeoutMs, Math.max(seen.promptedAt, seen.activeAt)]
        ] as const
        for (const [name, limit, since] of limits) {
          if (!named.includes(name)) continue
          assert.isAbove(limit, 0, name)
          assert.isAtLeast(now - since, limit, name)
        }
      })
    },
    thorough(600, 40)
  )

  it.prop("B14 after a look that shows the same, no other look is asked for", [...draw], ([shots, settings]) => {
    shootAll(shots, settings, (verdict, seen, circumstances) => {
      if (verdict._tag !== "Look") return
      for (const messages of transcripts) {
        const once = lookedAt(seen, { messages, openTodos: 0, at: circumstances.now }, true)
        assert.notStrictEqual(Settlement.judge(once, circumstances)._tag, "Look")
      }
    })
  }, thorough(300, 40))

  it.prop("B19 a person's answer is waited for: nothing ends while one is asked, unless the host is gone", [...draw], ([
    shots,
    settings
  ]) => {
    shootAll(shots, settings, (verdict, seen) => {
      if (Observation.progress(seen).waitingFor === undefined) return
      const outcome = outcomeOf(verdict)
      if (outcome !== undefined) {
        assert.strictEqual(outcome._tag === "Failed" ? outcome.reason : outcome._tag, "host-unreachable")
      }
    })
  }, thorough(600, 40))
})
