/**
 * A span around what somebody asks for, where somebody traces.
 *
 * The default tracer sends its spans nowhere, and yet they cost: each gives its fiber a context of its own, all that the
 * fiber keeps of the one before has to be found out again, and a stack is taken for where it was called from. Around a
 * launch that was a tenth of everything that a task costs, from its launch to the news of its end.
 */
import { Effect, Tracer } from "effect"

/** For the end of `Effect.fnUntraced`: what `Effect.fn` with this name does, where anybody can see it. */
export const named = (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.tracer,
    (tracer) => tracer === Tracer.nativeTracer ? effect : Effect.withSpan(effect, name)
  )
