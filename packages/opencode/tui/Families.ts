/**
 * From a session on the screen to what is known of its tasks: the board lies in the metadata of the session at the root of
 * its family. The terminal keeps its sessions reactive, so reading them here is all that it takes to be redrawn.
 */
import { Board } from "@errand/view"
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { Option, Schema } from "effect"

type Sessions = Pick<TuiPluginApi["state"], "session">

/** Deeper than any family is: an end to a circle of parents. */
const maxDepth = 20

/** The session that has no parent, above this one (or this one itself). */
export const rootOf = ({ session }: Sessions, id: string): string => {
  let at = id
  for (let depth = 0; depth < maxDepth; depth++) {
    const above = session.get(at)?.parentID
    if (above === undefined) return at
    at = above
  }
  return at
}

const decode = Schema.decodeUnknownOption(Board.inMetadata)

/** The board in a session's metadata. A copy of another session's board (in a fork) is none. */
export const boardIn = (session: { readonly id: string; readonly metadata?: unknown }): Board.Board | undefined => {
  const board = Option.getOrUndefined(decode(session.metadata))?.errand.board
  return board?.session === session.id ? board : undefined
}

/** The board of the family that a session belongs to. */
export const boardOf = (state: Sessions, id: string): Board.Board | undefined => {
  const session = state.session.get(rootOf(state, id))
  return session === undefined ? undefined : boardIn(session)
}

/** Whether OpenCode works in a session at the moment. */
export const isBusy = ({ session }: Sessions) => (id: string): boolean => {
  const status = session.status(id)
  return status !== undefined && status.type !== "idle"
}
