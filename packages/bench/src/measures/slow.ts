/**
 * Competitors that take their time: the two releases of oh-my-opencode start one task after the other, each when the
 * session of the one before has been opened, and doubt an end within the first 5 or 6 s. They mostly wait, so they can be
 * measured side by side where everybody else is measured alone.
 */
import { Effect } from "effect"
import type { Figure } from "../Figure.ts"
import type { Bench, BenchError } from "../Measure.ts"
import { omo3 } from "../peers/omo3.ts"
import { omo4 } from "../peers/omo4.ts"
import type { Peer } from "../peers/Peer.ts"

export const isSlow = ({ id }: Peer): boolean => id === omo3.id || id === omo4.id

/** What they take for an end: an agent's work that is longer than this (ms). */
export const believed = 6_000

/** Of whom the figures are not of the same minutes; to be said where the figures are. */
export const inTurn = (quick: string): string =>
  `Errand and the floor are measured first, ${quick}; then the two releases of oh-my-opencode, which mostly wait, up to six at the same time.`

/** What the fake OpenCode has no part of; to be said where it would be in a time. */
export const beginsAtOnce =
  "The fake OpenCode begins to work in the moment in which it takes a prompt; the real one takes 20 to 50 ms for that ([reliability.md](reliability.md)), for everybody, and these are in no time here."

/** First the others, one at a time unless said; then the slow ones, so many at the same time. The figures in the order of the peers. */
export const apart = (
  bench: Bench,
  atOnce: number,
  measure: (bench: Bench, atOnce: number) => Effect.Effect<ReadonlyArray<Figure>, BenchError>,
  quickAtOnce = 1
): Effect.Effect<ReadonlyArray<Figure>, BenchError> =>
  Effect.gen(function*() {
    const { peers } = bench
    const quick = yield* measure({ ...bench, peers: peers.filter((peer) => !isSlow(peer)) }, quickAtOnce)
    const slow = yield* measure({ ...bench, peers: peers.filter(isSlow) }, atOnce)
    return peers.flatMap(({ title }) => [...quick, ...slow].filter(({ peer }) => peer === title))
  })
