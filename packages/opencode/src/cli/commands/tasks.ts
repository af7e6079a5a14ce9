/**
 * `tasks`: the tasks of this directory, whichever OpenCode sent them out.
 */
import { Clock, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { Failed } from "../Failed.ts"
import { Here } from "../Here.ts"
import { journal, read, session } from "../journal.ts"
import { below } from "../tasks/below.ts"
import { boards } from "../tasks/boards.ts"
import { lines, List, list, shown } from "../tasks/list.ts"

const encode = Schema.encodeEffect(Schema.fromJsonString(List))

export const tasks = Command.make(
  "tasks",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON value instead of lines: { v, journal, at, tasks }"),
      Flag.withDefault(false)
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("All that are finished, not only the latest ten (--json has them all)"),
      Flag.withDefault(false)
    ),
    session,
    journal
  },
  Effect.fn("cli.tasks")(function*(options) {
    const { own, say, style } = yield* Here
    const { file, history } = yield* read(options.journal)
    const now = yield* Clock.currentTimeMillis
    const every = shown(boards(history, now), now)
    const some = Option.match(options.session, {
      onNone: () => every,
      onSome: (id) => below(every, history.events, id)
    })
    if (options.json) return yield* say(yield* Effect.orDie(encode(list(some, file, now))))
    if (some.length === 0 && Option.isSome(options.session)) {
      return yield* new Failed({
        message:
          `No task was sent out by session ${options.session.value}. Without --session all are listed, with --json their sessions too.`
      })
    }
    if (some.length === 0) {
      return yield* say(
        `No task has been out here yet. An agent sends one out with delegate_task; \`${own.command} doctor\` sees whether it can.`
      )
    }
    yield* Effect.forEach(lines(some, style, options.all), say, { discard: true })
  })
).pipe(
  Command.withShortDescription("The tasks of this directory: out, in line, finished"),
  Command.withDescription(
    "Lists the tasks of this directory, whichever OpenCode sent them out: who needs you, what is out, what stands in line, "
      + "what was lost with its process, and what is finished. It reads the journal and changes nothing. In OpenCode's "
      + "terminal /tasks shows the same, and can open, cancel and answer."
  ),
  Command.withExamples([
    { command: "npx opencode-errand tasks", description: "Run it where you started OpenCode" },
    { command: "watch -n 1 npx opencode-errand tasks", description: "Look on" },
    {
      command: "npx opencode-errand tasks --json | jq '.tasks[] | select(.group == \"out\") | .description'",
      description: "For scripts"
    }
  ])
)
