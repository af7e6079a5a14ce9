/**
 * What the property tests draw from, and small hand-made tasks. Numbers are narrow on purpose: two draws have to meet
 * (the same parent, the same pool, the same run) for anything of interest to happen.
 */
import { Arbitrary, Schema } from "effect"
import * as Task from "../../src/Task.ts"

/** A number from 0 up to, but without, `end`. */
export const below = (end: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: end - 1 }))

/** Up to `maxLength` of these; how long a draw gets, grows with the `size` of the check. */
export const sequence = <S extends Schema.Constraint>(
  schema: S,
  maxLength: number
): Arbitrary.Arbitrary<ReadonlyArray<S["Type"]>> => Arbitrary.array(Arbitrary.schema(schema), { maxLength })

/** For tests that do much: on a machine that does much besides, the seconds that they need are minutes. */
export const patient = { timeout: 120_000 }

/** How much a property test tries: many draws, and long ones. */
export const thorough = (runs: number, size = 60) => ({ ...patient, arbitrary: { runs, size } })

/** The nth task id. */
export const taskId = (n: number): Task.TaskId => Task.TaskId.make(`bg_${n.toString(16).padStart(8, "0")}`)

export const sessionId = (name: string): Task.SessionId => Task.SessionId.make(name)

export const request = (parent: string, more: Partial<Task.Request> = {}): Task.Request => ({
  description: "look around",
  prompt: "look around everywhere",
  agent: "explore",
  parent: sessionId(parent),
  ancestors: [sessionId(parent)],
  background: true,
  ...more
})

export const completed: Task.Outcome = { _tag: "Completed", answer: "it is behind the door" }
export const failed: Task.Outcome = { _tag: "Failed", reason: "agent-error", message: "overloaded" }
export const calledOff: Task.Outcome = { _tag: "Cancelled", reason: "requested", message: "it was called off" }
export const expired: Task.Outcome = {
  _tag: "Cancelled",
  reason: "time-limit",
  message: "it ran for too long",
  setting: "taskTtlMs"
}

export const outcomes: readonly [Task.Outcome, Task.Outcome, Task.Outcome, Task.Outcome] = [
  completed,
  failed,
  calledOff,
  expired
]

/** A task of this parent that is over. */
export const ended = (
  n: number,
  parent: string,
  outcome: Task.Outcome = completed,
  run = 1
): Task.Task => ({
  id: taskId(n),
  run,
  request: request(parent),
  status: Task.statusOf(outcome),
  queuedAt: 0,
  startedAt: 0,
  endedAt: 1,
  session: sessionId(`ses_of_${n}`),
  opened: {},
  outcome,
  progress: { toolCalls: 0 }
})
