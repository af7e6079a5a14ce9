/**
 * The command with everything that it can do.
 */
import { Command } from "effect/cli"
import { doctor } from "./commands/doctor.ts"
import { schema } from "./commands/schema.ts"
import { tasks } from "./commands/tasks.ts"
import { timeline } from "./commands/timeline.ts"

export const errand = Command.make("opencode-errand").pipe(
  Command.withDescription(
    "Errand lets agents in OpenCode send other agents on errands: tasks in the background, under limits that hold. The plugin "
      + "does that by itself; this command is for looking at it from outside."
  ),
  Command.withSubcommands([doctor, tasks, timeline, schema]),
  Command.withExamples([
    {
      command: "npx opencode-errand doctor --fix",
      description: "Install: write both entries, then see whether all is well"
    },
    {
      command: "opencode plugin opencode-errand -g",
      description: "OpenCode's own command to write them, where the package comes from npm"
    }
  ])
)
