/**
 * The lines before the story, while OpenCode starts, and those behind it: what all of it was worth.
 */
import { clock, seconds, wrap } from "@errand/view/format"
import { Effect } from "effect"
import { checkLines } from "./checkLines.ts"
import type { Check } from "./checks.ts"
import { type Look, markOf } from "./lines.ts"
import { during, type Screen } from "./Screen.ts"
import { saving, savingLines, timeline } from "./timeline.ts"
import type { Told } from "./Told.ts"

const heading = "Errand: send agents on errands, under limits that hold"

/** A line of what stands ready. */
export const ready = (screen: Screen, name: string, text: string): ReadonlyArray<string> => {
  const [first, ...rest] = wrap(text, screen.width() - 14)
  const { bold, green } = screen.style
  return [`  ${green("✓")} ${bold(name.padEnd(10))}${first ?? ""}`, ...rest.map((line) => " ".repeat(14) + line)]
}

/** What the person asks for. */
export const asking = (screen: Screen, request: string): ReadonlyArray<string> => {
  const [first, ...rest] = wrap(request, screen.width() - 14)
  return [
    "",
    `  ${screen.style.bold("You say".padEnd(12))}${first ?? ""}`,
    ...rest.map((line) => " ".repeat(14) + line),
    ""
  ]
}

/** Shows that OpenCode starts, and how long it took. `then` (ms): how long it takes from there, where that is known. */
export const starting = Effect.fnUntraced(
  function*<A, E, R>(screen: Screen, what: string, start: Effect.Effect<A, E, R>, then?: number) {
    const rest = then === undefined ? "" : `; from there about ${clock(then)}`
    const since = Date.now()
    yield* screen.show([
      "",
      `  ${screen.style.bold(heading)}`,
      "",
      ...(screen.live ? [] : [`  starting ${what} ...${rest}`])
    ])
    const started = yield* during(
      screen,
      (now) => [`  ${markOf("running", now)} starting ${what} ... ${clock(now - since)}${rest}`],
      start
    )
    yield* screen.show(ready(screen, "Ready", `${what}, after ${seconds(Date.now() - since)}`))
    return started
  }
)

/** What was promised and found; then the two times, and the picture. */
export const closing = (
  look: Look,
  told: Told,
  checks: ReadonlyArray<Check>,
  sources: string
): ReadonlyArray<string> => {
  const { bold, green, red } = look.style
  const failed = checks.filter(({ ok }) => !ok).length
  const verdict = failed === 0
    ? green(`All ${checks.length} checks hold, by ${sources}.`)
    : red(`${failed} of ${checks.length} checks failed: it did not happen as it should.`)
  return [
    "",
    `  ${bold("Did it truly happen?")}`,
    ...checkLines(look, checks),
    `  ${verdict}`,
    "",
    ...savingLines(look, saving(told.story)),
    "",
    ...timeline(look, told.story, told.endedAt),
    ""
  ]
}
