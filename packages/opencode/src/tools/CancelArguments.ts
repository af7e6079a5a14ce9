/**
 * The arguments of `background_cancel`.
 */
import { Result } from "effect"
import { BadArguments } from "./BadArguments.ts"
import { argumentsOf, field, Name, optional, Switch } from "./fields.ts"

export type CancelArguments =
  /** One task; its id as it was written. */
  | { readonly _tag: "One"; readonly task: string }
  /** Every task that the caller, or one of its tasks, launched. */
  | { readonly _tag: "All" }

const task = field({
  names: ["task_id", "taskId", "id"],
  schema: Name,
  expected: "the id of a task, for example \"bg_1a2b3c4d\""
})
const all = field({ names: ["all"], schema: Switch, expected: "true (every task of yours) or false" })

/**
 * Reads the arguments of a call. Never throws. Where both an id and `all` are given, the id counts: to stop too little
 * can be made good, to stop too much cannot.
 */
export const cancelArguments = (input: unknown): Result.Result<CancelArguments, BadArguments> =>
  Result.gen(function*() {
    const args = yield* argumentsOf(input)
    const id = yield* optional(args, task)
    const everything = yield* optional(args, all)
    if (id !== undefined) return { _tag: "One" as const, task: id }
    if (everything === true) return { _tag: "All" as const }
    return yield* Result.fail(
      new BadArguments({
        argument: "task_id",
        message: "Either provide a task_id or set all=true to cancel all of your running and pending tasks."
      })
    )
  })
