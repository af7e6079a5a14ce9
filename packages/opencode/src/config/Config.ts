/**
 * Settings out of several sources: each key on its own, the later source before the earlier one, and never a failure.
 *
 * A value that cannot be used costs that one key, not the file: the value of the source below counts, or the default,
 * and a `Problem` says so. Limits by provider and by model are put together entry by entry.
 */
import { Option, Result, Schema } from "effect"
import { shown } from "../text/inline.ts"
import { nearest } from "../text/nearest.ts"
import { parseJsonc } from "./jsonc.ts"
import { defaults, PluginSettings } from "./PluginSettings.ts"

/** Where settings come from. */
export interface Source {
  /** What people know it by: the path of a file, or `plugin options`. */
  readonly source: string
  /** The file's text, or a value that is at hand already. */
  readonly content: { readonly text: string } | { readonly value: unknown }
  /**
   * The member that holds the settings, where the file belongs to another tool. What is there besides is none of our
   * business, so keys that we do not know are no problem.
   */
  readonly section?: string | undefined
}

/** Something in a source that was not used. */
export interface Problem {
  readonly source: string
  /** The setting, `providerConcurrency.anthropic` for an entry of one; absent when it is about the whole source. */
  readonly key?: string | undefined
  /** All of it in words, the source included: what was found, what is allowed, what is used instead. */
  readonly message: string
}

export interface Merged {
  readonly settings: PluginSettings
  readonly problems: ReadonlyArray<Problem>
}

/** One setting, or one entry of a setting that is a record, as a source has it. */
interface Entry {
  readonly source: string
  readonly path: readonly [key: string, entry?: string | undefined]
  readonly found: unknown
  readonly rule: Rule
}

/** What may stand at a key. */
interface Rule {
  readonly accepts: (value: unknown) => boolean
  readonly allowed: string
}

/** Puts sources together, from the weakest to the strongest. */
export const merge = (sources: ReadonlyArray<Source>): Merged => {
  const read = sources.map((source) => entriesOf(source))
  const entries = read.flatMap((part) => part.entries)
  const good = new Set(entries.filter((entry) => entry.rule.accepts(entry.found)))
  const winners = new Map(Array.from(good, (entry) => [identity(entry), entry]))
  return {
    settings: settingsOf([...winners.values()]),
    problems: [
      ...read.flatMap((part) => part.problems),
      ...entries.filter((entry) => !good.has(entry)).map((entry) => invalid(entry, winners.get(identity(entry))))
    ]
  }
}

const settingsOf = (entries: ReadonlyArray<Entry>): PluginSettings => {
  const whole = entries.flatMap(({ path: [key, entry], found }) => entry === undefined ? [[key, found] as const] : [])
  const parts = new Set(entries.flatMap(({ path: [key, entry] }) => entry === undefined ? [] : [key]))
  const records = Array.from(parts, (record) => {
    const own = entries.flatMap(({ path: [key, entry], found }) =>
      key === record && entry !== undefined ? [[entry, found] as const] : []
    )
    return [record, Object.fromEntries(own)] as const
  })
  const input = Object.fromEntries([...whole, ...records])
  return Option.getOrElse(Schema.decodeOption(PluginSettings)(input), () => defaults)
}

interface Read {
  readonly entries: ReadonlyArray<Entry>
  readonly problems: ReadonlyArray<Problem>
}

const nothing: Read = { entries: [], problems: [] }

const entriesOf = ({ source, content, section }: Source): Read => {
  const parsed = "text" in content ? parseJsonc(content.text) : Result.succeed({ value: content.value, repeated: [] })
  if (Result.isFailure(parsed)) return broken(source, `${parsed.failure}. The file is ignored.`)
  const { repeated, value } = parsed.success
  if (!isObject(value)) {
    return broken(source, `expected an object with settings, found ${shown(value)}. It is ignored.`)
  }
  if (section === undefined) {
    return together([
      twice(source, repeated),
      ...Object.entries(value).map(([key, found]) => member(source, key, found))
    ])
  }
  const inner = Object.entries(value).find(([key]) => key === section)?.[1]
  if (inner === undefined) return nothing
  if (!isObject(inner)) return broken(source, `${section} must be an object, found ${shown(inner)}. It is ignored.`)
  return together([
    ...repeated.some((path) => path.length === 1 && path[0] === section) ? [again(source, section)] : [],
    twice(source, repeated.filter(([key]) => key === section).map(([, ...path]) => path)),
    ...Object.entries(inner).filter(([key]) => isSetting(key)).map(([key, found]) => member(source, key, found))
  ])
}

/** Settings, and entries of those that are records, that a file has more than once. */
const twice = (source: string, repeated: ReadonlyArray<ReadonlyArray<string>>): Read =>
  together(
    repeated.flatMap(([key, entry, ...deeper]) => {
      const rule = key === undefined ? undefined : ruleOf(key)
      if (key === undefined || rule === undefined || deeper.length > 0) return []
      return entry !== undefined && rule.each === undefined ? [] : [again(source, pathText([key, entry]))]
    })
  )

