/**
 * A fake OpenCode 1.18.33 as a process of its own: real HTTP and server-sent events, agents that follow scripts, counters
 * and a log of what happened.
 *
 * 1. `Server.start`: the process, its address, and the bench's hold on it (`Handle.Control`).
 * 2. `Script.script`: put into a prompt, says what the agent shall do.
 */
export * as Handle from "./Handle.ts"
export * as Reports from "./Reports.ts"
export * as Script from "./Script.ts"
export * as Server from "./start.ts"
