/**
 * Shows how far long work is while it is done: one line on a terminal that is written over itself, a line now and then where
 * the output goes elsewhere.
 */
import { Clock, Effect, Schedule } from "effect"
import * as Progress from "./progress.ts"

/** A stream such as `process.stderr`. */
export interface Out {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

export interface ProgressLine {
  /** Shows a line that changes with the time while the effect runs; an empty one is not shown. */
  readonly during: (
    line: (now: number) => string
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** A line that stays, above the one that changes. */
  readonly say: (line: string) => Effect.Effect<void>
}

export const make = (out: Out, env: Readonly<Record<string, string | undefined>>): ProgressLine => {
  // Asked each time: people change the size of their windows.
  const terminal = () => Progress.terminalOf(out, env)
  const write = (text: string) => Effect.sync(() => void (text === "" || out.write(text)))
  const erase = Effect.suspend(() => write(Progress.erased(terminal())))
  const { first, next } = Progress.rhythm(terminal())
  return {
    during: (line) => (effect) => {
      const draw = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const text = line(now)
        return text === "" ? Effect.void : write(Progress.shown(terminal(), text))
      })
      const drawing = Effect.andThen(Effect.sleep(first), Effect.repeat(draw, Schedule.spaced(next)))
      return Effect.ensuring(Effect.raceFirst(effect, Effect.andThen(drawing, Effect.never)), erase)
    },
    say: (line) => Effect.andThen(erase, write(`${line}\n`))
  }
}
