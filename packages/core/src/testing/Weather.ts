/**
 * Bad weather for a simulated host: every kind of fault in its calls and in its feed of events, from a seed.
 *
 * The same seed gives the same weather for the same calls and events in the same order, so a storm that broke something
 * can be had again. Calls and events draw from generators of their own: neither changes the other's luck.
 */
import type { Call, Fault } from "./Faults.ts"
import type { Deliver } from "./Feed.ts"

export interface Weather {
  /** How the next call goes. */
  readonly fault: (call: Call) => Fault
  /** What becomes of the next event: the delays (ms) at which it is told; none loses it. */
  readonly deliver: Deliver
}

/**
 * The weather of a seed (any integer). `severity` is the share of calls and of events that something happens to, from 0
 * (none) to 1 (all); a fifth by default.
 */
export const make = (seed: number, severity = 0.2): Weather => {
  const calls = mulberry32(seed)
  const events = mulberry32(seed ^ 0x5eed)
  return {
    fault: () => calls() >= severity ? "ok" : choose(faults, calls())(calls()),
    deliver: () => events() >= severity ? [0] : choose(deliveries, events())(events())
  }
}

/** The longest that an answer or an event is late (ms): longer than most patience. */
const longest = 30_000

const upTo = (most: number, luck: number) => 1 + Math.floor(luck * most)

const faults: ReadonlyArray<(luck: number) => Fault> = [
  (luck) => ({ slow: upTo(longest, luck) }),
  (luck) => ({ late: upTo(longest, luck) }),
  () => "fail",
  () => "refuse",
  () => "die",
  () => "hang",
  () => "fail-after",
  () => "hang-after"
]

const deliveries: ReadonlyArray<(luck: number) => ReadonlyArray<number>> = [
  // Lost.
  () => [],
  // Doubled: at once, and within a second.
  () => [0, 0],
  (luck) => [0, upTo(1_000, luck)],
  // Out of order: a little later than those that come next.
  (luck) => [upTo(50, luck)],
  // Late.
  (luck) => [upTo(longest, luck)]
]

const choose = <A>(all: ReadonlyArray<A>, luck: number): A => {
  const found = all[Math.floor(luck * all.length)]
  if (found === undefined) throw new RangeError(`no luck of ${luck}`)
  return found
}

/** Numbers from 0 to below 1 by a seed: mulberry32 of Tommy Ettinger, in the public domain. */
const mulberry32 = (seed: number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
