/**
 * Reading the fake OpenCode's log until enough has happened. It is asked every so often, not waited on: whoever waits is
 * answered at each entry, and a server that answers the bench a thousand times has less left for the competitors.
 */
import { Effect } from "effect"
import { BenchError } from "../Measure.ts"
import type { Control, ControlError } from "../server/Handle.ts"
import type { Entry } from "../server/Reports.ts"

/** A call to the fake OpenCode as the bench makes it: that it fails says nothing about who is measured. */
export const told = <A>(call: Effect.Effect<A, ControlError>): Effect.Effect<A, BenchError> =>
  Effect.mapError(call, (cause) => new BenchError({ what: "the fake OpenCode", cause }))

/** Where the log stands, and the server's time (ms since 1970): nothing that is there now comes after it. */
export interface Mark {
  readonly next: number
  readonly now: number
}

export const mark = (control: Control): Effect.Effect<Mark, BenchError> =>
  // Of a kind that is rare: what is there already is not wanted.
  told(control.log({ kinds: ["deleted"] }))

export interface Until<State> {
  readonly since: Mark
  readonly kinds: ReadonlyArray<Entry["kind"]>
  readonly from: State
  readonly step: (state: State, entry: Entry) => State
  readonly enough: (state: State) => boolean
  /** Ms between two looks: how late the bench may notice, not how exact the entries are. Default 50; see `seldom`. */
  readonly every?: number
  /** Ms after the mark at which it gives what there is. */
  readonly patience: number
  /** Ms without any entry of these kinds after which it gives what there is, too. Absent: it waits on. */
  readonly quiet?: number
}

/**
 * Ms between two looks where many look at the same time, and for long: at 50 ms that was more work for the machine than what
 * they looked at.
 */
export const seldom = 500

/** What came of all entries since the mark: when it was enough, or when patience was at its end, or nothing came any more. */
export const until = <State>(
  control: Control,
  { enough, every = 50, from, kinds, patience, quiet = patience, since, step }: Until<State>
): Effect.Effect<State, BenchError> =>
  Effect.gen(function*() {
    let state = from
    let seen = since.next
    let last = since.now
    for (;;) {
      const { entries, next, now } = yield* told(control.log({ since: seen, kinds }))
      seen = next
      if (entries.length > 0) last = now
      state = entries.reduce(step, state)
      if (enough(state) || now - since.now >= patience || now - last >= quiet) return state
      yield* Effect.sleep(every)
    }
  })
