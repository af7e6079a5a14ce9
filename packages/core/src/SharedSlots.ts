/**
 * Slots that several processes share: the port through which their limits hold over all of them. Without a layer nothing is
 * shared, and limits hold in this process.
 */
import { Context, type Effect, Option } from "effect"
import type { Pool, PoolName } from "./Pools.ts"

/** Somebody who has slots in this process and wants them among all processes, too. */
export interface Want {
  /** Unique among all that were ever wanted here. */
  readonly claim: string
  /** Those of their pools that have a limit. */
  readonly pools: ReadonlyArray<Pool>
  /** They had theirs before, and go in front of everybody who did not. */
  readonly returns: boolean
}

/** What one who has to wait waits for. */
export interface Wait {
  /** The first of their pools without a free slot for them. */
  readonly pool: PoolName
  /** How many slots of it are used, by everybody. */
  readonly used: number
  /** How many of these are used by other processes. */
  readonly elsewhere: number
  readonly size: number
  /** How many go before them in that pool, here and in other processes. */
  readonly ahead: number
}

export interface SharedSlots {
  /**
   * In one step: takes back what these claims have, and says of everybody who wants slots what they wait for; of those who
   * are not in the answer it says that they have a slot of each of their pools from now on. Who was wanted before and is not
   * any more has left the line. Asked again and again while anybody waits: who does not ask loses their turn.
   */
  readonly exchange: (
    over: ReadonlyArray<string>,
    wants: ReadonlyArray<Want>
  ) => Effect.Effect<ReadonlyMap<string, Wait>>
}

export const Current: Context.Reference<Option.Option<SharedSlots>> = Context.Reference<Option.Option<SharedSlots>>(
  "@errand/core/SharedSlots",
  { defaultValue: Option.none }
)
