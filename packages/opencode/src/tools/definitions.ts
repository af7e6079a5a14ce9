/**
 * What an agent is told of the tools: what they are for, and which arguments they take. The build puts the result where
 * this module is imported, so that nobody waits for it to be made.
 */
import { Schema } from "effect"

export interface Definition {
  readonly description: string
  /** The JSON Schema of the arguments. */
  readonly jsonSchema: JsonSchema
}

export interface JsonSchema {
  readonly type: "object"
  readonly properties: Readonly<Record<string, unknown>>
  readonly required: ReadonlyArray<string>
}

const Text = (description: string) => Schema.String.annotate({ description })
const Flag = (description: string) => Schema.optionalKey(Schema.Boolean.annotate({ description }))

const DelegateTask = Schema.Struct({
  description: Text("What it is about, in three to six words; people see it in lists."),
  prompt: Text(
    "The full instruction. The agent sees nothing of this conversation: name files, facts and what to report."
  ),
  agent: Schema.optionalKey(Text("The agent that does it, for example explore. Not needed with session_id.")),
  model: Schema.optionalKey(
    Text("provider/model, to use another model than the agent's own (or, with session_id, than the task's).")
  ),
  background: Flag("true (default): go on meanwhile, you are notified. false: wait here for the answer."),
  session_id: Schema.optionalKey(
    Text("Continue the session of a task that has ended, with everything it knows: ses_..., or the task's id.")
  )
})

const BackgroundOutput = Schema.Struct({
  task_id: Text("The task's id: bg_ and eight hex digits."),
  block: Flag("Wait until the task has ended. Default: false, say at once how it stands."),
  timeout: Schema.optionalKey(
    Schema.Int.annotate({ description: "How long block waits, in milliseconds. Default 60000, at most 600000." })
  ),
  offset: Schema.optionalKey(
    Schema.Int.annotate({ description: "Where to go on in a long answer, in characters. Default 0." })
  )
})

const BackgroundCancel = Schema.Struct({
  task_id: Schema.optionalKey(Text("The task to cancel.")),
  all: Flag("Cancel every pending and running task that you, or your tasks, launched.")
})

const Document = Schema.Struct({
  type: Schema.Literal("object"),
  properties: Schema.Record(Schema.String, Schema.Unknown),
  required: Schema.optionalKey(Schema.Array(Schema.String))
})

const jsonSchema = (schema: Schema.Constraint): JsonSchema => {
  const { properties, required, type } = Schema.decodeUnknownSync(Document)(
    Schema.toJsonSchemaDocument(schema).schema
  )
  return { type, properties, required: required ?? [] }
}

export type ToolName = "delegate_task" | "background_output" | "background_cancel"

export const definitions: Readonly<Record<ToolName, Definition>> = {
  delegate_task: {
    description: [
      "Send an agent on an errand in a session of its own. By default it works in the background: you get a task id at",
      "once and go on with other work, and you are notified when it has ended, with its answer. Launch several in one",
      "turn to have them work in parallel; those over a concurrency limit wait in line and start by themselves.",
      "",
      "Do not poll for the result and do not launch the same work twice. Use background=false only where you cannot go",
      "on without the answer. Use session_id to ask for more in the session of a task that has ended."
    ].join("\n"),
    jsonSchema: jsonSchema(DelegateTask)
  },
  background_output: {
    description: [
      "Read how a background task stands, or its answer when it has ended. You are notified when a task ends, so use",
      "this to read a long answer in full, or to look at a task that is still running; do not call it in a loop."
    ].join("\n"),
    jsonSchema: jsonSchema(BackgroundOutput)
  },
  background_cancel: {
    description: "Cancel a background task, or with all=true every one that you or your tasks launched. "
      + "A cancelled task keeps its session and can be continued with delegate_task(session_id=...).",
    jsonSchema: jsonSchema(BackgroundCancel)
  }
}
