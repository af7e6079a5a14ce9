/**
 * The one way in which reading a tool's arguments fails.
 */
import { Schema } from "effect"
import { shown } from "../text/inline.ts"

/** Arguments that cannot be used. `message` is one sentence: which argument, what was found, what is expected. */
export class BadArguments extends Schema.TaggedError<BadArguments>()("BadArguments", {
  /** The argument's name, or `arguments` for the whole. */
  argument: Schema.String,
  message: Schema.String
}) {}

/** The sentence for an argument of the wrong form. */
export const wrong = (argument: string, found: unknown, expected: string): BadArguments =>
  new BadArguments({
    argument,
    message: found === undefined
      ? `${argument} is missing: expected ${expected}.`
      : `${argument} is ${shown(found)}, but expected ${expected}.`
  })
