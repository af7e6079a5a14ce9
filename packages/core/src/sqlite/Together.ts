/**
 * Requests that come in the same moment, dealt with in one go: what costs as much for a hundred as for one is done once.
 *
 * For who asks nothing is different: each has its own answer, in the order in which they asked, and what goes wrong with
 * one is that one's own.
 */
import { Deferred, Effect, Exit } from "effect"

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
  readonly alone: <A>(all: Effect.Effect<A>) => Effect.Effect<A>
}

interface Asked<Request, Answer> {
  readonly request: Request
  readonly done: Deferred.Deferred<Answer>
}

interface Answered<Answer> {
  readonly done: Deferred.Deferred<Answer>
  readonly exit: Exit.Exit<Answer>
}

/** Gives what asks. Whoever has asked waits for the answer, and cannot be interrupted meanwhile. */
export const make = <Request, Kept, Answer>(
  { about, alone, finish, keep, settle }: Options<Request, Kept, Answer>
): (request: Request) => Effect.Effect<Answer> => {
  type Batch = ReadonlyArray<Asked<Request, Answer>>
  const asked: Array<Asked<Request, Answer>> = []

  /** What became of each. */
  const deal = (batch: Batch): Effect.Effect<ReadonlyArray<Answered<Answer>>> =>
    Effect.matchCauseEffect(keep(batch.map(({ request }) => request)), {
      onFailure: (cause) =>
        batch.length > 1
          ? Effect.map(Effect.forEach(batch, (one) => deal([one])), (all) => all.flat())
          : Effect.succeed(batch.map(({ done }) => ({ done, exit: Exit.failCause(cause) }))),
      onSuccess: Effect.fnUntraced(function*(kept) {
        const answered: Array<Answered<Answer>> = []
        for (const [nth, one] of kept.entries()) {
          const asked = batch[nth]
          if (asked === undefined) continue
          answered.push({ done: asked.done, exit: yield* Effect.exit(settle(asked.request, one)) })
        }
        yield* finish
        return answered
      })
    })

  const answer = (all: ReadonlyArray<Answered<Answer>>): void => {
    for (const { done, exit } of all) Deferred.doneUnsafe(done, exit)
  }

  /** How many can be dealt with now. */
  const size = (): number => {
    const seen = new Set<unknown>()
    const again = asked.findIndex(({ request }) => seen.size === seen.add(about(request)).size)
    return again === -1 ? asked.length : again
  }

  const dealWithAll = Effect.uninterruptible(Effect.whileLoop({
    while: () => asked.length > 0,
    // Somebody else may have dealt with all of them by the time it is alone.
    body: () => alone(Effect.suspend(() => asked.length === 0 ? Effect.succeed([]) : deal(asked.splice(0, size())))),
    // By then others may change the same: what somebody does first who has an answer need not wait.
    step: answer
  }))

  return (request) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const done = Deferred.makeUnsafe<Answer>()
      const isFirst = asked.push({ request, done }) === 1
      // In a fiber of its own, a moment later: whoever asks first would else go on behind all who asked after it.
      return Effect.andThen(isFirst ? Effect.forkDetach(dealWithAll) : Effect.void, Deferred.await(done))
    }))
}
