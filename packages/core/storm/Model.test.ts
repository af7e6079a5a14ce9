/**
 * The reference model objects to what must not happen: each objection once, told by hand.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"
import * as Settings from "../src/Settings.ts"
import * as Task from "../src/Task.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import { completed, failed, request, sessionId, taskId } from "../test/support/arbitraries.ts"
import * as Model from "./Model.ts"
import type { Witnessed } from "./World.ts"

const [first, second, third, fourth, fifth] = [1, 2, 3, 4, 5].map(taskId)
type Id = Task.TaskId | undefined

const id = (named: Id): Task.TaskId => named ?? taskId(0)
const stamp = (named: Id, at: number, run = 1) => ({ id: id(named), run, at })

const queued = (named: Id, at: number, parent = "ses_first"): TaskEvent => ({
  _tag: "Queued",
  ...stamp(named, at),
  request: request(parent, { prompt: "quick" })
})
const started = (named: Id, at: number, run = 1): TaskEvent => ({ _tag: "Started", ...stamp(named, at, run) })
const opened = (named: Id, at: number, session: string): TaskEvent => ({
  _tag: "Opened",
  ...stamp(named, at),
  session: sessionId(session)
})
const ended = (named: Id, at: number, outcome: Task.Outcome = failed): TaskEvent => ({
  _tag: "Ended",
  ...stamp(named, at),
  outcome,
  progress: { toolCalls: 0 }
})

const turn = { session: sessionId("ses_a"), text: "quick", notice: undefined, nth: 0 }

/** What the model says of these events: the promise that they break, or nothing. */
const objection = (
  events: ReadonlyArray<TaskEvent>,
  { paused = false, ...host }: Partial<Pick<Witnessed, "turn" | "working">> & { readonly paused?: boolean } = {}
): string | undefined => {
  let model: Model.Model = { ...Model.empty, paused }
  const tasks = new Map<string, Task.Task>()
  for (const event of events) {
    const before = Option.fromUndefinedOr(tasks.get(event.id))
    // A refused event is what some of these are about: the task then stays as it was.
    const task = Option.getOrUndefined(Option.orElse(Task.apply(before, event), () => before))
    if (task === undefined) throw new Error(`${event._tag} of no task`)
    tasks.set(event.id, task)
    const next = Model.step(model, { event, task, turn, turns: 1, working: false, ...host }, Settings.defaults)
    if (Result.isFailure(next)) return next.failure.promise
    model = next.success
  }
  return undefined
}

describe("the reference model", () => {
  it("has nothing against what is right", () => {
    const answer: Task.Outcome = { _tag: "Completed", answer: "answer 0 of ses_a" }
    const events = [queued(first, 0), queued(second, 1), started(first, 2), opened(first, 3, "ses_a")]
    assert.isUndefined(objection([...events, started(second, 4), ended(first, 5, answer), ended(second, 6)]))
  })

  it("objects to a run that ends twice, and to one that starts after its end (B19, A9)", () => {
    assert.match(objection([queued(first, 0), ended(first, 1), ended(first, 2)]) ?? "", /B19/)
    assert.match(objection([queued(first, 0), ended(first, 1), started(first, 2)]) ?? "", /A9/)
  })

  it("objects to a start while admission is paused", () => {
    assert.match(objection([queued(first, 0), started(first, 1)], { paused: true }) ?? "", /paused/)
  })

  it("objects to one session for two tasks", () => {
    const both = [queued(first, 0), queued(second, 1), started(first, 2), started(second, 3)]
    assert.match(objection([...both, opened(first, 4, "ses_a"), opened(second, 5, "ses_a")]) ?? "", /a session is one/)
  })

  it("objects when a parent's second task passes its first, but not in the same moment (A13)", () => {
    const both = [queued(first, 0), queued(second, 1), started(second, 2)]
    assert.match(objection([...both, started(first, 3)]) ?? "", /first come/)
    assert.isUndefined(objection([...both, started(first, 2)]))
  })

  it("objects when a parent with a long list keeps another waiting (A13)", () => {
    const list = [first, second, third, fourth].map((task, nth) => queued(task, nth))
    const starts = [first, second, third].map((task, nth) => started(task, 10 + nth))
    assert.match(
      objection([...list, queued(fifth, 5, "ses_second"), ...starts, started(fifth, 20)]) ?? "",
      /take turns/
    )
    assert.isUndefined(
      objection([...list, queued(fifth, 5, "ses_second"), ...starts.slice(0, 2), started(fifth, 20)])
    )
  })

  it("objects to an answer that is not the session's, and to one of a session that works (D5, B1, B7)", () => {
    const events = [queued(first, 0), started(first, 1), opened(first, 2, "ses_a"), ended(first, 3, completed)]
    assert.match(objection(events) ?? "", /D5/)
    assert.match(objection(events, { working: true }) ?? "", /B1/)
    assert.match(objection(events, { turn: undefined }) ?? "", /B7/)
    assert.match(objection(events, { turn: { ...turn, text: "hangs" } }) ?? "", /only an answer/)
  })
})
