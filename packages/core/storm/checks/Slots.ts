/**
 * At any moment: no pool is fuller than it ever was allowed to be, whoever waits has a reason to, and a slot is held by
 * somebody who runs.
 */
import { Effect, Option } from "effect"
import * as Pools from "../../src/Pools.ts"

import { type Broken, hold } from "../Broken.ts"
import type { World } from "../World.ts"

/** The most that each pool was allowed to hold so far: who is inside when it gets smaller may stay. */
export type Widest = ReadonlyMap<string, number>

export const check = (
  { entries, limits, settings, tasks }: World,
  resized: ReadonlyMap<string, number>,
  before: Widest
): Effect.Effect<Widest, Broken> =>
  Effect.gen(function*() {
    const widest = new Map(before)
    const all = yield* tasks.list
    const running = all.filter(({ status }) => status === "running")
    /** Whose slots may be away: they have sent somebody out. */
    const senders = new Set((yield* entries).map(({ task }) => task.request.parent))
    const allowed = new Map([
      ...all.flatMap(({ request }) => Pools.poolsOf(settings, request)).map(({ name, size }) => [name, size] as const),
      ...resized
    ])
    for (const { name, used } of yield* limits.pools) {
      const most = Math.max(widest.get(name) ?? 0, allowed.get(name) ?? 0)
      widest.set(name, most)
      yield* hold("A1 no pool is fuller than its limit", used <= most, () => `${name}: ${used} of ${most}`)
      const inside = running.filter(({ request }) =>
        Pools.poolsOf(settings, request).some((pool) => pool.name === name)
      )
      const atHome = inside.filter(({ session }) => session === undefined || !senders.has(session))
      yield* hold(
        "A1 A2 every slot is held by one who runs, and every one who runs holds theirs",
        atHome.length <= used && used <= inside.length,
        () => `${name}: ${used} slots, ${inside.length} run, ${atHome.length} of them have nobody out`
      )
    }
    for (const task of all) {
      if (task.status !== "pending") continue
      const place = yield* tasks.place(task.id)
      yield* hold(
        "A4 whoever waits has a reason to",
        Option.exists(place, ({ paused, size, used }) => paused || used >= size),
        () => `${task.id} waits for ${JSON.stringify(Option.getOrUndefined(place))}`
      )
    }
    return widest
  })

/** At rest: nobody holds anything. */
export const checkFree = ({ limits }: World): Effect.Effect<void, Broken> =>
  Effect.flatMap(limits.pools, (pools) => {
    const taken = pools.filter(({ used }) => used > 0)
    return hold("A1 in the end every slot is free", taken.length === 0, () => JSON.stringify(taken))
  })
