/**
 * Reads JSON with comments and trailing commas, and says where it is broken.
 */
import { Result } from "effect"
import { parse, type ParseError, printParseErrorCode } from "jsonc-parser"

/** The value that a text stands for, or in words what is wrong with it and where. An empty text is an empty object. */
export const parseJsonc = (text: string): Result.Result<unknown, string> => {
  const plain = text.replace(/^\ufeff/, "")
  if (plain.trim() === "") return Result.succeed({})
  const errors: Array<ParseError> = []
  // It calls itself for every level of nesting, and somebody's file may have too many.
  const value = Result.try({
    try: (): unknown => parse(plain, errors, { allowTrailingComma: true }),
    catch: () => "nested too deeply"
  })
  const [error] = errors
  return error === undefined
    ? value
    : Result.fail(`${inWords(printParseErrorCode(error.error))} at ${position(plain, error.offset)}`)
}

/** `ValueExpected` as `value expected`. */
const inWords = (code: string): string => code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()

const position = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/)
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
