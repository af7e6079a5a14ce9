/**
 * What a person sees of a board: one row for each task, the line at the head of them, and the few words beside the
 * prompt. The sidebar, `/tasks`, the command line and the demo show these, each in its own widths and colours. Pure: a
 * board and a moment make rows, and the next moment makes others.
 *
 * How to use it: `rowsOf(board, look)` gives every task, in the order needs you, running, in line, lost, finished;
 * `sidebar` leaves out what ended a while ago and says how many more there are; `groups` has them all, with titles;
 * `headLine` and `promptStatus` are lines. A `Row` holds words that are not cut: `firstLine` and `secondLine` make lines of
 * it. `isSilent` says when whoever keeps a board is asked for a sign: a terminal's half says `errand.hello` then, and a
 * process that is there writes its boards anew. Where none does, `rowsOf` shows `?`.
 */
export { graceMs, isLive, isLost, isOut, isSilent, silenceMs } from "./keeper.ts"
export { type Counts, countsOf, firstLine, headLine, promptStatus, secondLine, type Status } from "./lines.ts"
export { groups, lingerMs, nextDeparture, rowsOf, type ShortList, sidebar, titleOf } from "./lists.ts"
export { ends, marks, spinner, spinnerAt } from "./marks.ts"
export type { Board, Group, Item, Look, Row, Tone } from "./Row.ts"
export { ago } from "./words.ts"
