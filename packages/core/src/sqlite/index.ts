/**
 * `@errand/core/sqlite`: the journal in a file, and limits that hold over all processes, on the SQLite that the runtime
 * brings along.
 */
export * as FileProblem from "./FileProblem.ts"
export * as History from "./History.ts"
export * as Library from "./Library.ts"
export * as Owner from "./Owner.ts"
export * as SqliteJournal from "./SqliteJournal.ts"
export * as SqliteSlots from "./SqliteSlots.ts"
