/**
 * The arguments of `delegate_task`, under today's names and those of the older tool.
 */
import { Result } from "effect"
import { badModel } from "../text/errors.ts"
import { clip, oneLine, shown } from "../text/inline.ts"
import { BadArguments } from "./BadArguments.ts"
import { type Arguments, argumentsOf, field, Name, optional, required, Switch, Text } from "./fields.ts"

/** Where the prompt goes. Ids are taken as they were written: whether they exist is for the caller to find out. */
export type Target =
  /** A new session of this agent. */
  | { readonly _tag: "Agent"; readonly agent: string }
  /** A session of a task that has ended. */
  | { readonly _tag: "Session"; readonly session: string; readonly agent?: string | undefined }
  /** The same, by the id of the task. */
  | { readonly _tag: "Task"; readonly task: string; readonly agent?: string | undefined }

export interface DelegateArguments {
  /** A few words; the first of the prompt where none were given. */
  readonly description: string
  /** Whether they were given: a continued task keeps its own otherwise. */
  readonly isDescribed: boolean
  readonly prompt: string
  readonly target: Target
  /** As it was written: which there are is for the caller to find out. Undefined: the agent's own. */
  readonly model: string | undefined
  /** Whether the caller goes on meanwhile. */
  readonly background: boolean
}

const description = field({ names: ["description"], schema: Text, expected: "a few words of text" })
const prompt = field({
  names: ["prompt"],
  schema: Text,
  expected: "the full instruction for the agent, as text"
})
const agent = field({
  names: ["agent", "subagent_type"],
  schema: Name,
  expected: "the name of an agent, for example \"explore\""
})
const background = field({
  names: ["background", "run_in_background"],
  schema: Switch,
  expected: "true (go on meanwhile) or false (wait for the answer)"
})
const model = field({ names: ["model"], schema: Name, expected: "a model as provider/model" })
const session = field({
  names: ["session_id", "task_id"],
  schema: Name,
  expected: "the session id (ses_...) of a task that has ended"
})

/** Reads the arguments of a call. Never throws; arguments that it does not know are left alone. */
export const delegateArguments = (input: unknown): Result.Result<DelegateArguments, BadArguments> =>
  Result.gen(function*() {
    const args = yield* argumentsOf(input)
    const text = yield* required(args, prompt)
    const described = yield* optional(args, description)
    return {
      description: described ?? firstWords(text),
      isDescribed: described !== undefined,
      prompt: text,
      target: yield* targetOf(args),
      model: yield* Result.mapError(optional(args, model), () => notAModel(args["model"])),
      background: (yield* optional(args, background)) ?? true
    }
  })

const targetOf = (args: Arguments): Result.Result<Target, BadArguments> =>
  Result.gen(function*() {
    const named = yield* optional(args, agent)
    const name = named === undefined ? undefined : named.replace(/^@(?=.)/, "")
    const continues = yield* optional(args, session)
    if (continues === undefined) {
      if (name !== undefined) return { _tag: "Agent" as const, agent: name }
      return yield* Result.fail(noAgent(args))
    }
    const given = name === undefined ? {} : { agent: name }
    return continues.startsWith("bg_")
      ? { _tag: "Task" as const, task: continues, ...given }
      : { _tag: "Session" as const, session: continues, ...given }
  })

const noAgent = (args: Arguments): BadArguments => {
  const category = args["category"]
  const isCategory = typeof category === "string" && category.trim() !== ""
  return new BadArguments({
    argument: "agent",
    message: isCategory
      ? `category ${shown(category)} was given and no agent, but categories are not supported: `
        + "expected the name of an agent as agent, for example \"explore\"."
      : "agent is missing: expected the name of an agent, for example \"explore\" "
        + "(or session_id, to continue a task that has ended)."
  })
}

const notAModel = (found: unknown): BadArguments => new BadArguments({ argument: "model", message: badModel(found) })

/** What a task is called that nobody gave a description. */
const firstWords = (text: string): string => {
  const line = oneLine(text)
  const words = line.split(" ").slice(0, 8).join(" ")
  const short = clip(words, 60)
  return short === words && words.length < line.length ? `${words}...` : short
}
