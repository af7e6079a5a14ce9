/**
 * The arguments of `background_output`.
 */
import { Result } from "effect"
import type { BadArguments } from "./BadArguments.ts"
import { Amount, argumentsOf, field, Name, optional, required, Switch } from "./fields.ts"

export interface OutputArguments {
  /** As it was written: whether there is such a task is for the caller to find out. */
  readonly task: string
  /** Whether to wait for the task to end. */
  readonly block: boolean
  /** For how long (ms). */
  readonly timeout: number
  /** Where in the answer to begin (characters). */
  readonly offset: number
}

/** How long one call may wait at most (ms): ten minutes, as in the older tool. */
export const timeoutMax = 600_000

const task = field({
  names: ["task_id", "taskId", "id"],
  schema: Name,
  expected: "the id of a task, for example \"bg_1a2b3c4d\""
})
const block = field({
  names: ["block"],
  schema: Switch,
  expected: "true (wait for the task to end) or false (say how it stands)"
})
const timeout = field({
  names: ["timeout"],
  schema: Amount,
  expected: "a number of milliseconds from 0 to 600000"
})
const offset = field({ names: ["offset"], schema: Amount, expected: "a number of characters, 0 or more" })

/** Reads the arguments of a call. Never throws; arguments that it does not know are left alone. */
export const outputArguments = (input: unknown): Result.Result<OutputArguments, BadArguments> =>
  Result.gen(function*() {
    const args = yield* argumentsOf(input)
    return {
      task: yield* required(args, task),
      block: (yield* optional(args, block)) ?? false,
      timeout: Math.min((yield* optional(args, timeout)) ?? 60_000, timeoutMax),
      offset: (yield* optional(args, offset)) ?? 0
    }
  })
