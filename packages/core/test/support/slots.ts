/**
 * Limits whose slots are shared with nobody: all is as without, a moment later.
 */
import { Effect, Layer, Option } from "effect"
import { Limits } from "../../src/Limits.ts"
import type { Pool } from "../../src/Pools.ts"
import * as SharedSlots from "../../src/SharedSlots.ts"

const make = (): SharedSlots.SharedSlots => {
  const held = new Map<string, ReadonlyArray<Pool>>()
  const used = (pool: string) => [...held.values()].flat().filter(({ name }) => name === pool).length
  const want = ({ claim, pools }: SharedSlots.Want): ReadonlyArray<readonly [string, SharedSlots.Wait]> => {
    const full = pools.find(({ name, size }) => used(name) >= size)
    if (full === undefined) {
      held.set(claim, pools)
      return []
    }
    const { name, size } = full
    return [[claim, { pool: name, used: used(name), elsewhere: 0, size, ahead: 0 }]]
  }
  return {
    exchange: (over, wants) =>
      Effect.map(Effect.yieldNow, () => {
        for (const claim of over) held.delete(claim)
        return new Map(wants.flatMap(want))
      })
  }
}

export const shared: Layer.Layer<Limits> = Layer.unwrap(
  Effect.sync(() => Limits.layer.pipe(Layer.provide(Layer.succeed(SharedSlots.Current, Option.some(make())))))
)
