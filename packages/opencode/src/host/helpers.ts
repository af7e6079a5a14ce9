/**
 * OpenCode's own helpers. They speak in a session without being who the user talks with.
 */

const helpers = new Set(["compaction", "title", "summary"])

export const isHelper = (agent: string | undefined): boolean => helpers.has(agent ?? "")
