/**
 * The forms in which OpenCode 1.18.33 sends sessions, messages and errors, as they were recorded from it. They are made
 * and changed in place: a server under load makes many.
 */
export interface ModelRef {
  readonly providerID: string
  readonly modelID: string
}

export type Status =
  | { readonly type: "idle" }
  | { readonly type: "busy" }
  | { readonly type: "retry"; readonly attempt: number; readonly message: string; readonly next: number }

export const idle: Status = { type: "idle" }
export const busy: Status = { type: "busy" }

export interface ErrorInfo {
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface UserInfo {
  readonly id: string
  readonly sessionID: string
  readonly role: "user"
  readonly time: { readonly created: number }
  readonly agent: string
  readonly model: ModelRef & { readonly variant?: string }
}

interface Tokens {
  readonly total?: number
  readonly input: number
  readonly output: number
  readonly reasoning: number
  readonly cache: { readonly read: number; readonly write: number }
}

export interface AssistantInfo {
  readonly id: string
  readonly sessionID: string
  readonly role: "assistant"
  readonly time: { readonly created: number; completed?: number }
  error?: ErrorInfo
  readonly parentID: string
  readonly modelID: string
  readonly providerID: string
  readonly mode: string
  readonly agent: string
  readonly path: { readonly cwd: string; readonly root: string }
  readonly summary?: true
  readonly cost: number
  /** With their total once the answer has come to its end. */
  tokens: Tokens
  finish?: "stop" | "tool-calls" | "length" | "content-filter"
}

interface PartOf {
  readonly id: string
  readonly sessionID: string
  readonly messageID: string
}

export interface TextPart extends PartOf {
  readonly type: "text"
  text: string
  readonly synthetic?: boolean
  readonly ignored?: boolean
  readonly metadata?: unknown
  time?: { readonly start: number; readonly end?: number }
}

export interface ToolPart extends PartOf {
  readonly type: "tool"
  readonly callID: string
  readonly tool: string
  state: Readonly<Record<string, unknown>> & { readonly status: "pending" | "running" | "completed" | "error" }
}

/** Where a step of the model begins and ends. */
export type StepPart =
  | PartOf & { readonly type: "step-start" }
  | PartOf & {
    readonly type: "step-finish"
    readonly reason: NonNullable<AssistantInfo["finish"]>
    readonly tokens: Tokens
    readonly cost: number
  }

/** A request of the host's for a summary. */
export interface CompactionPart extends PartOf {
  readonly type: "compaction"
  readonly auto: boolean
  readonly overflow: boolean
}

export type Part = TextPart | ToolPart | StepPart | CompactionPart

/** A rule of a session, and whatever else a plugin may put there: nobody here reads it. */
export type Opaque = unknown

export interface SessionInfo {
  readonly id: string
  readonly slug: string
  readonly projectID: string
  readonly directory: string
  readonly path: string
  readonly parentID?: string
  readonly title: string
  readonly agent?: string
  readonly model?: { readonly id: string; readonly providerID: string; readonly variant: string }
  readonly version: string
  readonly summary?: { readonly additions: number; readonly deletions: number; readonly files: number }
  readonly cost: number
  readonly tokens: Tokens
  readonly metadata?: Opaque
  readonly permission?: Opaque
  readonly time: { readonly created: number; readonly updated: number }
}

export const version = "1.18.33"
export const noTokens: Tokens = { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }
export const someTokens: Tokens = {
  total: 2_500,
  input: 2_400,
  output: 100,
  reasoning: 0,
  cache: { read: 0, write: 0 }
}

export const aborted: ErrorInfo = { name: "MessageAbortedError", data: { message: "Aborted" } }

export const apiError = (message: string): ErrorInfo => ({
  name: "APIError",
  data: {
    message,
    statusCode: Number(/\b[45]\d\d\b/.exec(message)?.[0] ?? 401),
    isRetryable: false,
    responseHeaders: { "content-type": "application/json" },
    responseBody: JSON.stringify({ error: { message, type: "scripted_error" } }),
    metadata: { url: "http://127.0.0.1/v1/chat/completions" }
  }
})

export const unknownError = (message: string): ErrorInfo => ({ name: "UnknownError", data: { message } })

/** That many bytes of text without meaning. */
export const filler = (bytes: number): string => {
  const line = `${"x".repeat(79)}\n`
  return line.repeat(Math.ceil(Math.max(0, bytes) / line.length)).slice(0, Math.max(0, bytes))
}
