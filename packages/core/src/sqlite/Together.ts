/**
 * Requests that come in the same moment, dealt with in one go: what costs as much for a hundred as for one is done once.
 *
 * For who asks nothing is different: each has its own answer, in the order in which they asked, and what goes wrong with
 * one is that one's own.
 */
import { Deferred, Effect, type Exit } from "effect"

export interface Options<Request, Kept, Answer> {
  /** What a request is about: of two about the same the second is dealt with after the first. */
  readonly about: (request: Request) => unknown
  /** All of them at once, with a result for each. Where it breaks, nothing was done, and they are tried one by one. */
  readonly keep: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Kept>>
  /** Then each by itself. */
  readonly settle: (request: Request, kept: Kept) => Effect.Effect<Answer>
  /** Then once more, before anybody has an answer. Must not fail. */
  readonly finish: Effect.Effect<unknown>
  /** Around all of that: nobody else changes the same meanwhile. */
  readonly alone: (all: Effect.Effect<void>) => Effect.Effect<void>
}

interface Asked<Request, Answer> {
  readonly request: Request
  readonly done: Deferred.Deferred<Answer>
}

/** Gives what asks. Whoever has asked waits for the answer, and cannot be interrupted meanwhile. */
export const make = <Request, Kept, Answer>(
  { about, alone, finish, keep, settle }: Options<Request, Kept, Answer>
): (request: Request) => Effect.Effect<Answer> => {
  type Batch = ReadonlyArray<Asked<Request, Answer>>
  const asked: Array<Asked<Request, Answer>> = []

  const deal = (batch: Batch): Effect.Effect<void> =>
    Effect.matchCauseEffect(keep(batch.map(({ request }) => request)), {
      onFailure: (cause) =>
        batch.length > 1
          ? Effect.forEach(batch, (one) => deal([one]), { discard: true })
          : Effect.forEach(batch, ({ done }) => Deferred.failCause(done, cause), { discard: true }),
      onSuccess: Effect.fnUntraced(function*(kept) {
        const exits: Array<readonly [Asked<Request, Answer>, Exit.Exit<Answer>]> = []
        for (const [nth, one] of kept.entries()) {
          const asked = batch[nth]
          if (asked !== undefined) exits.push([asked, yield* Effect.exit(settle(asked.request, one))])
        }
        yield* finish
        for (const [{ done }, exit] of exits) Deferred.doneUnsafe(done, exit)
      })
    })

  /** How many can be dealt with now. */
  const size = (): number => {
    const seen = new Set<unknown>()
    const again = asked.findIndex(({ request }) => seen.size === seen.add(about(request)).size)
    return again === -1 ? asked.length : again
  }

  const dealWithAll = Effect.uninterruptible(alone(Effect.whileLoop({
    while: () => asked.length > 0,
    body: () => deal(asked.splice(0, size())),
    step: () => {}
  })))

  return (request) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const done = Deferred.makeUnsafe<Answer>()
      const isFirst = asked.push({ request, done }) === 1
      // In a fiber of its own, a moment later: whoever asks first would else go on behind all who asked after it.
      return Effect.andThen(isFirst ? Effect.forkDetach(dealWithAll) : Effect.void, Deferred.await(done))
    }))
}
