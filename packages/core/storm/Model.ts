/**
 * The reference model: what may happen next to tasks, as plainly as it can be said, and without a look at how the service
 * does it. It is told every event that the journal keeps, and objects to what must not happen.
 *
 * It knows no slots: who lends them is not in the journal. That pools are neither too full nor empty for nothing is
 * `checks/Slots`.
 */
import { Result } from "effect"
import * as Pools from "../src/Pools.ts"
import type * as Settings from "../src/Settings.ts"
import type * as Task from "../src/Task.ts"
import { answerIn, mayAnswer } from "./Agents.ts"
import { Broken } from "./Broken.ts"
import type { Witnessed } from "./World.ts"

/** A task in line. */
interface InLine {
  readonly id: Task.TaskId
  readonly parent: Task.SessionId
  readonly pools: string
  /** Epoch ms. When they were asked for: of those who were asked for in the same moment nobody is first. */
  readonly at: number
  /** How many of its parent's tasks had joined since the parent last had none in line. */
  readonly streak: number
  /** How many tasks of each other parent have started from the same line since. */
  readonly passedBy: ReadonlyMap<Task.SessionId, number>
}

interface Known {
  readonly run: number
  readonly status: Task.Status
  readonly session: Task.SessionId | undefined
}

export interface Model {
  readonly tasks: ReadonlyMap<Task.TaskId, Known>
  /** In the order in which they joined. */
  readonly line: ReadonlyArray<InLine>
  /** By parent: how many joined since it last had none in line. */
  readonly streaks: ReadonlyMap<Task.SessionId, number>
  readonly owners: ReadonlyMap<Task.SessionId, Task.TaskId>
  /** Who was passed that should not have been, and when (epoch ms): whoever starts in that same moment was not. */
  readonly passed: ReadonlyMap<Task.TaskId, { readonly at: number; readonly broken: Broken }>
  /** Whether nobody may start. */
  readonly paused: boolean
}

export const empty: Model = {
  tasks: new Map(),
  line: [],
  streaks: new Map(),
  owners: new Map(),
  passed: new Map(),
  paused: false
}

type Next = Result.Result<Model, Broken>

const broken = (promise: string, found: string): Next => Result.fail(new Broken({ promise, found }))

/** What the model is after an event, or what the event breaks. */
export const step = (model: Model, witnessed: Witnessed, settings: Settings.Settings): Next => {
  for (const { at, broken } of model.passed.values()) {
    if (at < witnessed.event.at) return Result.fail(broken)
  }
  return happen(model, witnessed, settings)
}

const happen = (model: Model, witnessed: Witnessed, settings: Settings.Settings): Next => {
  const { event, task } = witnessed
  const known = model.tasks.get(event.id)
  const name = `${event.id}#${event.run}`
  switch (event._tag) {
    case "Queued":
      if (known !== undefined) return broken("a task is asked for once", name)
      return Result.succeed(join(model, task, settings))
    case "Continued":
      if (known === undefined || !isOver(known.status) || event.run !== known.run + 1) {
        return broken("A16 E7 only a task that is over is continued, once at a time", name)
      }
      return Result.succeed(join(model, task, settings))
    case "Started":
      if (known?.status !== "pending" || known.run !== event.run) return broken("A9 only who waits is started", name)
      if (model.paused) return broken("nobody starts while admission is paused", name)
      return start(model, task)
    case "Opened": {
      const owner = model.owners.get(event.session)
      if (known?.status !== "running") return broken("only who runs gets a session", name)
      if ((owner ?? event.id) !== event.id || (known.session ?? event.session) !== event.session) {
        return broken("a session is one task's, and a task has one session", `${name} ${event.session}`)
      }
      return Result.succeed({
        ...model,
        owners: new Map([...model.owners, [event.session, event.id]]),
        tasks: new Map([...model.tasks, [event.id, { ...known, session: event.session }]])
      })
    }
    case "Asked":
    case "Answered":
    case "Retried":
    case "Lent":
    case "Restored":
      if (known?.status !== "running" || known.run !== event.run) {
        return broken("D8 nothing is seen of a run that does not run", `${name} ${event._tag}`)
      }
      return Result.succeed(model)
    case "Adopted":
      return broken("D8 what nobody left behind is not taken over", name)
    case "Ended":
      if (known === undefined || isOver(known.status) || known.run !== event.run) {
        return broken("B19 E2 a run ends once", name)
      }
      return Result.map(truth(witnessed), () => ({
        ...leave(model, event.id),
        tasks: new Map([...model.tasks, [event.id, { ...known, status: task.status }]])
      }))
  }
}

