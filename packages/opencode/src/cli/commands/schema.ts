/**
 * `schema`: the JSON Schema of `errand.jsonc`.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { jsonSchema } from "../../config/ConfigSchema.ts"
import { Here } from "../Here.ts"

export const schema = Command.make(
  "schema",
  {},
  Effect.fn("cli.schema")(function*() {
    const { say } = yield* Here
    yield* say(JSON.stringify(jsonSchema(), undefined, 2))
  })
).pipe(
  Command.withShortDescription("Every setting of errand.jsonc, as a JSON Schema"),
  Command.withDescription(
    "Prints the JSON Schema of errand.jsonc: every setting with what it means, what it may be and its default. Settings go "
      + "into ~/.config/opencode/errand.jsonc, or into .opencode/errand.jsonc of a project, whose values win."
  ),
  Command.withExamples([
    { command: "npx opencode-errand schema", description: "Read it" },
    {
      command: "npx opencode-errand schema > errand.schema.json",
      description: "Keep it, and let your editor check the file: { \"$schema\": \"./errand.schema.json\" }"
    }
  ])
)
