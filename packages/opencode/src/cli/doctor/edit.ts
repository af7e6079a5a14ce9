/**
 * Changes OpenCode's list of plugins in the text of its file, and nothing else: comments, blank lines and trailing commas
 * stay where they are. Pure.
 *
 * What is new is written behind what is there, comments of the last entry included: `modify` of jsonc-parser would put it
 * between an entry and the comment that belongs to it.
 */
import { Option, Result } from "effect"
import { type Node, parseTree, stripComments } from "jsonc-parser"
import { type Half, specsIn } from "./Lists.ts"

/** OpenCode's own, for files that are new. */
const schemas: Record<Half, string> = {
  server: "https://opencode.ai/config.json",
  tui: "https://opencode.ai/tui.json"
}

/** A file with this one entry. */
export const fresh = (half: Half, spec: string): string =>
  `${JSON.stringify({ $schema: schemas[half], plugin: [spec] }, undefined, 2)}\n`

/** The text with this entry last in its list; the same text where it is there already. Fails in words. */
export const add = (half: Half, text: string, spec: string): Result.Result<string, string> =>
  Result.flatMap(specsIn(text), (specs) => {
    if (specs.some((entry) => entry.spec === spec)) return Result.succeed(text)
    if (text.replace(/^\ufeff/, "").trim() === "") return Result.succeed(fresh(half, spec))
    const root = rootOf(text)
    if (root === undefined) return Result.fail("it is not an object")
    const list = listOf(root)
    const changed = list === undefined
      ? append(text, root, `"plugin": [${JSON.stringify(spec)}]`)
      : append(text, list, JSON.stringify(spec))
    return checked(changed, [...specs.map((entry) => entry.spec), spec])
  })

/** The text with one spec in the place of another; its options stay. Fails in words. */
export const replace = (text: string, from: string, to: string): Result.Result<string, string> =>
  Result.flatMap(specsIn(text), (specs) => {
    const root = rootOf(text)
    const list = root === undefined ? undefined : listOf(root)
    const nodes = (list?.children ?? []).flatMap((node) => {
      const named = node.type === "array" ? node.children?.[0] : node
      return named?.value === from ? [named] : []
    })
    // From the end, so that what comes before keeps its place.
    const changed = nodes.reduceRight(
      (all, { length, offset }) => all.slice(0, offset) + JSON.stringify(to) + all.slice(offset + length),
      plain(text)
    )
    return checked(bomOf(text) + changed, specs.map(({ spec }) => spec === from ? to : spec))
  })

/** An edit that does not come to what it should is not made. */
const checked = (text: string, expected: ReadonlyArray<string>): Result.Result<string, string> =>
  Result.flatMap(specsIn(text), (specs) =>
    JSON.stringify(specs.map(({ spec }) => spec)) === JSON.stringify(expected)
      ? Result.succeed(text)
      : Result.fail("its list of plugins could not be changed without changing more"))

const bomOf = (text: string): string => text.startsWith("\ufeff") ? "\ufeff" : ""
const plain = (text: string): string => text.slice(bomOf(text).length)

const rootOf = (text: string): Node | undefined => {
  const root = parseTree(plain(text), [], { allowTrailingComma: true })
  return root?.type === "object" ? root : undefined
}

/** Of several members of one name the last one counts. */
const listOf = (root: Node): Node | undefined =>
  root.children?.findLast(({ children }) => children?.[0]?.value === "plugin")?.children?.[1]

/** Writes a last child into an object or a list. */
const append = (whole: string, { children = [], length, offset }: Node, child: string): string => {
  const text = plain(whole)
  const last = children.at(-1)
  const from = last === undefined ? offset + 1 : last.offset + last.length
  const close = offset + length - 1
  const between = text.slice(from, close)
  const kept = between.trimEnd()
  const end = between.slice(kept.length)
  const comma = last === undefined || hasComma(between) ? "" : ","
  const isTall = text.slice(offset, close).includes("\n")
  const newline = text.includes("\r\n") ? "\r\n" : "\n"
  const gap = isTall
    ? `${newline}${indentOf(text, last?.offset) ?? `${indentOf(text, offset) ?? ""}  `}`
    : last === undefined && kept === "" && text[offset] === "["
    ? ""
    : " "
  // A closing bracket on the line of what was last would stand behind the new child's.
  const rest = isTall && !end.includes("\n") ? `${newline}${indentOf(text, offset) ?? ""}` : end
  return bomOf(whole) + text.slice(0, from) + comma + kept + gap + child + rest + text.slice(close)
}

/** The blanks before what stands first on its line; none where something else stands before it. */
const indentOf = (text: string, offset: number | undefined): string | undefined => {
  if (offset === undefined) return undefined
  const before = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset)
  return Option.getOrUndefined(Option.fromNullishOr(/^[ \t]*/.exec(before)?.[0]))
}

/** What stands between a last child and the closing bracket: comments, and a comma perhaps. */
const hasComma = (between: string): boolean => stripComments(between).includes(",")
