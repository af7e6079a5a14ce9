/**
 * Fills in the templates of a step (see `Script.ts`) from the messages that the model is shown.
 */
import type { Schema } from "effect"
import { type ChatMessage, textOf } from "./ChatRequest.ts"

const placeholder = /\{\{(lastUser|lastTool|(match|first|all):(.+?))\}\}/gs

const lastOf = (messages: ReadonlyArray<ChatMessage>, role: string): string =>
  textOf(messages.findLast((message) => message.role === role))

/** All matches of the pattern, grouped by message, oldest first. */
const search = (messages: ReadonlyArray<ChatMessage>, pattern: RegExp): ReadonlyArray<ReadonlyArray<string>> =>
  messages.filter((message) => message.role !== "system").map((message) =>
    Array.from(textOf(message).matchAll(pattern), (hit) => hit[1] ?? hit[0])
  ).filter((hits) => hits.length > 0)

const compile = (pattern: string): RegExp | undefined => {
  try {
    return new RegExp(pattern, "gm")
  } catch {
    return undefined
  }
}

/** A pattern that is no regular expression is answered by a text that says so: easier to find than a failed request. */
export const fillText = (template: string, messages: ReadonlyArray<ChatMessage>): string =>
  template.replace(placeholder, (_, what: string, mode: string | undefined, source: string | undefined) => {
    if (mode === undefined || source === undefined) return lastOf(messages, what === "lastUser" ? "user" : "tool")
    const pattern = compile(source)
    if (pattern === undefined) return `(no regular expression: ${source})`
    const hits = search(messages, pattern)
    if (mode === "all") return [...new Set(hits.flat())].join(", ")
    return (mode === "first" ? hits.at(0) : hits.at(-1))?.[0] ?? ""
  })

/** Fills in every string inside a JSON value (not the keys). */
export const fillJson = (value: Schema.Json, messages: ReadonlyArray<ChatMessage>): Schema.Json => {
  if (typeof value === "string") return fillText(value, messages)
  if (typeof value !== "object" || value === null) return value
  if (isArray(value)) return value.map((item) => fillJson(item, messages))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillJson(item, messages)]))
}

/** `Array.isArray` does not narrow a read-only array away. */
const isArray = (value: Schema.JsonArray | Schema.JsonObject): value is Schema.JsonArray => Array.isArray(value)
