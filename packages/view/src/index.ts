export * as Board from "./Board.ts"
export * as Timeline from "./Timeline.ts"
export * as TimelineText from "./timeline/text.ts"
