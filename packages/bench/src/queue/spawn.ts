/**
 * Runs `queue/main.ts` in a fresh process under Bun and reads what it measured.
 */
import type { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { fresh } from "../fresh.ts"
import type { BenchError } from "../Measure.ts"
import { Sample } from "./Sample.ts"

const main = fileURLToPath(new URL("main.ts", import.meta.url))

export const sample = (
  kind: "p-queue" | "limiter" | "tasks",
  count: number,
  how: "drain" | "cancel"
): Effect.Effect<Sample, BenchError> =>
  fresh({
    what: `${kind} ${count} ${how}`,
    words: ["--expose-gc", main, kind, String(count), how],
    found: Sample
  })
