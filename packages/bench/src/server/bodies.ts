/**
 * What is sent to the server, read by hand: a schema for each request would cost more than all the rest of it.
 */
import type { NewSession } from "./session.ts"
import type { Prompt } from "./turns.ts"
import type { ModelRef } from "./wire.ts"

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null

const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/** JSON as an object; an empty one where it is something else. */
export const parse = (text: string): Fields => {
  if (text === "") return {}
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** One field of what may be an object. */
export const fieldOf = (value: unknown, key: string): unknown => isObject(value) ? value[key] : undefined

/** What is wrong with a body. */
export interface Wrong {
  readonly wrong: string
}

export const isWrong = <A extends object>(read: A | Wrong): read is Wrong => "wrong" in read

const at = (what: string, ...path: ReadonlyArray<string | number>): Wrong => ({
  wrong: `${what}\n  at ${path.map((key) => `[${JSON.stringify(key)}]`).join("")}`
})

const modelOf = (value: unknown, key: "id" | "modelID"): ModelRef | undefined => {
  if (!isObject(value)) return undefined
  const providerID = textOf(value["providerID"])
  const modelID = textOf(value[key])
  return providerID === undefined || modelID === undefined ? undefined : { providerID, modelID }
}

type Part = Prompt["parts"][number]

const partOf = (value: unknown): Part | undefined => {
  if (!isObject(value) || value["type"] !== "text") return undefined
  const { ignored, metadata, synthetic } = value
  const text = textOf(value["text"])
  if (text === undefined) return undefined
  return {
    text,
    ...(synthetic === true ? { synthetic } : {}),
    ...(ignored === true ? { ignored } : {}),
    ...(metadata === undefined ? {} : { metadata })
  }
}

/** A prompt. Files and mentions of agents are left out: nobody here sends them. */
export const promptOf = (body: Fields, person: boolean): Prompt | Wrong => {
  const { agent, messageID, model, parts, variant } = body
  if (parts === undefined) return at("Missing key", "parts")
  if (!Array.isArray(parts)) return at(`Expected array, got ${JSON.stringify(parts)}`, "parts")
  if (!isAbsent(agent) && typeof agent !== "string") return at("Expected string", "agent")
  const spoken = modelOf(model, "modelID")
  if (!isAbsent(model) && spoken === undefined) return at("Expected a model", "model")
  const read: Array<Part> = []
  for (const [n, value] of parts.entries()) {
    const part = partOf(value)
    if (part !== undefined) read.push(part)
    else if (!isObject(value) || value["type"] === "text") return at("Expected a part", "parts", n)
  }
  return {
    agent: agent ?? undefined,
    model: spoken === undefined || typeof variant !== "string" ? spoken : { ...spoken, variant },
    noReply: body["noReply"] === true,
    parts: read,
    messageID: textOf(messageID),
    person
  }
}

/** A command is told as OpenCode shows it. */
export const commandOf = (body: Fields, person: boolean): Prompt | Wrong => {
  const { arguments: args, command } = body
  if (typeof command !== "string") return at("Missing key", "command")
  const text = `/${command} ${textOf(args) ?? ""}`.trim()
  return promptOf({ agent: body["agent"], parts: [{ type: "text", text }] }, person)
}

export const sessionOf = (body: Fields, directory: string): NewSession | Wrong => {
  const { metadata, parentID, permission, title } = body
  if (!isAbsent(parentID) && typeof parentID !== "string") return at("Expected string", "parentID")
  if (!isAbsent(title) && typeof title !== "string") return at("Expected string", "title")
  return {
    directory,
    parent: parentID ?? undefined,
    title: title ?? undefined,
    permission,
    metadata,
    model: modelOf(body["model"], "id")
  }
}

/** A reply to a permission, in its new and its old form: `once`, `always` or `reject`. */
export const replyOf = ({ message, reply, response }: Fields): "allow" | "refuse" | { readonly word: string } => {
  if ((reply ?? response) !== "reject") return "allow"
  return typeof message === "string" && message !== "" ? { word: message } : "refuse"
}
