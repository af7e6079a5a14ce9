/**
 * The time, as the screen needs it: it moves on when somebody who shows it has asked to be woken, and stands still
 * otherwise. With nothing to count there is no timer.
 */
import { Clock, Effect } from "effect"
import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js"

export interface Ticker {
  /** Epoch ms. */
  readonly now: Accessor<number>
  /**
   * Asks to be woken at a moment (epoch ms), as often as it changes; undefined asks for nothing. Ends with the component
   * that asks.
   */
  readonly wakeAt: (at: Accessor<number | undefined>) => void
}

/** Call it where a Solid owner is: the timer ends with it. */
export const makeTicker = (): Ticker => {
  const [now, setNow] = createSignal(0)
  const [wishes, setWishes] = createSignal<ReadonlyArray<Accessor<number | undefined>>>([])
  const next = createMemo(() => {
    const moments = wishes().map((at) => at()).filter((at) => at !== undefined)
    return moments.length === 0 ? undefined : Math.min(...moments)
  })
  const tick = Effect.map(Clock.currentTimeMillis, setNow)
  Effect.runSync(tick)
  createEffect(() => {
    const at = next()
    if (at === undefined) return
    const fiber = Effect.runFork(Effect.gen(function*() {
      yield* Effect.sleep(Math.max(0, at - (yield* Clock.currentTimeMillis)))
      yield* tick
    }))
    onCleanup(() => fiber.interruptUnsafe())
  })
  return {
    now,
    wakeAt: (at) => {
      // It may have stood still for long.
      Effect.runSync(tick)
      setWishes((all) => [...all, at])
      onCleanup(() => setWishes((all) => all.filter((other) => other !== at)))
    }
  }
}
