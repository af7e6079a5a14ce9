/**
 * What a plugin can see of an event, without what differs from run to run: what it says (its type, and the words by which
 * plugins decide), and the names of all its fields. Pure.
 */
import type { ServerEvent } from "./events.ts"

export interface Shape {
  readonly says: string
  readonly fields: string
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What is in these is somebody else's: a tool's, a provider's, a plugin's. */
const foreign = new Set(["input", "metadata", "responseHeaders"])

const fieldsOf = (value: Readonly<Record<string, unknown>>, before = ""): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([name, inner]) =>
    isObject(inner) && !foreign.has(name) ? fieldsOf(inner, `${before}${name}.`) : [before + name]
  )

const decisive = new Set(["role", "finish", "mode", "type", "status", "reason", "reply", "name"])

const wordsOf = (value: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([name, inner]) => {
    if (isObject(inner)) return foreign.has(name) ? [] : wordsOf(inner)
    return decisive.has(name) && typeof inner === "string" ? [inner] : []
  })

const shapeOf = ({ properties, type }: ServerEvent): Shape => ({
  says: [type, ...wordsOf(properties).toSorted()].join(" "),
  fields: fieldsOf(properties).toSorted().join(" ")
})

/** These come whenever it suits OpenCode. */
const anyTime = new Set(["session.updated", "session.diff"])

/** How often these come says nothing. */
const anyNumber = new Set(["session.status busy", "message.part.delta"])

/** A question and the tool that asks it are told in either order: here the question comes last. */
const inOrder = (all: ReadonlyArray<Shape>): ReadonlyArray<Shape> => {
  const asked = all.findIndex(({ says }) => says.endsWith(".asked"))
  const [question, tool] = all.slice(asked, asked + 2)
  if (question === undefined || tool?.says !== "message.part.updated running tool") return all
  return [...all.slice(0, asked), tool, question, ...all.slice(asked + 2)]
}

/** The shapes of what is told of one session, in order. */
export const shapes = (events: ReadonlyArray<ServerEvent>): ReadonlyArray<Shape> =>
  inOrder(
    events
      .filter(({ type }) => !anyTime.has(type))
      .map(shapeOf)
      .filter(({ says }, n, all) => !anyNumber.has(says) || says !== all[n - 1]?.says)
  )
