/**
 * What a tool call is about, in a few words: `read src/auth/login.ts`, `bash npm test`. Pure.
 */
import { oneLine } from "./format.ts"

/** The arguments that say most, in this order. */
const telling = ["filePath", "pattern", "command", "url", "query", "description", "path"]

/** `shorten` leaves out what every path has in common: the project's folder, as a rule. */
export const callText = (tool: string, input: unknown, shorten: (what: string) => string): string => {
  const known: Readonly<Record<string, unknown>> = typeof input === "object" && input !== null ? { ...input } : {}
  const what = telling.map((key) => known[key]).find((value) => typeof value === "string") ?? ""
  // An argument may be a whole file: its start is enough.
  return oneLine(`${tool} ${shorten(what.slice(0, 1_000))}`)
}

/** Paths below a folder without it. */
export const below = (folder: string) => (what: string): string => {
  const above = folder.replace(/\/+$/, "")
  return above === "" ? what : what.replaceAll(`${above}/`, "")
}
