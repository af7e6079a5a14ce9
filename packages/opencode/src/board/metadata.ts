/**
 * A board in the metadata of its session, beside what others keep there. Pure.
 */
import { Board } from "@errand/view"
import { Option, Schema } from "effect"

const decodeMetadata = Schema.decodeUnknownOption(Board.inMetadata)

/** The board that is there, if it is one that can be read. */
export const boardIn = (metadata: unknown): Option.Option<Board.Board> =>
  Option.map(decodeMetadata(metadata), ({ errand }) => errand.board)

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {}

/** The metadata with this board in the place of the one that was there. All else stays. */
export const withBoard = (metadata: unknown, board: Board.Board): Readonly<Record<string, unknown>> => {
  const all = record(metadata)
  return { ...all, errand: { ...record(all["errand"]), board } }
}
