/**
 * Calls of tools as the agent made them and read them, where people are shown cards.
 */
import type { Part } from "@opencode-ai/sdk"
import { Schema } from "effect"
import { keptIn } from "../../../src/cards/Kept.ts"

type ToolPart = Extract<Part, { readonly type: "tool" }>

const Output = Schema.Struct({ output: Schema.String, metadata: Schema.Record(Schema.String, Schema.Unknown) })
const Input = Schema.Struct({ input: Schema.Record(Schema.String, Schema.Unknown), metadata: Output.fields.metadata })

/** A call, without the card that it may be. */
export const asCalled = (part: ToolPart): ToolPart => {
  const call = keptIn(part)?.call
  if (call === undefined) return part
  const { state, tool } = { ...part, tool: call.tool }
  const { input, metadata } = Schema.decodeUnknownSync(Input)(call.state)
  const output = state.status === "completed" ? state.output : Schema.decodeUnknownSync(Output)(call.state).output
  const time = state.status === "completed" || state.status === "error" ? state.time : { start: 0, end: 0 }
  return { ...part, tool, state: { status: "completed", title: "", input, metadata, output, time } }
}
