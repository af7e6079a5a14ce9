/**
 * A row: a task as a person sees it, in words that are not cut. And what it is made of: a board, and a moment.
 *
 * Types only of the board are imported, so that a bundle needs no schemas.
 */
import type * as Kept from "../Board.ts"

/** A task of a board, or of something that is made up like one. */
export interface Item extends Omit<Kept.Item, "id"> {
  readonly id: string
}

/** What rows are made of: a board, or something that is made up like one. */
export interface Board extends Omit<Kept.Board, "tasks"> {
  readonly tasks: ReadonlyArray<Item>
}

/** What a row wants of a person, best said by a colour too; the mark and the word say it without one. */
export type Tone = "attention" | "running" | "waiting" | "good" | "bad" | "quiet"

/** In the order in which they are shown. */
export type Group = "needs you" | "out" | "in line" | "lost" | "finished"

export interface Row {
  readonly id: string
  /** What can be opened; absent while it has none. */
  readonly session: string | undefined
  /** 1 for a task of the root session. */
  readonly depth: number
  readonly group: Group
  readonly tone: Tone
  /** One column. While it runs it turns with the time. */
  readonly mark: string
  /** What the mark says: `running`, `in line`, `needs you`, `tries again`, `completed`, `failed`, `cancelled`, `left`, `lost`. */
  readonly word: string
  /** The description. */
  readonly label: string
  readonly agent: string
  /** How long it has run, or waits, or ran: `1m05s`. */
  readonly time: string
  /** What it does, why it waits or how it ended, without the agent; empty where there is nothing to say. */
  readonly doing: string
  /** The same for narrow places. */
  readonly doingShort: string
  /** The line below the label in a narrow list: `explore · grep login`; empty where none is needed. */
  readonly detail: string
  /** All of it, for a wide list: `explore · grep login · anthropic/opus`. */
  readonly about: string
  /** The question to answer, the oldest one; absent where nothing is asked. */
  readonly ask: string | undefined
}

/** What is needed besides the board. */
export interface Look {
  /** Epoch ms. */
  readonly now: number
  /** Whether the host works in a session at the moment. Absent: the board is taken at its word. */
  readonly isBusy?: ((session: string) => boolean) | undefined
  /** What was out where whoever kept the board is gone is left, not lost: somebody may yet go on with it. */
  readonly isLeft?: boolean | undefined
}
