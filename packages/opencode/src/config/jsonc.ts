/**
 * Reads JSON with comments and trailing commas, and says where it is broken, and what is there more than once.
 */
import { Result } from "effect"
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser"

export interface Parsed {
  /** Every member is a member of its own, whatever it is called. Of several of one name the last one counts. */
  readonly value: unknown
  /** The members that are there more than once: where they are, objects in lists left out. */
  readonly repeated: ReadonlyArray<Path>
}

type Path = ReadonlyArray<string>

/** The value that a text stands for, or in words what is wrong with it and where. An empty text is an empty object. */
export const parseJsonc = (text: string): Result.Result<Parsed, string> => {
  const plain = text.replace(/^\ufeff/, "")
  if (plain.trim() === "") return Result.succeed({ value: {}, repeated: [] })
  const errors: Array<ParseError> = []
  // Both go down level by level, and somebody's file may have too many.
  const parsed = Result.try({
    try: (): Parsed => {
      const root = parseTree(plain, errors, { allowTrailingComma: true })
      return root === undefined || errors.length > 0
        ? { value: {}, repeated: [] }
        : { value: valueOf(root), repeated: repeatedIn(root, []) }
    },
    catch: () => "nested too deeply"
  })
  const [error] = errors
  return error === undefined
    ? parsed
    : Result.fail(`${inWords(printParseErrorCode(error.error))} at ${position(plain, error.offset)}`)
}

/** Not the parser's own: to that a member of the name `__proto__` is no member. */
const valueOf = (node: Node): unknown => {
  switch (node.type) {
    case "object":
      return Object.fromEntries(membersOf(node).map(([key, value]) => [key, valueOf(value)]))
    case "array":
      return (node.children ?? []).map(valueOf)
    default:
      return node.value
  }
}

const repeatedIn = (node: Node, path: Path): ReadonlyArray<Path> => {
  if (node.type !== "object") return []
  const seen = new Set<string>()
  const twice = new Set<string>()
  const members = membersOf(node)
  for (const [key] of members) (seen.has(key) ? twice : seen).add(key)
  return [
    ...Array.from(twice, (key) => [...path, key]),
    ...members.flatMap(([key, value]) => repeatedIn(value, [...path, key]))
  ]
}

const membersOf = (node: Node): ReadonlyArray<readonly [key: string, value: Node]> =>
  (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
    key === undefined || value === undefined ? [] : [[String(key.value), value] as const]
  )

/** `ValueExpected` as `value expected`. */
const inWords = (code: string): string => code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()

const position = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/)
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
