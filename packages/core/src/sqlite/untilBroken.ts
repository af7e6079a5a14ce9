/**
 * How a file is used that may fail: once it does, that is told, and it is used no more.
 */
import { Effect, Option, Ref } from "effect"
import { patiently } from "./opening.ts"

/** Does something with the file; none where that fails, or anything has before. */
export type Attempt<E> = <A>(use: Effect.Effect<A, E>) => Effect.Effect<Option.Option<A>>

/** `tell`: says what is wrong. It is asked to once. */
export const untilBroken = <E>(tell: (error: E) => Effect.Effect<void>): Effect.Effect<Attempt<E>> =>
  Effect.map(
    Ref.make(false),
    (broken) => <A>(use: Effect.Effect<A, E>) =>
      Effect.flatMap(Ref.get(broken), (isBroken) =>
        isBroken ? Effect.succeedNone : patiently(use).pipe(
          Effect.asSome,
          Effect.catch((error) =>
            Effect.as(
              Effect.flatMap(Ref.getAndSet(broken, true), (wasTold) => wasTold ? Effect.void : tell(error)),
              Option.none<A>()
            )
          )
        ))
  )
