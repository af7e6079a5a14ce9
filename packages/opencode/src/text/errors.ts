/**
 * What an agent reads when something cannot be done: what is wrong, and what to do instead.
 */
import type { Task } from "@errand/core"
import { readCall, session } from "./fields.ts"
import { message, name, shown } from "./inline.ts"
import { nearest } from "./nearest.ts"

/** How many names a sentence lists before it stops. */
const listMax = 30

const list = (names: ReadonlyArray<string>): string => {
  if (names.length === 0) return "none"
  const sorted = [...new Set(names.map(name))].sort()
  return sorted.length <= listMax
    ? sorted.join(", ")
    : `${sorted.slice(0, listMax).join(", ")} and ${sorted.length - listMax} more`
}

const hint = (written: string, names: ReadonlyArray<string>): string => {
  const near = nearest(written, names)
  return near === undefined ? "" : ` Did you mean ${name(near)}?`
}

/** There is no such task. What it looks like decides what to say about it. */
export const taskNotFound = (id: string): string => {
  const found = `Task not found: ${plain(id)}.`
  if (/^sess?_/i.test(id)) {
    return `${found} That is a session id, and no task that is known here ran in that session. `
      + "Pass the id of a task (bg_ and eight hex digits), as in the text that delegate_task returned."
  }
  if (/^bg_[0-9a-f]{8}$/.test(id)) {
    return `${found} It is older than what is kept (with "journal": "memory" nothing outlives OpenCode), of another directory, or none of Errand's. `
      + "If you still need it, launch it again: delegate_task(agent=\"...\", prompt=\"...\")."
  }
  return `${found} A task id is bg_ and eight hex digits, as in the text that delegate_task returned.`
}

/** An id, or whatever was passed as one, short and on one line. */
const plain = (id: string): string => shown(id).slice(1, -1) || "(empty)"

/** A task that another session's agents launched. */
export const foreignTask = (id: string): string =>
  `Task ${plain(id)} belongs to another session. You can only reach the tasks that you, or your own tasks, launched: `
  + "use an id that delegate_task gave you. (What was launched before a session was forked belongs to the one that it was "
  + "forked from, and is told there.)"

/** What can be passed as agent. */
export const passOneOf = (agents: ReadonlyArray<string>): string => `Pass one of these as agent: ${list(agents)}.`

/** There is no such agent. */
export const unknownAgent = (written: string, agents: ReadonlyArray<string>): string =>
  `Unknown agent: ${shown(written)}.${hint(written, agents)} ${passOneOf(agents)}`

/** An agent that only people start. */
export const primaryAgent = (written: string, agents: ReadonlyArray<string>): string =>
  `${shown(written)} is a primary agent: it works for a person and cannot be sent on an errand. `
  + passOneOf(agents)

/** There is no such model. */
export const unknownModel = (model: string, models: ReadonlyArray<string>): string =>
  `Unknown model: ${shown(model)}.${hint(model, models)} Known models: ${list(closest(model, models))}. `
  + "Leave model out to use the agent's own."

/** Those of the same provider if there are any, else all. */
const closest = (model: string, models: ReadonlyArray<string>): ReadonlyArray<string> => {
  const provider = `${model.split("/")[0] ?? ""}/`
  const same = models.filter((known) => known.startsWith(provider))
  return same.length > 0 ? same : models
}

/** Something that is no model's name: often the second half of one. */
export const badModel = (found: unknown, models: ReadonlyArray<string> = []): string =>
  `model is ${shown(found)}, but must be written provider/model${meant(found, models)} `
  + "Leave it out to use the agent's own."

const meant = (found: unknown, models: ReadonlyArray<string>): string => {
  const ofProvider = models.filter((model) => isHalf(found, model))
  if (ofProvider.length > 0) return `. Did you mean ${ofProvider.slice(0, listMax).map(name).join(" or ")}?`
  const known = models.length === 0 ? "" : ` Known models: ${list(models)}.`
  return `, for example "anthropic/claude-opus-4-5".${known}`
}

const isHalf = (found: unknown, model: string): boolean =>
  typeof found === "string" && model.slice(model.indexOf("/") + 1).toLowerCase() === found.toLowerCase()

/** A launch that was called off with everything else before it had begun. */
export const calledOff = "It was called off by background_cancel(all=true) before it began, so nothing was started. "
  + "Call delegate_task again only if it is wanted after all."

/** There is no session to go on in. */
export const sessionUnknown = (session: string): string =>
  `Session not found: ${plain(session)}. No task that is known here ran in it: it was deleted, is older than what `
  + "is kept, or is no task's session. Launch a new task instead: delegate_task(agent=\"...\", prompt=\"...\")."

/** It cannot be found out what is above a session. `why` is what was said instead. */
export const lineageUnknown = (session: string, why: string): string =>
  `It is not known where session ${plain(session)} belongs (${
    message(why)
  }), so no task is launched from it. Try again.`

/** A session takes one thing at a time. */
export const stillRunning = (task: Task.Task): string => {
  const where = task.session === undefined ? "has not started yet" : `is still running in session ${session(task)}`
  return `Task ${task.id} ${where} and cannot take a continuation yet. `
    + `Wait for the notice that it has ended, or cancel it first: background_cancel(task_id="${task.id}").`
}

/** A task that is over and has no session. */
export const nothingToContinue = (task: Task.Task): string =>
  `Task ${task.id} never had a session, so there is nothing to continue. Launch it again with delegate_task; `
  + `how it ended: ${readCall(task)}.`

/** Tasks that launch tasks that launch tasks. */
export const tooDeep = (depth: number, maxDepth: number): string =>
  `This task would be at depth ${depth}, and the limit is ${maxDepth} (setting maxDepth). `
  + "Do the work yourself, in this session."

/** The arguments cannot be used. `message` is the sentence of the decoder. */
export const badArguments = (tool: string, message: string): string =>
  `[ERROR] Invalid arguments of ${tool}: ${message}`
