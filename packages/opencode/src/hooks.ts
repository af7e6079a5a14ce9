/**
 * OpenCode's plugin interface, as far as it is used, in the forms that were seen. Its own types say less than it does
 * (the JSON Schema of a tool can be set), and more than it keeps (tool arguments are not validated).
 */
import type { HostInput } from "./host/Client.ts"

export type PluginInput = HostInput

export interface ToolContext {
  readonly sessionID: string
  readonly abort: AbortSignal
}

export interface ToolDefinition {
  readonly description: string
  /** By name, a piece of JSON Schema each. OpenCode takes all of them for required: `tool.definition` sets that right. */
  readonly args: Readonly<Record<string, unknown>>
  readonly execute: (args: unknown, context: ToolContext) => Promise<{
    readonly title: string
    readonly output: string
    readonly metadata: Readonly<Record<string, unknown>>
  }>
}

export interface Config {
  agent?: Record<string, unknown> | undefined
}

export interface ChatMessageInput {
  readonly sessionID: string
  readonly agent?: string | undefined
  readonly model?: { readonly providerID: string; readonly modelID: string } | undefined
  readonly variant?: string | undefined
}

/** The message as it is about to be stored: with the agent and model that OpenCode has chosen where none were asked for. */
export interface ChatMessage {
  readonly message: {
    readonly id: string
    readonly sessionID: string
    readonly agent?: unknown
    readonly model?: unknown
  }
  readonly parts: Array<ChatPart>
}

export interface ChatPart {
  readonly id?: string
  readonly sessionID?: string
  readonly messageID?: string
  readonly type: string
  readonly text?: string
  readonly synthetic?: boolean
  readonly ignored?: boolean
}

/** What the plugin gives back. OpenCode passes an object to each hook, to be changed in place. */
export interface Hooks {
  readonly dispose: () => Promise<void>
  readonly event: (input: { readonly event: unknown }) => Promise<void>
  readonly config: (config: Config) => Promise<void>
  readonly tool: Readonly<Record<string, ToolDefinition>>
  readonly "tool.definition": (
    input: { readonly toolID: string },
    output: { description: string; jsonSchema?: unknown }
  ) => Promise<void>
  readonly "chat.message": (input: ChatMessageInput, output: ChatMessage) => Promise<void>
  /** What is about to be shown to a model: `{ messages: [{ info, parts }] }`. */
  readonly "experimental.chat.messages.transform": (
    input: unknown,
    output: { readonly messages: unknown }
  ) => Promise<void>
  readonly "experimental.session.compacting": (
    input: { readonly sessionID: string },
    output: { readonly context: Array<string> }
  ) => Promise<void>
  readonly "experimental.text.complete": (input: { readonly sessionID: string }) => Promise<void>
}
