/**
 * The part of an OpenAI chat request that the scripted model looks at.
 */
import { Schema } from "effect"

const Content = Schema.Union([
  Schema.String,
  Schema.Array(Schema.Struct({ type: Schema.String, text: Schema.optionalKey(Schema.String) }))
])

export const ChatMessage = Schema.Struct({
  role: Schema.String,
  content: Schema.optionalKey(Schema.NullOr(Content)),
  tool_call_id: Schema.optionalKey(Schema.String),
  tool_calls: Schema.optionalKey(Schema.Array(Schema.Struct({
    id: Schema.String,
    function: Schema.Struct({ name: Schema.String, arguments: Schema.String })
  })))
})
export type ChatMessage = typeof ChatMessage.Type

/** A tool as the model is shown it. `parameters` is its JSON schema. */
export const ToolDefinition = Schema.Struct({
  name: Schema.String,
  description: Schema.optionalKey(Schema.String),
  parameters: Schema.optionalKey(Schema.Json)
})
export type ToolDefinition = typeof ToolDefinition.Type

export const ChatRequest = Schema.Struct({
  model: Schema.String,
  messages: Schema.Array(ChatMessage),
  tools: Schema.optionalKey(Schema.Array(Schema.Struct({ function: ToolDefinition }))),
  stream: Schema.optionalKey(Schema.Boolean)
})
export type ChatRequest = typeof ChatRequest.Type

/** Fails with a `SchemaError` if the text is no such request. */
export const parse = Schema.decodeUnknownEffect(Schema.fromJsonString(ChatRequest))

/** The text of a message; pictures and the like are left out. */
export const textOf = (message: ChatMessage | undefined): string => {
  const content = message?.content
  if (typeof content === "string") return content
  return content?.map((part) => part.text ?? "").join("\n") ?? ""
}
