/**
 * The terminal: lines that stay, and below them a few live lines that are drawn again in place. Where the output is no
 * terminal there are no live lines. Everything that is drawn is plain text with colours: no full screen, no cursor keys.
 */
import * as Style from "@errand/view/style"
import { Effect, type Scope } from "effect"
import type { WriteStream } from "node:tty"

export interface Screen {
  /** Whether there are live lines. */
  readonly live: boolean
  readonly style: Style.Style
  /** The columns there are to write in. */
  readonly width: () => number
  /** Lines that stay, above the live ones, which are replaced by these. */
  readonly show: (lines: ReadonlyArray<string>, live?: ReadonlyArray<string>) => Effect.Effect<void>
}

/** Wide enough for a sentence, and not so wide that the eye loses the line. */
const widths = { least: 50, most: 100, unknown: 100 }

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
/** So many lines up, and everything from there on removed. */
const rewind = (lines: number): string => lines === 0 ? "" : `\u001b[${lines}A\u001b[J`

export const make = (
  out: WriteStream,
  env: Readonly<Record<string, string | undefined>>
): Effect.Effect<Screen, never, Scope.Scope> => {
  // Some terminals in CI say that they have no columns at all.
  const live = out.isTTY && env["TERM"] !== "dumb" && out.columns > widths.least
  let drawn = 0
  const width = () => {
    // The last column stays free: a terminal may break the line there.
    const columns = live ? out.columns - 1 : widths.unknown
    return Math.max(widths.least, Math.min(widths.most, columns))
  }
  const show: Screen["show"] = (lines, below = []) =>
    Effect.sync(() => {
      const next = live ? below.slice(0, Math.max(0, out.rows - 2)) : []
      if (!live && lines.length === 0) return
      out.write(rewind(drawn) + [...lines, ...next].map((line) => `${line}\n`).join(""))
      drawn = next.length
    })
  const screen: Screen = { live, style: Style.choose(out.isTTY, env), width, show }
  return Effect.acquireRelease(
    Effect.sync(() => {
      // Whoever reads may stop reading (`demo | head`): no reason to leave a server behind.
      out.on("error", () => {})
      if (live) out.write(hideCursor)
      return screen
    }),
    () => Effect.sync(() => live ? out.write(showCursor) : undefined)
  )
}

/** Draws lines that change with the time until the effect is done, which then says what stays of them. */
export const during = <A, E, R>(
  screen: Screen,
  lines: (now: number) => ReadonlyArray<string>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const draw = Effect.suspend(() => screen.show([], lines(Date.now())))
  return Effect.raceFirst(effect, Effect.forever(Effect.andThen(draw, Effect.sleep("100 millis")))).pipe(
    Effect.ensuring(screen.show([]))
  )
}
