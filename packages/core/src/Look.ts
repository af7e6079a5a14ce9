/**
 * One look at the end of a session's transcript, and what a later one says beside an earlier one. Pure.
 */
import { Option } from "effect"
import type { Message } from "./AgentHost.ts"

/** How the transcript looked. */
export interface Look {
  /** Its last messages, oldest first; `since` leaves out those of a continued session that were there before. */
  readonly messages: ReadonlyArray<Message>
  /** How many todos are open. */
  readonly openTodos: number
  /** Epoch ms. */
  readonly at: number
}

/** Without what was said up to this message, where it is among those that were looked at. */
export const since = (look: Look, after: Option.Option<string>): Look => {
  const last = Option.match(after, {
    onNone: () => -1,
    onSome: (id) => look.messages.findIndex((message) => message.id === id)
  })
  return { ...look, messages: look.messages.slice(last + 1) }
}

/**
 * Without the notices at the end that woke nobody (`quiet`, by id): nothing is to come of them, so the session stands as it
 * stood before it was told. The message after which a run began (`after`) is kept: without it nobody could tell where that is.
 */
export const withoutQuiet = (
  messages: ReadonlyArray<Message>,
  quiet: ReadonlySet<string>,
  after: Option.Option<string>
): ReadonlyArray<Message> =>
  messages.slice(
    0,
    messages.findLastIndex((message) => !isQuiet(message, quiet) || Option.contains(after, message.id)) + 1
  )

const isQuiet = ({ notices }: Message, quiet: ReadonlySet<string>): boolean =>
  notices.length > 0 && notices.every((notice) => quiet.has(notice))

/** Whether something was said or changed in between. */
export const differs = (before: Look, now: Look): boolean => trace(before) !== trace(now)

const trace = ({ messages }: Look): string => messages.map(({ fingerprint, id }) => `${id}:${fingerprint}`).join(" ")

/** Whether the agent has said anything. */
export const hasAgent = ({ messages }: Look): boolean => messages.some(({ role }) => role === "assistant")

/**
 * Whether the session has taken up a notice. Only its end is looked at: where what it said last before is not there any more,
 * it has said much since.
 */
export const hasTakenUp = (now: Look, notice: string, before: Option.Option<Look>): boolean =>
  now.messages.some(({ notices }) => notices.includes(notice)) || hasMovedOn(now, before)

const hasMovedOn = ({ messages }: Look, before: Option.Option<Look>): boolean => {
  const last = Option.getOrUndefined(before)?.messages.at(-1)
  return last !== undefined && messages.length > 0 && !messages.some(({ id }) => id === last.id)
}
