/**
 * How time passes in a story: everybody does what can be done without it, then the clock goes on, then again.
 */
import { Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Broken } from "./Broken.ts"

/** Whether nobody has anything to do before time passes. */
export const IsIdle = Context.Reference<() => boolean>("storm/IsIdle", { defaultValue: () => () => true })

/** More turns than everything in a story takes between two moments. */
const patience = 100_000

/** Lets everything happen that needs no time. */
export const soon: Effect.Effect<void, Broken> = Effect.gen(function*() {
  const isIdle = yield* IsIdle
  for (let turns = 0; turns < patience; turns++) {
    yield* Effect.yieldNow
    if (isIdle()) return
  }
  return yield* new Broken({ promise: "B14 nobody works for ever without time passing", found: `${patience} turns` })
})

/** Lets time pass (ms), and everything happen that is due meanwhile. */
export const pass = (ms: number): Effect.Effect<void, Broken> =>
  Effect.andThen(soon, Effect.andThen(TestClock.adjust(ms), soon))
