/**
 * Everything that models write of one task.
 */
import { Arbitrary } from "effect"
import { below, trickyText } from "./arbitraries.ts"

/** What models write of a task, and how it ended. */
export const words: Arbitrary.Arbitrary<Words> = Arbitrary.all({
  description: trickyText,
  agent: trickyText,
  prompt: trickyText,
  said: trickyText,
  model: trickyText,
  tool: trickyText,
  how: Arbitrary.schema(below(3))
})

export interface Words {
  readonly description: string
  readonly agent: string
  readonly prompt: string
  readonly said: string
  readonly model: string
  readonly tool: string
  readonly how: number
}

/** The same, written by nobody who means harm. */
export const harmless = (how: number): Words => ({
  description: "x",
  agent: "x",
  prompt: "x",
  said: "x",
  model: "x",
  tool: "x",
  how
})
