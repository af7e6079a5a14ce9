/**
 * Runs a module in a fresh process under Bun and reads what it found: the last line that it prints, as JSON.
 */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { BenchError } from "./Measure.ts"
import { bun } from "./processes.ts"

export interface Fresh<A> {
  /** What is being done, in case that it fails. */
  readonly what: string
  /** Bun's own options, the module, and what it is told. */
  readonly words: ReadonlyArray<string>
  readonly found: Schema.Decoder<A>
  /** The whole environment; absent: that of the bench. */
  readonly env?: Readonly<Record<string, string>>
}

export const fresh = <A>({ env, found, what, words }: Fresh<A>): Effect.Effect<A, BenchError> => {
  const failed = (cause: unknown) => new BenchError({ what, cause })
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(found))
  return Effect.callback<string, BenchError>((resume) => {
    const child = execFile(
      bun,
      [...words],
      env === undefined ? {} : { env },
      (error, stdout) => resume(error === null ? Effect.succeed(stdout) : Effect.fail(failed(error)))
    )
    return Effect.sync(() => void child.kill("SIGKILL"))
  }).pipe(
    // What else is printed, by a plugin for example, comes before.
    Effect.flatMap((stdout) => Effect.mapError(decode(stdout.trim().split("\n").at(-1)), failed))
  )
}
