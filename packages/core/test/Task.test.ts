import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Model from "../src/Model.ts"
import * as Task from "../src/Task.ts"
import { TaskEvent } from "../src/TaskEvent.ts"
import {
  below,
  calledOff,
  completed,
  outcomes,
  request,
  sequence,
  sessionId,
  taskId,
  thorough
} from "./support/arbitraries.ts"

/** What may happen next: an event of some kind, of this run, an earlier one or a later one. */
const Draw = Schema.Struct({
  kind: Schema.Literals(["Queued", "Continued", "Started", "Opened", "Ended", "Asked", "Lent"]),
  /** Added to the run that the task is in; mostly nothing, so that stories get far. */
  off: Schema.Literals([-1, 0, 0, 0, 0, 1, 2]),
  outcome: below(outcomes.length),
  session: below(2),
  passes: below(3)
})
type Draw = typeof Draw.Type

const id = taskId(1)

const eventOf = (draw: Draw, run: number, at: number): TaskEvent => {
  const stamp = { id, run, at }
  switch (draw.kind) {
    case "Queued":
    case "Continued":
      return { _tag: draw.kind, ...stamp, request: request(`ses_parent_of_run_${run}`) }
    case "Started":
    case "Lent":
      return { _tag: draw.kind, ...stamp }
    case "Asked":
      return { _tag: "Asked", ...stamp, what: "bash npm test" }
    case "Opened":
      return { _tag: "Opened", ...stamp, session: sessionId(`ses_${draw.session}`) }
    case "Ended":
      return {
        _tag: "Ended",
        ...stamp,
        outcome: outcomes[draw.outcome] ?? completed,
        progress: { toolCalls: draw.passes }
      }
  }
}

interface Taken {
  readonly before: Option.Option<Task.Task>
  readonly event: TaskEvent
  readonly after: Option.Option<Task.Task>
}

/** Everything that was tried, whether the task took it or not. */
const play = (draws: ReadonlyArray<Draw>): ReadonlyArray<Taken> => {
  let task = Option.none<Task.Task>()
  let at = 0
  return draws.map((draw) => {
    at += draw.passes
    const run = Math.max(1, Option.match(task, { onNone: () => 1, onSome: ({ run }) => run }) + draw.off)
    const event = eventOf(draw, run, at)
    const after = Task.apply(task, event)
    const taken = { before: task, event, after }
    task = Option.orElse(after, () => task)
    return taken
  })
}

const stories = [sequence(Draw, 60)] as const

const whole = (story: ReadonlyArray<Taken>) => story.filter(({ after }) => Option.isSome(after))

