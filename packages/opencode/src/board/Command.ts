/**
 * What the TUI half says to the server half: short texts on OpenCode's own channel for commands (`tui.command.execute`).
 *
 * `errand.hello [session]`: somebody looks; where it names a session, at that one. `errand.cancel bg_...`: a person calls
 * a task off. `errand.shown <request>`: a person is shown a permission request, and may answer it.
 *
 * Anybody can say something there: what is not understood is nothing.
 */
import { Task } from "@errand/core"
import { type Option, Schema } from "effect"

const Word = Schema.NonEmptyString.check(Schema.isMaxLength(200))

export const Command = Schema.TaggedUnion({
  /** A TUI half is there, and from now on this process keeps boards. */
  Hello: { session: Schema.optionalKey(Word) },
  /** Ends a task as a person's wish. */
  Cancel: { task: Task.TaskId },
  /** This permission request is on a screen. */
  Shown: { request: Word }
})
export type Command = typeof Command.Type

const decode = Schema.decodeUnknownOption(Command)

const parts = (name: string | undefined, word: string | undefined): unknown => {
  switch (name) {
    case "errand.hello":
      return { _tag: "Hello", ...(word === undefined ? {} : { session: word }) }
    case "errand.cancel":
      return { _tag: "Cancel", task: word }
    case "errand.shown":
      return { _tag: "Shown", request: word }
    default:
      return undefined
  }
}

/** A command of OpenCode's channel, if it is one of ours. */
export const parse = (text: string): Option.Option<Command> => {
  const [name, word, ...more] = text.slice(0, 400).trim().split(/ +/)
  return decode(more.length > 0 ? undefined : parts(name, word))
}

/** How it is said. */
export const say = (command: Command): string =>
  Command.match(command, {
    Hello: ({ session }) => session === undefined ? "errand.hello" : `errand.hello ${session}`,
    Cancel: ({ task }) => `errand.cancel ${task}`,
    Shown: ({ request }) => `errand.shown ${request}`
  })
