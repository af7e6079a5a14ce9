/**
 * The tool calls of a session, as far as they are told: which are running, how many there were, and how often in a row the
 * same one was made, by which an agent that goes in a circle is told from one that works. Pure.
 */
import { Equal, HashMap, Option } from "effect"
import type { HostEvent } from "./AgentHost.ts"
import type { Settings } from "./Settings.ts"
import type { Outcome } from "./Task.ts"

export interface ToolCalls {
  /** Those that are running, by id: whether each was compared with the one before it. */
  readonly running: HashMap.HashMap<string, boolean>
  readonly count: number
  /** The tool that was heard of last. */
  readonly lastTool: Option.Option<string>
  /** The latest call; none where it is not known what that was called with. */
  readonly latest: Option.Option<Repetition>
}

/** A call, and how often in a row it was made: the same tool with the same input. */
interface Repetition {
  readonly tool: string
  readonly input: unknown
  /** 1 for a call that is not the one before it. */
  readonly times: number
}

export const none: ToolCalls = {
  running: HashMap.empty(),
  count: 0,
  lastTool: Option.none(),
  latest: Option.none()
}

/** A call is told many times: it counts when it is first seen, and is compared when it is known what it was called with. */
export const hear = (
  self: ToolCalls,
  { call, input, name, state }: Extract<HostEvent, { readonly _tag: "Tool" }>
): ToolCalls => {
  const known = HashMap.get(self.running, call)
  const lastTool = Option.some(name)
  if (state !== "running") {
    const uncompared = Option.contains(known, false)
    return {
      ...self,
      lastTool,
      running: HashMap.remove(self.running, call),
      latest: uncompared ? Option.none() : self.latest
    }
  }
  const compared = Option.contains(known, true)
  const compares = !compared && input !== undefined
  return {
    running: HashMap.set(self.running, call, compared || compares),
    count: Option.isNone(known) ? self.count + 1 : self.count,
    lastTool,
    latest: compares ? Option.some(repetitionOf(self.latest, name, input)) : self.latest
  }
}

const repetitionOf = (before: Option.Option<Repetition>, tool: string, input: unknown): Repetition => {
  const same = Option.filter(before, (call) => call.tool === tool && Equal.equals(call.input, input))
  return { tool, input, times: Option.match(same, { onNone: () => 1, onSome: ({ times }) => times + 1 }) }
}

/** The session is at rest: none of them is running, whether their ends were told or not. */
export const atRest = (self: ToolCalls): ToolCalls => ({ ...self, running: HashMap.empty() })

/** The session was told something new: what it does next is no repetition. */
export const anew = (self: ToolCalls): ToolCalls => ({ ...self, latest: Option.none() })

/** What a session ends as that makes more calls than it may. */
export const excess = (
  { count, latest }: ToolCalls,
  { maxRepeatedCalls, maxToolCalls }: Settings
): Option.Option<Outcome> => {
  if (Option.isSome(latest) && isExceeded(maxRepeatedCalls, latest.value.times)) {
    const { times, tool } = latest.value
    return Option.some({
      _tag: "Cancelled",
      reason: "loop-limit",
      setting: "maxRepeatedCalls",
      message: `it called ${tool} ${times} times in a row with the same input; the limit is maxRepeatedCalls = `
        + `${maxRepeatedCalls}`
    })
  }
  return isExceeded(maxToolCalls, count)
    ? Option.some({
      _tag: "Cancelled",
      reason: "call-limit",
      setting: "maxToolCalls",
      message: `it made ${count} tool calls; the limit is maxToolCalls = ${maxToolCalls}`
    })
    : Option.none()
}

/** 0 is no limit. */
const isExceeded = (limit: number, calls: number): boolean => limit > 0 && calls > limit
