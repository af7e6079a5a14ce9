/**
 * Text of others, made fit for XML and HTML. Descriptions come from models and may hold anything. Pure.
 */
import { oneLine } from "../format.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

/** For text and for attribute values in quotes. On one line, without what no XML may hold. */
export const escape = (text: string): string =>
  oneLine(text).replace(/[\ufffe\uffff]/g, "").replace(/[&<>"']/g, (character) => entities[character] ?? "")
