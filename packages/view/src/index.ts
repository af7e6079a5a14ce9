export * as Board from "./Board.ts"
export * as Rows from "./rows.ts"
