/**
 * Whether whoever keeps a board is still there: one that is gone leaves its tasks out for ever. Pure.
 */
import type { Board, Item, Look } from "./Row.ts"

/** After how much silence (ms) of a board, with none of its sessions at work, its keeper is asked for a sign. */
export const silenceMs = 10_000

/** How much later (ms) than that it is taken for gone: what it says within this time is heard. */
export const graceMs = 2_000

export const isOut = ({ status }: Pick<Item, "status">): boolean => status === "pending" || status === "running"

/** Whether anything is out: whoever shows times has something to count only then. */
export const isLive = (board: Pick<Board, "tasks">): boolean => board.tasks.some(isOut)

const isQuietFor = (board: Board, { isBusy, now }: Look, ms: number): boolean =>
  isBusy !== undefined
  && now - board.at > ms
  && !board.tasks.some((item) => isOut(item) && item.session !== undefined && isBusy(item.session))

/**
 * Whether the keeper of the board should be asked for a sign: something is out, nothing of it is at work, and the board
 * has said nothing for a while. A task may well stand still for so long; a keeper that is there writes the board anew.
 */
export const isSilent = (board: Board, look: Look): boolean => isLive(board) && isQuietFor(board, look, silenceMs)

/** Whether whoever kept the board is gone: it was silent, and is still. What is out there is lost. */
export const isLost = (board: Board, look: Look): boolean =>
  isLive(board) && isQuietFor(board, look, silenceMs + graceMs)