const again = (source: string, key: string): Read => ({
  entries: [],
  problems: [{ source, key, message: `${source}: ${key} is there more than once. The last one counts.` }]
})

const together = (parts: ReadonlyArray<Read>): Read => ({
  entries: parts.flatMap((part) => part.entries),
  problems: parts.flatMap((part) => part.problems)
})

const broken = (source: string, message: string): Read => ({
  entries: [],
  problems: [{ source, message: `${source}: ${message}` }]
})

const member = (source: string, key: string, found: unknown): Read => {
  // The first is for editors; the second is how a program leaves an option out.
  if (key === "$schema" || found === undefined) return nothing
  const rule = ruleOf(key)
  if (rule === undefined) return { entries: [], problems: [unknownKey(source, key)] }
  if (rule.each === undefined || !isObject(found)) {
    return { entries: [{ source, path: [key], found, rule }], problems: [] }
  }
  const each = rule.each
  return {
    entries: Object.entries(found).map(([entry, value]) => ({ source, path: [key, entry], found: value, rule: each })),
    problems: []
  }
}

const unknownKey = (source: string, key: string): Problem => {
  const near = nearest(key, settingNames)
  return {
    source,
    key,
    message: `${source}: there is no setting ${shown(key)}${near === undefined ? "." : `; did you mean ${near}?`} `
      + "It is ignored."
  }
}

const invalid = ({ source, path, found, rule }: Entry, winner: Entry | undefined): Problem => {
  const key = pathText(path)
  const instead = winner === undefined
    ? fallback(path)
    : `${JSON.stringify(winner.found)} is used, from ${winner.source}.`
  return { source, key, message: `${source}: ${key} is ${shown(found)}, but must be ${rule.allowed}. ${instead}` }
}

const fallback = ([key, entry]: Entry["path"]): string => {
  if (entry !== undefined || ruleOf(key)?.each !== undefined) return "It is ignored."
  const value = Object.entries(defaults).find(([name]) => name === key)?.[1]
  return `The default is used: ${JSON.stringify(value)}.`
}

const identity = ({ path }: Entry): string => JSON.stringify(path)

const pathText = ([key, entry]: Entry["path"]): string =>
  entry === undefined ? key : `${key}.${shown(entry).slice(1, -1)}`

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** As much of a JSON Schema as tells what is allowed. */
const Allowed = Schema.Struct({
  type: Schema.optionalKey(Schema.String),
  enum: Schema.optionalKey(Schema.Array(Schema.Json)),
  minimum: Schema.optionalKey(Schema.Finite),
  examples: Schema.optionalKey(Schema.Array(Schema.Json)),
  additionalProperties: Schema.optionalKey(Schema.Unknown)
})

const allowedBy = (schema: unknown): string => {
  const { type, enum: values, examples, minimum } = Schema.decodeUnknownSync(Allowed)(schema)
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" or ")
  switch (type) {
    case "boolean":
      return "true or false"
    case "integer":
      return `a whole number, ${minimum ?? 0} or more`
    case "object":
      return "an object of whole numbers, for example {\"anthropic\": 2}"
    case "string":
      return examples === undefined ? "text" : `text such as ${examples.map((one) => JSON.stringify(one)).join(" or ")}`
    default:
      return `a ${type ?? "value of its kind"}`
  }
}

type SettingRule = Rule & { readonly each?: Rule | undefined }

const isSetting = (key: string): key is keyof typeof PluginSettings.fields => Object.hasOwn(PluginSettings.fields, key)

const settingNames = Object.keys(PluginSettings.fields)

/** Made when they are asked for: to make them all took 10 ms of every start. */
const rules = new Map<string, SettingRule>()

/** The rule of a setting; with `each` where it is a record, the rule of its entries. None where there is no such setting. */
const ruleOf = (key: string): SettingRule | undefined => {
  if (!isSetting(key)) return undefined
  const known = rules.get(key)
  if (known !== undefined) return known
  const rule = makeRule(PluginSettings.fields[key])
  rules.set(key, rule)
  return rule
}

const makeRule = (field: (typeof PluginSettings.fields)[keyof typeof PluginSettings.fields]): SettingRule => {
  const { schema } = Schema.toJsonSchemaDocument(field)
  const accepts = (value: unknown): boolean => Option.isSome(Schema.decodeUnknownOption(field)(value))
  const { type, additionalProperties } = Schema.decodeSync(Allowed)(schema)
  const rule: Rule = { accepts, allowed: allowedBy(schema) }
  return type === "object"
    ? { ...rule, each: { accepts: (value) => accepts({ entry: value }), allowed: allowedBy(additionalProperties) } }
    : rule
}
