/**
 * Runs `journal/main.ts` in a fresh process under Bun, as in OpenCode, and reads what it measured.
 */
import type { Effect } from "effect"
import { fresh } from "../fresh.ts"
import type { BenchError } from "../Measure.ts"
import { journal } from "../processes.ts"
import { type Kind, Sample } from "./Sample.ts"

/** `file`: where it is kept, unless it is kept in memory. */
export const append = (kind: Kind, file: string): Effect.Effect<Sample, BenchError> =>
  fresh({ what: `a journal, ${kind}`, words: [journal, kind, file], found: Sample })