const isOver = (status: Task.Status): boolean => status !== "pending" && status !== "running"

const join = (model: Model, task: Task.Task, settings: Settings.Settings): Model => {
  const { parent } = task.request
  const streak = (model.line.some((other) => other.parent === parent) ? model.streaks.get(parent) ?? 0 : 0) + 1
  const pools = Pools.poolsOf(settings, task.request).map(({ name }) => name).join(" ")
  // Of those that were asked for in the same moment any may be the last.
  const before = model.line.map((other) =>
    other.parent === parent && other.at === task.queuedAt ? { ...other, streak } : other
  )
  return {
    ...model,
    tasks: new Map([...model.tasks, [task.id, { run: task.run, status: "pending", session: task.session }]]),
    streaks: new Map([...model.streaks, [parent, streak]]),
    line: [...before, { id: task.id, parent, pools, at: task.queuedAt, streak, passedBy: new Map() }]
  }
}

const leave = (model: Model, id: Task.TaskId): Model => ({
  ...model,
  passed: without(model.passed, id),
  line: model.line.filter((other) => other.id !== id)
})

const without = <V>(map: ReadonlyMap<Task.TaskId, V>, id: Task.TaskId): ReadonlyMap<Task.TaskId, V> =>
  new Map([...map].filter(([key]) => key !== id))

/** Who was in the same line before: of the same parent nobody may be passed, of another not too often. */
const start = (model: Model, task: Task.Task): Next => {
  const place = model.line.findIndex(({ id }) => id === task.id)
  const starting = model.line[place]
  if (starting === undefined) return broken("A9 only who waits is started", task.id)
  const passed = new Map(without(model.passed, task.id))
  const pass = (other: InLine, promise: string, found: string) =>
    passed.set(other.id, { at: task.startedAt ?? 0, broken: new Broken({ promise, found }) })
  const line: Array<InLine> = []
  for (const [nth, other] of model.line.entries()) {
    if (other.id === task.id) continue
    if (other.pools !== starting.pools) {
      line.push(other)
    } else if (other.parent === starting.parent) {
      line.push(other)
      if (nth < place && other.at < starting.at) {
        pass(other, "A13 of one parent and one kind, first come is first served", `${task.id} passed ${other.id}`)
      }
    } else if (other.at === task.startedAt) {
      // It may have been let in before the other joined: when it was is not told.
      line.push(other)
    } else {
      const times = (other.passedBy.get(starting.parent) ?? 0) + 1
      line.push({ ...other, passedBy: new Map([...other.passedBy, [starting.parent, times]]) })
      // One for each of its own that go before it, the turn that is being served, and the one that it shares. Where a
      // task is in several pools, turns in the one hold up turns in the other: no bound is promised.
      if (times > other.streak + 1 && !starting.pools.includes(" ")) {
        pass(other, "A13 parents take turns", `${times} of ${starting.parent} passed ${other.id} of ${other.parent}`)
      }
    }
  }
  const known = model.tasks.get(task.id)
  return Result.succeed({
    ...model,
    line,
    passed,
    tasks: known === undefined ? model.tasks : new Map([...model.tasks, [task.id, { ...known, status: "running" }]])
  })
}

/** What is said of an end is true. */
const truth = ({ event, task, turn, working }: Witnessed): Result.Result<void, Broken> => {
  const outcome = event._tag === "Ended" ? event.outcome : undefined
  const fail = (promise: string, found: string) => Result.fail(new Broken({ promise, found: `${task.id}: ${found}` }))
  if (outcome?._tag === "Failed" && outcome.reason === "defect") {
    return fail("no fault of Errand's own", outcome.message)
  }
  if (outcome?._tag !== "Completed") return Result.succeed(undefined)
  if (working) return fail("B1 nobody is completed who still works", "its session is busy")
  if (turn === undefined) return fail("B7 nobody is completed who never began", "its session began no turn")
  if (!mayAnswer(turn.text)) return fail("B1 B9 only an answer completes", `completed with the errand "${turn.text}"`)
  return outcome.answer === answerIn(turn)
    ? Result.succeed(undefined)
    : fail("D5 the answer is that of the last turn", `"${outcome.answer}" instead of "${answerIn(turn)}"`)
}
