/**
 * The competitors that are asked for, installed; and why one is absent, where it cannot be.
 */
import { Effect, Result } from "effect"
import { BenchError } from "../Measure.ts"
import { errand, peers } from "./index.ts"
import { install } from "./install.ts"
import type { Peer } from "./Peer.ts"

/** Everybody beside Errand. */
const others: ReadonlyArray<Peer> = peers.filter((peer) => peer !== errand)

export const ids: ReadonlyArray<string> = others.map(({ id }) => id)

export interface Ready {
  /** Errand first. */
  readonly peers: ReadonlyArray<Peer>
  readonly absent: ReadonlyArray<{ readonly peer: Peer; readonly why: string }>
}

/** `whom`: `all`, `none`, or ids with commas between. Fails where there is no such competitor, or where Errand is not built. */
export const ready = Effect.fnUntraced(
  function*(whom: string, says: (line: string) => Effect.Effect<void>): Effect.fn.Return<Ready, BenchError> {
    const asked = whom === "all" ? ids : whom === "none" ? [] : whom.split(",")
    const unknown = asked.find((id) => !ids.includes(id))
    if (unknown !== undefined) {
      return yield* new BenchError({ what: `There is nobody called ${unknown}. There are ${ids.join(", ")}` })
    }
    yield* install(errand)
    const found = yield* Effect.forEach(
      others.filter(({ id }) => asked.includes(id)),
      (peer) =>
        Effect.gen(function*() {
          yield* says(`installing ${peer.title}, if it is not there`)
          return { peer, result: yield* Effect.result(install(peer)) }
        })
    )
    return {
      peers: [errand, ...found.flatMap(({ peer, result }) => Result.isSuccess(result) ? [peer] : [])],
      absent: found.flatMap(({ peer, result }) =>
        Result.isFailure(result) ? [{ peer, why: `${peer.title} takes no part: ${result.failure.message}` }] : []
      )
    }
  }
)