describe("a task", () => {
  it.prop("B19 D2 a terminal status is final: only the next run leaves it", [...stories], ([draws]) => {
    for (const { after, before, event } of play(draws)) {
      if (Option.isNone(before) || !Task.isTerminal(before.value)) continue
      const mayLeave = event._tag === "Continued" && event.run === before.value.run + 1
      assert.strictEqual(Option.isSome(after), mayLeave, `${event._tag} of run ${event.run}`)
    }
  }, thorough(300))

  it.prop("B19 what belongs to another run changes nothing", [...stories], ([draws]) => {
    for (const { after, before, event } of play(draws)) {
      if (Option.isNone(before) || event._tag === "Queued" || event._tag === "Continued") continue
      if (event.run !== before.value.run) assert.isTrue(Option.isNone(after), `${event._tag} of run ${event.run}`)
    }
  }, thorough(300))

  it.prop("B19 a run ends exactly once, whatever is tried", [...stories], ([draws]) => {
    const ends = whole(play(draws)).filter(({ event }) => event._tag === "Ended").map(({ event }) => event.run)
    assert.deepStrictEqual(ends, [...new Set(ends)])
  }, thorough(300))

  it.prop("a sighting is taken while its run is running, and changes nothing", [...stories], ([draws]) => {
    for (const { after, before, event } of play(draws)) {
      if (event._tag !== "Asked" && event._tag !== "Lent") continue
      const isRunning = Option.exists(before, ({ run, status }) => status === "running" && run === event.run)
      assert.deepStrictEqual(after, isRunning ? before : Option.none())
    }
  }, thorough(300))

  it.prop("runs count from 1 without a gap, and none begins before the one before is over", [...stories], ([draws]) => {
    let run = 0
    for (const { before, event } of whole(play(draws))) {
      if (event._tag !== "Queued" && event._tag !== "Continued") continue
      assert.strictEqual(event.run, run + 1)
      assert.strictEqual(Option.match(before, { onNone: () => true, onSome: Task.isTerminal }), true)
      run = event.run
    }
  }, thorough(300))

  it.prop("has an outcome exactly when its status is terminal, and the status is the outcome's", [...stories], ([
    draws
  ]) => {
    for (const { after } of play(draws)) {
      if (Option.isNone(after)) continue
      const { outcome, status } = after.value
      const terminal = status === "completed" || status === "error" || status === "cancelled"
      assert.strictEqual(terminal, outcome !== undefined, status)
      assert.strictEqual(Task.isTerminal(after.value), terminal)
      if (outcome !== undefined) assert.strictEqual(status, Task.statusOf(outcome))
    }
  }, thorough(300))

  it.prop("knows when it was queued, started and ended, and of its own run only", [...stories], ([draws]) => {
    let times: { readonly queuedAt: number; readonly startedAt?: number; readonly endedAt?: number } = { queuedAt: 0 }
    for (const { after, event } of whole(play(draws))) {
      if (event._tag === "Queued" || event._tag === "Continued") times = { queuedAt: event.at }
      if (event._tag === "Started") times = { ...times, startedAt: event.at }
      if (event._tag === "Ended") times = { ...times, endedAt: event.at }
      if (Option.isNone(after)) continue
      const { endedAt, queuedAt, startedAt, status } = after.value
      assert.deepStrictEqual({ queuedAt, startedAt, endedAt }, {
        queuedAt: times.queuedAt,
        startedAt: times.startedAt,
        endedAt: times.endedAt
      })
      if (status === "running") assert.isDefined(startedAt)
      if (status === "pending") assert.isUndefined(startedAt)
      assert.strictEqual(endedAt !== undefined, Task.isTerminal(after.value))
      assert.isAtLeast(Task.duration(after.value, event.at), 0)
      assert.isAtLeast(Task.queuedFor(after.value, event.at), 0)
    }
  }, thorough(300))

  it.prop("A9 never starts twice, and never after its end", [...stories], ([draws]) => {
    const starts = whole(play(draws)).filter(({ event }) => event._tag === "Started")
    for (const { before } of starts) {
      assert.strictEqual(Option.getOrThrow(before).status, "pending")
    }
    assert.strictEqual(new Set(starts.map(({ event }) => event.run)).size, starts.length)
  }, thorough(300))

  it.prop("E7 keeps its session over runs, and nothing else of an earlier run", [...stories], ([draws]) => {
    for (const { after, before, event } of whole(play(draws))) {
      if (event._tag !== "Continued" || Option.isNone(before) || Option.isNone(after)) continue
      const expected: Task.Task = {
        id,
        run: before.value.run + 1,
        request: event.request,
        status: "pending",
        queuedAt: event.at,
        progress: { toolCalls: 0 },
        ...(before.value.session === undefined ? {} : { session: before.value.session })
      }
      assert.deepStrictEqual(after.value, expected)
    }
  }, thorough(300))

  it.prop("is the fold of the events that it took: replaying them gives the same task", [...stories], ([draws]) => {
    const story = whole(play(draws))
    const folded = story.reduce<Option.Option<Task.Task>>(
      (task, { event }) => Task.apply(task, event),
      Option.none()
    )
    assert.deepStrictEqual(folded, story.at(-1)?.after ?? Option.none())
  }, thorough(300))

  it.prop("survives being written down: events and tasks are the same after a round trip", [...stories], ([draws]) => {
    for (const { after, event } of whole(play(draws))) {
      const written: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(TaskEvent)(event)))
      assert.deepStrictEqual(Schema.decodeUnknownSync(TaskEvent)(written), event)
      const task = Option.getOrThrow(after)
      const kept: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Task.Task)(task)))
      assert.deepStrictEqual(Schema.decodeUnknownSync(Task.Task)(kept), task)
    }
  }, thorough(100))

  it("what was written down wrongly is refused, wherever in it the mistake is", () => {
    const retry = { attempt: 1, message: "429", nextAt: 1 }
    const right = {
      id,
      run: 1,
      request: request("ses_root"),
      status: "completed",
      queuedAt: 0,
      outcome: completed,
      progress: { toolCalls: 0, retry }
    }
    assert.isTrue(Schema.is(Task.Task)(right))
    for (
      const wrong of [
        { request: { ...right.request, prompt: undefined } },
        { request: {} },
        { status: "done" },
        { opened: { after: 1 } },
        { adopted: {} },
        { outcome: { _tag: "Completed" } },
        { outcome: { _tag: "Failed", reason: "defect" } },
        { outcome: { _tag: "Failed", reason: "", message: "" } },
        { outcome: { _tag: "Cancelled", reason: "", message: "" } },
        { progress: {} },
        { progress: { toolCalls: 0, retry: {} } }
      ]
    ) {
      assert.isFalse(Schema.is(Task.Task)({ ...right, ...wrong }), JSON.stringify(wrong))
    }
  })

  it("every reason for an end can be written down", () => {
    const failures = ["start-failed", "never-started", "agent-error", "no-answer", "host-unreachable", "defect"]
    for (const reason of failures) {
      assert.isTrue(Schema.is(Task.Outcome)({ _tag: "Failed", reason, message: "" }), reason)
    }
    const cancellations = [
      "requested",
      "by-person",
      "interrupted",
      "deleted",
      "parent-ended",
      "time-limit",
      "quiet-limit",
      "shutdown"
    ]
    for (const reason of cancellations) {
      assert.isTrue(Schema.is(Task.Outcome)({ _tag: "Cancelled", reason, message: "" }), reason)
    }
  })

  it("A9 has no session before it has its slots", () => {
    const queued = Task.apply(Option.none(), { _tag: "Queued", id, run: 1, at: 0, request: request("ses_root") })
    assert.isTrue(Option.isSome(queued))
    const opened = Task.apply(queued, { _tag: "Opened", id, run: 1, at: 1, session: sessionId("ses_1") })
    assert.isTrue(Option.isNone(opened))
  })

  it("B19 a late echo of the first run does not touch the second", () => {
    const tell = (task: Option.Option<Task.Task>, event: TaskEvent) =>
      Option.some(Option.getOrThrow(Task.apply(task, event)))
    const first = [
      { _tag: "Queued", id, run: 1, at: 0, request: request("ses_root") },
      { _tag: "Started", id, run: 1, at: 1 },
      { _tag: "Ended", id, run: 1, at: 2, outcome: completed, progress: { toolCalls: 0 } },
      { _tag: "Continued", id, run: 2, at: 3, request: request("ses_root") },
      { _tag: "Started", id, run: 2, at: 4 }
    ] satisfies ReadonlyArray<TaskEvent>
    const second = first.reduce<Option.Option<Task.Task>>(tell, Option.none())
    const echo: TaskEvent = { _tag: "Ended", id, run: 1, at: 5, outcome: completed, progress: { toolCalls: 0 } }
    assert.isTrue(Option.isNone(Task.apply(second, echo)))
  })

  it("knows its depth, how long it ran and how long it waited", () => {
    const task: Task.Task = {
      id,
      run: 1,
      request: request("ses_child", { ancestors: [sessionId("ses_child"), sessionId("ses_root")] }),
      status: "pending",
      queuedAt: 1_000,
      progress: { toolCalls: 0 }
    }
    assert.strictEqual(Task.depth(task), 2)
    assert.deepStrictEqual([Task.duration(task, 5_000), Task.queuedFor(task, 5_000)], [0, 4_000])
    const running: Task.Task = { ...task, status: "running", startedAt: 3_000 }
    assert.deepStrictEqual([Task.duration(running, 5_000), Task.queuedFor(running, 5_000)], [2_000, 2_000])
    const over: Task.Task = { ...running, status: "completed", endedAt: 4_000, outcome: completed }
    assert.deepStrictEqual([Task.duration(over, 5_000), Task.queuedFor(over, 5_000)], [1_000, 2_000])
    const neverStarted: Task.Task = { ...task, status: "completed", endedAt: 4_000, outcome: completed }
    assert.deepStrictEqual([Task.duration(neverStarted, 9_000), Task.queuedFor(neverStarted, 9_000)], [0, 3_000])
  })

  it("G5 has run once it had its slots, here or in a process that is gone, and not by waiting for them", () => {
    const ended: TaskEvent = { _tag: "Ended", id, run: 1, at: 9, outcome: calledOff, progress: { toolCalls: 0 } }
    const adopted: TaskEvent = { _tag: "Adopted", id, run: 1, at: 8, ranMs: 0 }
    const queued: TaskEvent = { _tag: "Queued", id, run: 1, at: 0, request: request("ses_root") }
    const started: TaskEvent = { _tag: "Started", id, run: 1, at: 1 }
    const opened: TaskEvent = { _tag: "Opened", id, run: 1, at: 2, session: sessionId("ses_1") }
    const after = (...events: ReadonlyArray<TaskEvent>) =>
      Option.getOrThrow(events.reduce(Task.apply, Option.none<Task.Task>()))
    assert.isFalse(Task.hasRun(after(queued, ended)), "called off in line")
    assert.isTrue(Task.hasRun(after(queued, started, ended)), "called off while its session was being opened")
    assert.isTrue(
      Task.hasRun(after(queued, started, opened, adopted, ended)),
      "called off in line, after it was taken over"
    )
    assert.isTrue(
      Task.hasRun(after(queued, started, { ...adopted, ranMs: 1 }, ended)),
      "the same, and its session was being opened there"
    )
    assert.isFalse(
      Task.hasRun(after(queued, adopted, ended)),
      "the same, and it had only waited there"
    )
  })

  it("has the tutorial's word for each way to end", () => {
    assert.deepStrictEqual(outcomes.map(Task.statusOf), ["completed", "error", "cancelled", "cancelled"])
  })

  it("has an id that people can tell from other words", () => {
    assert.isTrue(Schema.is(Task.TaskId)("bg_1a2b3c4d"))
    for (const wrong of ["bg_1A2B3C4D", "bg_1a2b3c4", "bg_1a2b3c4d5", "ses_1a2b3c4d", " bg_1a2b3c4d", ""]) {
      assert.isFalse(Schema.is(Task.TaskId)(wrong), wrong)
    }
  })
})

describe("a model's name", () => {
  it.each([
    ["anthropic/claude-opus-4-5", { provider: "anthropic", id: "claude-opus-4-5" }],
    ["openrouter/anthropic/claude-opus-4-5", { provider: "openrouter", id: "anthropic/claude-opus-4-5" }],
    ["  anthropic / claude  ", { provider: "anthropic", id: "claude" }]
  ])("A11 %s: only the first slash divides", (text, model) => {
    assert.deepStrictEqual(Model.parse(text), Option.some(model))
    assert.deepStrictEqual(Model.parse(Model.format(model)), Option.some(model))
  })

  it.each(["", "/", "claude", "anthropic/", "/claude", "  /claude", "anthropic/  "])(
    "A11 %j is none: a part is missing",
    (text) => {
      assert.deepStrictEqual(Model.parse(text), Option.none())
    }
  )
})
