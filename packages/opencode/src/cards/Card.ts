/**
 * What the call of a task looks like to people: which look a task has, and what a stored call becomes by it. Pure.
 *
 * OpenCode draws a call of its own tool `task` as a card that lives: it spins while the session in `metadata.sessionId` is
 * at work (if `metadata.background` says that this call does not wait for it), shows what it does there, and opens it by a
 * click. Only its description and its agent are read from the input. A finished one is `✓`, one in state `error` is red.
 * So a task that has no session is no card, one that is not at work does not claim to be over, and none is ever in state
 * `running`: after a crash the model would read that its call was interrupted.
 */
import type { Task } from "@errand/core"
import { failedBecause, howFailed, inLine, notSent, ownErrands } from "../text/card.ts"
import * as Fields from "../text/fields.ts"
import { clip, message, name, title } from "../text/inline.ts"
import type { Place } from "../text/place.ts"
import { type Fields as Json, isFields, keptIn, restore } from "./Kept.ts"

export type Look =
  /** One short line: there is no session that it could stand for, or nothing happens in it. */
  | { readonly _tag: "Line"; readonly description: string; readonly agent: string; readonly waits: string | undefined }
  | {
    readonly _tag: "Card"
    readonly description: string
    readonly agent: string
    readonly session: string
    /** Whether it is over; else it spins while its session is at work. */
    readonly over: boolean
  }
  | {
    readonly _tag: "Failed"
    readonly description: string
    readonly agent: string
    readonly session: string | undefined
    /** In a word: that a card is red is nothing to whoever sees no colours. */
    readonly how: string
    readonly why: string
  }

/** What is seen of a task besides what it is. */
export interface Seen {
  /** Where it waits, if it does. */
  readonly place: Place | undefined
  /** Whether its session is at work in this moment. */
  readonly busy: boolean
  /** Whether its session waits for errands of its own. */
  readonly expecting: boolean
}

/** What is said of a task however it looks. */
const baseOf = (task: Task.Task) => {
  const said = Fields.description(task)
  return { description: task.run > 1 ? `${said} (continued)` : said, agent: Fields.agent(task) }
}

/** One short line for a task, whatever becomes of it. */
export const lineOf = (task: Task.Task, waits?: string): Look => ({ _tag: "Line", ...baseOf(task), waits })

/** How a task looks; undefined in the moment in which nothing true could be shown: it stays as it is. */
export const lookOf = (task: Task.Task, { busy, expecting, place }: Seen): Look | undefined => {
  const base = baseOf(task)
  const { outcome, session, status } = task
  if (outcome !== undefined) {
    return outcome._tag !== "Completed"
      ? { _tag: "Failed", ...base, session, how: howFailed(outcome), why: failedBecause(outcome) }
      : session === undefined
      ? lineOf(task)
      : { _tag: "Card", ...base, session, over: true }
  }
  if (status === "pending") return lineOf(task, inLine(place))
  if (session === undefined) return lineOf(task)
  if (busy) return { _tag: "Card", ...base, session, over: false }
  return expecting ? lineOf(task, ownErrands) : undefined
}

/** What a card is marked with, so that whoever comes later knows what it stands for. */
export interface Mark {
  readonly task: string
  readonly run: number
  readonly pid: number
}

/** What a stored call becomes by a look; undefined where it is no finished call, of which no card can be made. */
export const card = (part: unknown, look: Look, mark: Mark): Json | undefined => {
  const call = restore(part)
  if (!isFields(call) || !isFields(call["state"]) || typeof call["tool"] !== "string") return undefined
  const { state, tool } = { ...call, state: call["state"], tool: call["tool"] }
  if (call["type"] !== "tool" || state["status"] !== "completed") return undefined
  const keep = (kept: Json, over: boolean) => ({ errand: { ...mark, over, call: { tool, state: kept } } })
  const changed = { input: state["input"], metadata: state["metadata"] }
  const { agent, description } = look
  switch (look._tag) {
    case "Line":
      return {
        ...call,
        tool,
        state: {
          ...state,
          input: { description, agent, ...look.waits === undefined ? {} : { waits: look.waits } },
          metadata: keep(changed, false)
        }
      }
    case "Card":
      return {
        ...call,
        tool: nativeTool,
        state: {
          ...state,
          input: { description, agent, subagent_type: agent },
          metadata: {
            sessionId: look.session,
            // One that is over would spin again whenever somebody goes on in its session.
            ...look.over ? {} : { background: true },
            ...keep(changed, look.over)
          }
        }
      }
    case "Failed": {
      const native = look.session !== undefined
      return {
        ...call,
        tool: native ? nativeTool : tool,
        state: {
          status: "error",
          input: {
            description: `${description} · ${look.how}`,
            ...agent === "" ? {} : { agent },
            // What is no card of OpenCode's own shows its input, and no error.
            ...native ? { subagent_type: agent } : { why: clip(look.why, 120) }
          },
          error: look.why,
          metadata: { ...native ? { sessionId: look.session } : {}, ...keep(state, true) },
          time: timeOf(state["time"])
        }
      }
    }
  }
}

/** The tool whose calls OpenCode draws as cards. */
const nativeTool = "task"

/** No task: the card stands for the call alone. */
export const nobody: Omit<Mark, "pid"> = { task: "", run: 0 }

/** How a call looks that has launched nothing; undefined where it is no such call, or is drawn already. */
export const refusalOf = (part: unknown): Look | undefined => {
  if (!isFields(part) || part["tool"] !== "delegate_task" || !isFields(part["state"])) return undefined
  const { input, metadata, output, status } = part["state"]
  if (status !== "completed" || !isFields(metadata) || metadata["refused"] !== true || !isFields(input)) {
    return undefined
  }
  const said = (...keys: ReadonlyArray<string>): string =>
    keys.map((key) => input[key]).find((value) => typeof value === "string") ?? ""
  return {
    _tag: "Failed",
    description: title(said("description")),
    agent: name(said("agent", "subagent_type")),
    session: undefined,
    how: notSent,
    why: message(typeof output === "string" ? output : "")
  }
}

/** A call in state `error` has no other times. */
const timeOf = (time: unknown): Json => isFields(time) ? { start: time["start"], end: time["end"] } : {}

/** The task that a call has launched, and the run, if it is one of ours that is stored as it was made. */
export const launchedBy = (part: unknown): { readonly task: string; readonly run: number } | undefined => {
  const kept = keptIn(part)
  if (kept !== undefined) return { task: kept.task, run: kept.run }
  if (!isFields(part) || part["tool"] !== "delegate_task" || !isFields(part["state"])) return undefined
  const { metadata, status } = part["state"]
  if (status !== "completed" || !isFields(metadata)) return undefined
  const { run, taskId } = metadata
  return typeof taskId === "string" ? { task: taskId, run: typeof run === "number" ? run : 1 } : undefined
}
