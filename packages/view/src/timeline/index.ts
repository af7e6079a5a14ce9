/**
 * What a timeline is, how it is made, and what follows from it. The renderers stand beside.
 */
export { assemble } from "./assemble.ts"
export { holdsSlots, sizeAt, summaryOf, usedAt } from "./counts.ts"
export { ofBoard } from "./ofBoard.ts"
export { lastSession, ofHistory } from "./ofHistory.ts"
export * from "./Timeline.ts"
export { type Mark, walk } from "./walk.ts"
