/**
 * What one parent does in the storm, drawn from a seed: it launches up to three tasks in one moment, and calls off those
 * of them whose agents would work for ever. Pure but for the luck that the seed gives.
 *
 * An agent that answers works for 6 s at least, as some competitors believe no end before: what they miss is then the
 * storm's doing. Agents that fail are left out for the same reason.
 */
import { Effect, Random } from "effect"
import type { Step } from "../../server/Script.ts"
import { endless } from "../crowd.ts"
import { believed } from "../slow.ts"

export interface Errand {
  readonly steps: ReadonlyArray<Step>
  /** It ends only when it is called off: this long after its launch has come back (ms). */
  readonly calledOffAfter?: number
}

export type Program = ReadonlyArray<Errand>

/** From 0 up to, but without, `end`. */
const below = (end: number) => Random.nextIntBetween(0, end, { halfOpen: true })

const say: Step = { do: "say", text: "Here it is." }

const answers: ReadonlyArray<(more: number) => ReadonlyArray<Step>> = [
  (more) => [{ do: "wait", ms: believed + more }, say],
  (more) => [{ do: "stream", ms: believed + more, every: 250 }, say],
  (more) => [{ do: "tool", name: "read", ms: believed / 2 + more }, { do: "wait", ms: believed / 2 }, say],
  (more) => [{ do: "wait", ms: believed }, { do: "retry", ms: more, message: "overloaded" }, say]
]

const errand = Effect.gen(function*() {
  const more = yield* below(1_500)
  if ((yield* below(4)) === 0) return { steps: endless, calledOffAfter: more }
  const steps = answers[yield* below(answers.length)] ?? answers[0]
  return { steps: steps?.(more) ?? [say] }
})

/** The same for the same seed. */
export const program = (seed: number): Effect.Effect<Program> =>
  Effect.gen(function*() {
    const count = 1 + (yield* below(3))
    return yield* Effect.replicateEffect(errand, count)
  }).pipe(Random.withSeed(`storm ${seed}`))
