/**
 * What is being done about the box of one parent: whether somebody is on duty who tells it what it is owed, what woke it last,
 * and who waits for a change.
 */
import { Deferred, Effect, Option } from "effect"

/** The notice that woke a session, and when its host was asked to take it (epoch ms). */
export interface Woke {
  readonly notice: string
  readonly at: number
}

/** Changed in place, in one step each time. */
export interface Post {
  /** Whether a courier is on duty. */
  courier: boolean
  /** Whether nothing is told for now. */
  held: boolean
  /** The last notice that woke the parent. */
  woke: Option.Option<Woke>
  /** Done with `woke` when nothing is out and nothing is owed. */
  readonly settled: Deferred.Deferred<Option.Option<Woke>>
  /** Where those wait who look again when something about the box has changed. */
  changed: Deferred.Deferred<void>
}

export const make = (): Post => ({
  courier: false,
  held: false,
  woke: Option.none(),
  settled: Deferred.makeUnsafe(),
  changed: Deferred.makeUnsafe()
})

/** Something about the box has changed. */
export const wake = (post: Post): void => {
  const { changed } = post
  // Who looks again may wait again.
  post.changed = Deferred.makeUnsafe()
  Deferred.doneUnsafe(changed, Effect.void)
}
