export * as Board from "./Board.ts"
export * as BoardOf from "./boardOf.ts"
export * as CallText from "./callText.ts"
export * as Rows from "./rows.ts"
