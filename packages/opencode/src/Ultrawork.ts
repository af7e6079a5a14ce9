/**
 * The word that sends everybody: `ultrawork`, or `ulw` for short, in a message of a person.
 */
import type { PluginSettings } from "./config/PluginSettings.ts"
import { inline, name } from "./text/inline.ts"

/**
 * Code, as Markdown marks it. Fenced blocks first, since they may hold single backticks; one without an end goes to the
 * end of the text. Inline code does not reach over an empty line.
 */
const code = [
  /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm,
  /(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])*?[^`]\1(?!`)/g
]

/**
 * The word on its own. A letter, a digit, or what binds paths, addresses and identifiers together, makes it part of
 * something else. A Chinese character does not: there, words stand side by side. Some marks only bind when there is
 * something on their other side: `a:ulw` is one thing, `: ulw` and `ulw.` are not.
 */
const letter = String.raw`\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}`
const word = new RegExp(
  String.raw`(?<![${letter}_$@/\\.\-]|[${letter}][:#=])(?:ultrawork|ulw)(?![${letter}_$@/\\=\-]|[.:][${letter}/\\])`,
  "iu"
)

/** Whether a message asks for it: as a word, not in code, nor in a path, an address or an identifier. */
export const wants = (text: string): boolean => word.test(code.reduce((rest, part) => rest.replace(part, " ` "), text))

/** An agent that can be sent. */
export interface Sendable {
  readonly name: string
  readonly description?: string | undefined
}

export interface InstructionsOptions {
  readonly agents: ReadonlyArray<Sendable>
  /** The limits in force, in words: `limitsText`. */
  readonly limits: string
}

/** What the agent is told when the person asks for it. */
export const instructions = ({ agents, limits }: InstructionsOptions): string =>
  [
    "[ULTRAWORK]",
    "The person wants this done with everybody at work at once.",
    "",
    "1. Split the work into parts that do not depend on each other.",
    "2. Send every agent that fits a part, all in this one turn, each with its own delegate_task call "
    + "(background: true). Tell each one everything it needs: it does not see this conversation.",
    "3. Go on with your own part meanwhile. Do not wait and do not poll: you are told when they are done.",
    "4. When the results are in, check them against each other and against the code, then answer as a whole.",
    "",
    ...agents.length === 0
      ? ["There is no agent that could be sent: do the work yourself."]
      : ["The agents there are:", ...agents.map(agentLine)],
    "",
    limits
  ].join("\n")

const agentLine = (agent: Sendable): string => {
  const words = inline(agent.description ?? "", 200)
  return `- ${name(agent.name)}${words === "" ? "" : `: ${words}`}`
}

type Limits = Pick<
  PluginSettings,
  "defaultConcurrency" | "providerConcurrency" | "modelConcurrency" | "maxConcurrency" | "concurrencyPolicy"
>

/** The limits in force, in one or two sentences. */
export const limitsText = (settings: Limits): string => {
  const models = Object.entries(settings.modelConcurrency).map(([key, limit]) => `${size(limit)} of model ${name(key)}`)
  const providers = Object.entries(settings.providerConcurrency).map(([key, limit]) =>
    `${size(limit)} of provider ${name(key)}`
  )
  const special = [...models, ...providers]
  const parts = [
    ...special,
    `${size(settings.defaultConcurrency)} of ${special.length === 0 ? "each" : "any other"} model`
  ]
  const total = settings.maxConcurrency === 0 ? "" : `, and ${settings.maxConcurrency} in all`
  return `At the same time run at most: ${parts.join(", ")}${total}${
    settings.concurrencyPolicy === "layered" && special.length > 0 ? " (all of these count at once)" : ""
  }. What is over a limit waits in line and starts by itself, so send everything now.`
}

const size = (limit: number): string => limit === 0 ? "any number" : `${limit}`
