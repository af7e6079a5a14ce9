/**
 * Runs `queue/main.ts` in a fresh process under Bun and reads what it measured.
 */
import type { Effect } from "effect"
import { fresh } from "../fresh.ts"
import type { BenchError } from "../Measure.ts"
import { queue } from "../processes.ts"
import { Sample } from "./Sample.ts"

export const sample = (
  kind: "p-queue" | "limiter" | "tasks",
  count: number,
  how: "drain" | "cancel"
): Effect.Effect<Sample, BenchError> =>
  fresh({
    what: `${kind} ${count} ${how}`,
    words: ["--expose-gc", queue, kind, String(count), how],
    found: Sample
  })
