/**
 * A list that only grows, and that can be waited on: "until there is an entry such that ...". Used for the requests a
 * model has seen, the events a server has sent and the lines a process has printed.
 */
import { Data, type Duration, Effect } from "effect"

/** What was waited for did not come within the time limit. `waited` is that limit as it was given. */
export class WaitTimeout extends Data.TaggedError("WaitTimeout")<{
  readonly what: string
  readonly waited: Duration.Input
}> {
  override get message(): string {
    return `waited ${JSON.stringify(this.waited)} for ${this.what}`
  }
}

/** How long to wait (default 10 s), and what the error should say was waited for. */
export interface WaitOptions {
  readonly timeout?: Duration.Input
  readonly what?: string
}

/** Waits for the first entry (old or new) that satisfies the predicate. */
export interface WaitFor<A> {
  (predicate: (entry: A) => boolean, options?: WaitOptions): Effect.Effect<A, WaitTimeout>
}

/** See the top of this file. The mutating methods are plain functions: they are called from Node's callbacks. */
export class GrowingLog<A> {
  readonly #entries: Array<A> = []
  readonly #watchers = new Set<() => void>()

  /** The entries so far. A copy. */
  readonly all: Effect.Effect<ReadonlyArray<A>> = Effect.sync(() => [...this.#entries])

  /** The entries so far, not a copy. */
  get entries(): ReadonlyArray<A> {
    return this.#entries
  }

  append(entry: A): void {
    this.#entries.push(entry)
    this.touch()
  }

  /** Makes those who wait look again: an entry has changed. */
  touch(): void {
    for (const look of this.#watchers) look()
  }

  clear(): void {
    this.#entries.length = 0
  }

  readonly waitFor: WaitFor<A> = (predicate, options) => {
    const timeout = options?.timeout ?? "10 seconds"
    return Effect.callback<A>((resume) => {
      const look = () => {
        for (const entry of this.#entries) {
          if (!predicate(entry)) continue
          this.#watchers.delete(look)
          return resume(Effect.succeed(entry))
        }
      }
      this.#watchers.add(look)
      look()
      return Effect.sync(() => this.#watchers.delete(look))
    }).pipe(Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(new WaitTimeout({ what: options?.what ?? String(predicate), waited: timeout }))
    }))
  }
}
