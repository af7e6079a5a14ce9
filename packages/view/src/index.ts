export * as Board from "./Board.ts"
