/**
 * A promise that did not hold in a program.
 */
import { Effect, Schema } from "effect"

export class Broken extends Schema.TaggedError<Broken>()("Broken", {
  /** The promise, with the ids that `docs/invariants.md` knows it by. */
  promise: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `${this.promise}\n  found: ${this.found}`
  }
}

/** Breaks the promise unless the condition holds. */
export const hold = (promise: string, condition: boolean, found: () => string): Effect.Effect<void, Broken> =>
  condition ? Effect.void : Effect.suspend(() => Effect.fail(new Broken({ promise, found: found() })))
