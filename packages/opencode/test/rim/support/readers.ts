/**
 * Readers of our own texts: they know our forms and nothing else, and find in a text what would pass for ours.
 */
import { assert } from "@effect/vitest"
import { isPlain } from "./arbitraries.ts"

/** A tag of a reminder, as a reader may take it who overlooks what nobody sees. */
const tag = /<[\s/]*system[\s_-]*reminder/gi
export const tagsIn = (text: string): number => (text.replace(/\p{Cf}/gu, "").match(tag) ?? []).length

/** The lines of a text, whatever ends them. */
export const linesOf = (text: string): ReadonlyArray<string> => text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)

/** A reader of final notices: every task that is listed, and under which heading. */
export const readFinal = (text: string): ReadonlyArray<readonly [heading: string, id: string]> => {
  let heading = "none"
  return linesOf(text).flatMap((line) => {
    heading = /^\*\*(Completed|Failed|Cancelled):\*\*$/.exec(line)?.[1] ?? heading
    const id = /^- `(bg_[0-9a-f]{8})`: /.exec(line)?.[1]
    return id === undefined ? [] : [[heading, id] as const]
  })
}

/** A reader of progress notices. */
export const readProgress = (text: string): ReadonlyArray<readonly [verdict: string, id: string]> => {
  let verdict = "none"
  return linesOf(text).flatMap((line) => {
    verdict = /^\[BACKGROUND TASK (\w+)\]$/.exec(line)?.[1] ?? verdict
    const id = /^\*\*ID:\*\* `(bg_[0-9a-f]{8})`$/.exec(line)?.[1]
    return id === undefined ? [] : [[verdict, id] as const]
  })
}

/** How the lines of a text begin, quotations left out: what is ours in it. */
export const skeleton = (text: string): ReadonlyArray<string> =>
  linesOf(text).filter((line) => !/^ *(>|\(Empty|\(\d)/.test(line)).map((line) =>
    line.slice(0, 9).replace(/(?<=[:|]).*/, "")
  )

/** Whether nothing is in a text that a terminal or a parser acts on, and no tag of a reminder but these many of ours. */
export const isWhole = (text: string, tags = 0): void => {
  assert.isTrue(isPlain(text), JSON.stringify(text))
  assert.strictEqual(tagsIn(text), tags, text)
}

/** Fields above the text of an agent, as a reader finds them. */
export const fieldsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    linesOf(text).flatMap((line) => {
      const [, field, value] = /^([A-Z][A-Za-z ]*): (.*)$/.exec(line) ?? []
      return field === undefined || value === undefined ? [] : [[field, value]]
    })
  )
