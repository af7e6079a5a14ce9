/**
 * Looks for a program that breaks a promise, seed by seed, and makes one that does as small as it can.
 */
import { Arbitrary, Effect, Option, Ref, Result } from "effect"
import type { Broken } from "./Broken.ts"
import { type Program, program } from "./Program.ts"
import { run, type Tally } from "./story.ts"
import { InFile, type Service } from "./World.ts"

export interface Found {
  readonly seed: number
  /** Whether the journal was kept in a file. */
  readonly inFile: boolean
  readonly broken: Broken
  /** As drawn. */
  readonly drawn: Program
  /** The smallest that breaks the same promise. */
  readonly smallest: Program
}

/** Programs of all lengths: how long one may get is in its seed, so that the seed alone replays it. */
const sizeOf = (seed: number): number => 4 + (Math.abs(seed) * 7) % 57

/** Programs of forty moves are at their smallest after some hundred tries. */
const maxShrinks = 2_000

const check = (seed: number, maxShrinks: number, property: (drawn: Program) => Effect.Effect<boolean, Broken>) =>
  Arbitrary.checkEffect(program, property, { seed, runs: 1, size: sizeOf(seed), maxShrinks })

/** One seed, one program: what happened in it, or what it breaks. */
export const hunt = Effect.fnUntraced(function*(seed: number, service?: Service) {
  const tally = yield* Ref.make<Option.Option<Tally>>(Option.none())
  const tell = (drawn: Program) =>
    Effect.as(Effect.tap(run(drawn, service), (told) => Ref.set(tally, Option.some(told))), true)
  const first = yield* check(seed, 0, tell)
  if (first._tag === "Passed") {
    return Result.succeed(yield* Effect.orDie(Effect.fromOption(yield* Ref.get(tally))))
  }
  if (first._tag !== "Falsified" || first.failure._tag !== "PropertyError") {
    return yield* Effect.die(new Error(`seed ${seed} draws no program: ${first._tag}`))
  }
  const { error } = first.failure
  const inFile = yield* InFile
  // Smaller, and still the same promise: what else a smaller program may break is another story.
  const shrunk = yield* check(
    seed,
    maxShrinks,
    (drawn) =>
      Effect.catchTag(
        tell(drawn),
        "Broken",
        (broken) => broken.promise === error.promise ? Effect.fail(broken) : Effect.succeed(true)
      )
  )
  const found: Found = shrunk._tag === "Falsified" && shrunk.failure._tag === "PropertyError"
    ? { seed, inFile, broken: shrunk.failure.error, drawn: first.initialInput, smallest: shrunk.shrunkInput }
    : { seed, inFile, broken: error, drawn: first.initialInput, smallest: first.initialInput }
  return Result.fail(found)
})
