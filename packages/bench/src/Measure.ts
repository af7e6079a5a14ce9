/**
 * What one of B1 to B14 is: how it is measured, and what Errand is asked to pass.
 */
import { Data, type Effect, type Scope } from "effect"
import type { Figure, Line } from "./Figure.ts"
import type { Peer } from "./peers/Peer.ts"

/** The bench itself did not work; says nothing about anybody who was measured. */
export class BenchError extends Data.TaggedError("BenchError")<{ readonly what: string; readonly cause?: unknown }> {
  override get message(): string {
    return this.cause === undefined ? this.what : `${this.what}: ${String(this.cause)}`
  }
}

/** What a measure is given. */
export interface Bench {
  /** How often everything is measured; at least three times for a median and a spread that say something. */
  readonly runs: number
  /** Who is measured: Errand first. */
  readonly peers: ReadonlyArray<Peer>
  /** Says how far it is: so many of so many steps, and what the next one is. */
  readonly progress: (done: number, of: number, what: string) => Effect.Effect<void>
  /** Says that what is left mostly waits: whoever is measured beside it may begin. */
  readonly quiet: Effect.Effect<void>
}

export interface Measure {
  /** For example `B8`. */
  readonly id: string
  readonly title: string
  /** What a user would feel of it: one or two sentences. */
  readonly about: string
  /** How it was measured, where that is not what a reader would think: a sentence each. */
  readonly known?: ReadonlyArray<string>
  /** What keeps Errand from passing, as far as the figures show it: one or two sentences. Shown where it misses a line. */
  readonly hindrance?: string
  /**
   * What it measures does not depend on what else the machine does, so it is measured beside others of which that is true.
   * One that is loud at first comes before those that mostly wait, which it would keep from being in time: they begin when
   * it says that it is quiet.
   */
  readonly steady?: "loud at first" | "waiting"
  readonly run: (bench: Bench) => Effect.Effect<ReadonlyArray<Figure>, BenchError, Scope.Scope>
  readonly lines: (figures: ReadonlyArray<Figure>) => ReadonlyArray<Line>
}

/** Everything once, then everything again: what changes on the machine meanwhile meets all of them. */
export const interleaved = <A>(all: ReadonlyArray<A>, runs: number): ReadonlyArray<A> =>
  Array.from({ length: runs }, () => all).flat()
