/**
 * Starts the fake OpenCode as a process of its own, under Bun, for as long as the scope is open.
 */
import { Data, Deferred, Effect, type Scope } from "effect"
import { spawn } from "node:child_process"
import { bun, hoarding, server } from "../processes.ts"
import { type Control, make } from "./Handle.ts"

/** The server did not get ready. `output` is what it printed. */
export class ServerStartError extends Data.TaggedError("ServerStartError")<{
  readonly reason: string
  readonly output: string
}> {
  override get message(): string {
    return `${this.reason}\n${this.output}`
  }
}

export interface FakeOpenCode {
  /** What a plugin's client is to be given. */
  readonly url: string
  readonly pid: number
  readonly control: Control
}

const ready = /listening on (http:\/\/\S+)/

export const start: Effect.Effect<FakeOpenCode, ServerStartError, Scope.Scope> = Effect.gen(function*() {
  const listening = yield* Deferred.make<string, ServerStartError>()
  const exited = yield* Deferred.make<void>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(bun, [server], {
        env: { ...process.env, ...hoarding },
        stdio: ["pipe", "pipe", "pipe"]
      })
      let output = ""
      const fail = (reason: string) =>
        Deferred.doneUnsafe(listening, Effect.fail(new ServerStartError({ reason, output })))
      const hear = (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000)
        const url = ready.exec(output)?.[1]
        if (url !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(url))
      }
      child.stdout.on("data", hear)
      child.stderr.on("data", hear)
      // A server that has ended reads nothing any more.
      child.stdin.on("error", () => undefined)
      child.on("error", (error) => {
        fail(error.message)
        Deferred.doneUnsafe(exited, Effect.void)
      })
      child.on("exit", (code, signal) => {
        fail(`the server ended: ${code ?? signal}`)
        Deferred.doneUnsafe(exited, Effect.void)
      })
      return child
    }),
    (child) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(exited))
  )
  const url = yield* Effect.timeoutOrElse(Deferred.await(listening), {
    duration: "60 seconds",
    orElse: () => Effect.fail(new ServerStartError({ reason: "the server did not say where it listens", output: "" }))
  })
  return { url, pid: child.pid ?? 0, control: make(url) }
})
