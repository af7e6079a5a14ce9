/**
 * What is logged inside goes to OpenCode's log: its console is somebody's screen, or what a program reads of `opencode run`.
 */
import { Cause, Effect, type Layer, Logger, Queue } from "effect"
import { Client } from "./host/Client.ts"

interface Entry {
  readonly level: "info" | "warn" | "error"
  readonly text: string
}

/** Noted at once; nobody waits for OpenCode to have it. */
export const layer: Layer.Layer<never, never, Client> = Logger.layer([Effect.gen(function*() {
  const client = yield* Client
  const entries = yield* Queue.unbounded<Entry>()
  yield* Queue.take(entries).pipe(
    Effect.flatMap(({ level, text }) => Effect.ignore(client.log(level, text))),
    Effect.forever,
    Effect.forkScoped
  )
  return Logger.make<unknown, void>(({ cause, logLevel, message }) => {
    const parts = [message].flat().map(String)
    const why = cause.reasons.length === 0 ? [] : [Cause.pretty(cause)]
    Queue.offerUnsafe(entries, { level: levelOf(logLevel), text: [...parts, ...why].join(": ") })
  })
})])

const levelOf = (level: string): Entry["level"] =>
  level === "Error" || level === "Fatal" ? "error" : level === "Warn" ? "warn" : "info"
