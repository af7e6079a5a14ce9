/**
 * How the command speaks of itself: help that fits the terminal, and, of what was typed wrong, what is wrong and where to
 * read on.
 */
import { Effect } from "effect"
import { CliOutput } from "effect/cli"
import { asCalled, type Own } from "./Own.ts"
import type { Style } from "./Style.ts"
import { wrap } from "./Style.ts"

export interface Writers {
  readonly say: (line: string) => Effect.Effect<void>
  /** For what went wrong. */
  readonly complain: (line: string) => Effect.Effect<void>
}

export const make = (style: Style, { complain, say }: Writers, own: Own): CliOutput.Presenter => {
  const formatter = CliOutput.defaultFormatter({ colors: false, globalFlags: "none" })
  return {
    present: (event) => {
      switch (event._tag) {
        case "Help":
          return say(fit(asCalled(own, formatter.formatHelpDoc(event.helpDoc)), style))
        case "Version":
          return say(event.version)
        case "InvalidInvocation":
          return Effect.forEach(
            [
              ...event.errors.map(({ message }) => `✗ ${message}`),
              `\`${[own.command, ...event.commandPath.slice(1)].join(" ")} --help\` says what there is.`
            ],
            (line) => complain(wrap(line, style.width, "  ")),
            { discard: true }
          )
      }
    }
  }
}

/** Headings are bold; what is too long goes on below where it began. */
const fit = (help: string, style: Style): string =>
  help
    // The formatter leaves no line between these two.
    .replace(/\nEXAMPLES$/m, "\n\nEXAMPLES")
    .replace(/\n{3,}/g, "\n\n")
    .split("\n")
    .map((line) => /^[A-Z][A-Z ]+$/.test(line) ? style.bold(line) : wrap(line, style.width, " ".repeat(hang(line))))
    .join("\n")

/** Where the last column of a line begins. */
const hang = (line: string): number => {
  const column = /^ {2}\S.*? {2,}(?=\S)/.exec(line)?.[0]
  return column?.length ?? /^ */.exec(line)?.[0].length ?? 0
}
