/**
 * Reads single arguments out of whatever a model passed.
 *
 * OpenCode validates nothing, and models write `"true"` for `true`, `"null"` or an empty string for nothing, and names in
 * quotes. What is meant without doubt is taken; what is not, is refused with a sentence.
 */
import { type Option, Result, Schema, SchemaTransformation } from "effect"
import { type BadArguments, wrong } from "./BadArguments.ts"

/** What a tool was called with, as an object. */
export type Arguments = Readonly<Record<string, unknown>>

const decodeObject = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

/** The arguments of a call. No arguments at all are an empty object. */
export const argumentsOf = (input: unknown): Result.Result<Arguments, BadArguments> => {
  if (input === undefined || input === null) return Result.succeed({})
  return Result.fromOption(decodeObject(input), () => wrong("arguments", input, "an object with the tool's arguments"))
}

/** One argument: what it is called, its older names, and how it is read. */
export interface Field<A> {
  readonly names: readonly [string, ...ReadonlyArray<string>]
  readonly decode: (value: unknown) => Option.Option<A>
  /** What is expected, in words. */
  readonly expected: string
  /** Whether a value is as good as none. */
  readonly isNothing: (value: unknown) => boolean
}

export const field = <A>(
  { expected, names, schema }: Pick<Field<A>, "names" | "expected"> & { readonly schema: Schema.Codec<A, unknown> }
): Field<A> => ({
  names,
  decode: Schema.decodeUnknownOption(schema),
  expected,
  isNothing: schema === Text ? isNothing : isNothingOrSaysSo
})

/** An argument that may be left out. `null` and the empty string count as left out, and but for prose the word `null`. */
export const optional = <A>(args: Arguments, field: Field<A>): Result.Result<A | undefined, BadArguments> => {
  const name = field.names.find((name) => Object.hasOwn(args, name) && !field.isNothing(args[name]))
  if (name === undefined) return Result.succeed(undefined)
  return Result.fromOption(field.decode(args[name]), () => wrong(name, args[name], field.expected))
}

/** An argument that has to be there. */
export const required = <A>(args: Arguments, field: Field<A>): Result.Result<A, BadArguments> =>
  Result.flatMap(optional(args, field), (value) =>
    value === undefined
      ? Result.fail(wrong(field.names[0], present(args, field), field.expected))
      : Result.succeed(value))

/** What was passed instead of a value: null or blanks, for the complaint. */
const present = (args: Arguments, field: Field<unknown>): unknown => field.names.map((name) => args[name]).find(isGiven)

const isGiven = (value: unknown): boolean => value !== undefined

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "")

const isNothingOrSaysSo = (value: unknown): boolean =>
  isNothing(value) || (typeof value === "string" && /^\s*(null|undefined)\s*$/i.test(value))

/** Text as it is, but not blank. */
export const Text = Schema.String.check(Schema.isPattern(/\S/))

const unquote = (text: string): string => {
  const trimmed = text.trim()
  const quoted = /^(["'`])(.*)\1$/s.exec(trimmed)
  return (quoted?.[2] ?? trimmed).trim()
}

/** A name or an id, without the spaces and quotes around it. */
export const Name = Schema.String.pipe(
  Schema.decodeTo(Text, SchemaTransformation.transform({ decode: unquote, encode: (name) => name }))
)

/** A boolean, or the word for it. */
export const Switch = Schema.Union([
  Schema.Boolean,
  Schema.String.check(Schema.isPattern(/^\s*(true|false)\s*$/i)).pipe(
    Schema.decodeTo(
      Schema.Boolean,
      SchemaTransformation.transform({ decode: (text) => text.trim().toLowerCase() === "true", encode: String })
    )
  )
])

/** A number of at least 0, or a text that is one. Fractions are dropped. */
export const Amount = Schema.Union([
  Schema.Finite,
  Schema.String.check(Schema.isPattern(/^\s*\d+(\.\d+)?\s*$/)).pipe(
    Schema.decodeTo(Schema.Finite, SchemaTransformation.transform({ decode: Number, encode: String }))
  )
]).pipe(
  Schema.decodeTo(
    Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
    SchemaTransformation.transform({ decode: (n) => n < 0 ? n : Math.floor(n), encode: (n) => n })
  )
)
