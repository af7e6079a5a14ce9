/**
 * How a file is used that may fail: once it does, that is told, and it is used no more.
 */
import { Effect, Option, Ref } from "effect"
import { patiently } from "./opening.ts"

/** Does something with the file; none where that fails. */
export type Attempt<E> = <A>(use: Effect.Effect<A, E>) => Effect.Effect<Option.Option<A>>

export interface Attempts<E> {
  /** None, too, where anything has failed before. */
  readonly attempt: Attempt<E>
  /** Tries also after that: for what is true of a broken file as well, and is no part of what is missing in it. */
  readonly still: Attempt<E>
}

/** `tell`: says what is wrong. It is asked to once. */
export const untilBroken = <E>(tell: (error: E) => Effect.Effect<void>): Effect.Effect<Attempts<E>> =>
  Effect.map(Ref.make(false), (broken) => {
    const still = <A>(use: Effect.Effect<A, E>) =>
      patiently(use).pipe(
        Effect.asSome,
        Effect.catch((error) =>
          Effect.as(
            Effect.flatMap(Ref.getAndSet(broken, true), (wasTold) => wasTold ? Effect.void : tell(error)),
            Option.none<A>()
          )
        )
      )
    return {
      still,
      attempt: (use) => Effect.flatMap(Ref.get(broken), (isBroken) => isBroken ? Effect.succeedNone : still(use))
    }
  })
