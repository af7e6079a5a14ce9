/**
 * Runs `queue/main.ts` in a fresh process under Bun and reads what it measured.
 */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { BenchError } from "../Measure.ts"
import { bun } from "../server/start.ts"
import { Sample } from "./Sample.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Sample))

export const sample = (
  kind: "p-queue" | "limiter" | "tasks",
  count: number,
  how: "drain" | "cancel"
): Effect.Effect<Sample, BenchError> => {
  const what = `${kind} ${count} ${how}`
  return Effect.callback<string, BenchError>((resume) => {
    const child = execFile(
      bun,
      ["--expose-gc", main, kind, String(count), how],
      (error, stdout) =>
        resume(error === null ? Effect.succeed(stdout) : Effect.fail(new BenchError({ what, cause: error })))
    )
    return Effect.sync(() => void child.kill("SIGKILL"))
  }).pipe(Effect.flatMap((stdout) => Effect.mapError(decode(stdout), (cause) => new BenchError({ what, cause }))))
}
