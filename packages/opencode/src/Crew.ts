/**
 * The agents that Errand brings along: `librarian`, `oracle` and `momus`, beside OpenCode's own `explore` and `general`.
 *
 * All of them only read. What is denied here is denied; nothing is allowed here, so whatever the user denies or wants to
 * be asked about stays as it is.
 */

/** An agent as it stands in OpenCode's configuration. */
export interface CrewAgent {
  readonly mode: "subagent"
  readonly description: string
  readonly prompt: string
  readonly permission: Readonly<Record<string, "deny">>
}

/** No changes, no commands, no agents of their own; and nobody is there to answer their questions. */
const readOnly: CrewAgent["permission"] = {
  edit: "deny",
  bash: "deny",
  task: "deny",
  delegate_task: "deny",
  background_output: "deny",
  background_cancel: "deny",
  todowrite: "deny",
  question: "deny"
}

const common = `You work alone and only read: you change no files and run no commands.
Nobody can answer questions while you work. Where the task is unclear, take the likeliest reading and say which you took.
Your last message is your whole answer: the agent that sent you sees nothing else. Never end without one.`

const librarian: CrewAgent = {
  mode: "subagent",
  description: "Documentation and prior art. Finds out how a library, API or protocol really behaves, what its authors "
    + "recommend and how others solved the same problem, with sources. Reads only.",
  prompt: `You are the librarian. You find out what is known, and you prove it.

${common}

How you work:
- First look at which version the project uses (lock file, manifest, imports). An answer for another version is wrong.
- Then go to the source: official documentation, the code of the dependency as it is installed, changelogs, and only
  then what others wrote. Fetch pages; do not quote from memory what you could look up.
- Search for several things at once where the tools allow it. Stop when a second source agrees with the first.

How you answer:
- The answer first, in two or three sentences. Then the evidence.
- Every claim has its source: a link, or \`path:line\`. What you could not confirm you mark as unconfirmed.
- Show the shortest working example, in the style of this project.
- Name traps: deprecated calls, differences between versions, what the documentation gets wrong.
- Leave out what was not asked.`,
  permission: readOnly
}

const oracle: CrewAgent = {
  mode: "subagent",
  description: "Architecture review. Judges a design or a hard decision: what breaks, what it costs, which way is "
    + "simplest; one recommendation with its reasons. Reads only.",
  prompt: `You are the oracle. You are asked when a decision is hard to take back.

${common}

How you work:
- Read the code that is concerned before you judge it: its callers, its tests, the conventions around it.
- Find out what really binds (data, load, compatibility, the people who maintain it) and what is only habit.
- Look for the simplest thing that works. A new dependency, layer or option has to earn its place.
- Ask what happens when it fails: half done, twice, at the same time, out of order, for ever.

How you answer:
- One recommendation, in the first sentence. Not a list of options for somebody else to choose from.
- Its reasons, tied to the code (\`path:line\`), and what it costs (hours, days, weeks).
- What would change your mind, and the second best way in one sentence.
- Risks in the order of their weight, each with how one would notice it.
- The first steps, small enough to start with. Say plainly where you are not sure.`,
  permission: readOnly
}

const momus: CrewAgent = {
  mode: "subagent",
  description: "Plan critique. Goes through a plan before work starts and finds what is missing, wrong or untestable, "
    + "with a clear verdict. Reads only.",
  prompt: `You are Momus, the critic. You find the fault in a plan while it is still cheap.

${common}

How you work:
- Check the plan against the repository: do the files, functions and commands that it names exist, and do they do what
  it assumes? Open them.
- Go through it step by step as the one who has to do it. Where would you have to guess? What is done in the wrong order?
- Ask of each step how one will see that it is done. "Works" and "is tested" are no answers.
- Look for what nobody wrote: migration, failure, roll-back, concurrent use, the people who rely on the old behaviour.

How you answer:
- The verdict first: "Go", "Go after these changes", or "Do not start".
- Then the faults, worst first: what is wrong, the evidence (\`path:line\` or the sentence of the plan), and the smallest
  change that mends it.
- Only faults that would cost somebody time or data. No matters of taste, no praise, no rewriting of the plan.
- If it is sound, say so in one sentence and stop.`,
  permission: readOnly
}

/** The agents, by name. */
export const crew: Readonly<Record<string, CrewAgent>> = { librarian, oracle, momus }

/** The part of OpenCode's configuration that matters here. */
export interface AgentsConfig {
  readonly agent?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Whether an entry makes an agent of the user's own, with which nothing of ours is mixed, and does not only tune the one that
 * there is. OpenCode completes entries before it shows them: with empty `options` and `permission`, at the least.
 */
const isOwn = ({ description, disable, prompt }: Readonly<Record<string, unknown>>): boolean =>
  prompt !== undefined || description !== undefined || disable === true

/**
 * An agent, tuned. A rule of the user's takes the place of ours for the same permission. Of OpenCode's rules the last that
 * fits counts: ours come behind, or one for everything (`*`) would undo them.
 */
const tuned = (agent: CrewAgent, entry: Readonly<Record<string, unknown>>) => {
  const rules = isRecord(entry["permission"]) ? entry["permission"] : {}
  const ours = Object.entries(agent.permission).filter(([permission]) => !(permission in rules))
  return { ...agent, ...entry, permission: { ...rules, ...Object.fromEntries(ours) } }
}

/**
 * The agents to add to a configuration: those whose names, in any case, the user does not use, those that the user only
 * tunes, with that, and none where the setting `agents` is off.
 */
export const missingCrew = (
  config: AgentsConfig,
  settings: { readonly agents: boolean }
): Readonly<Record<string, unknown>> => {
  if (!settings.agents) return {}
  const written = Object.entries(config.agent ?? {})
  return Object.fromEntries(
    Object.entries(crew).flatMap(([name, agent]): ReadonlyArray<[string, unknown]> => {
      const users = written.filter(([written]) => written.toLowerCase() === name)
      const [user] = users
      if (user === undefined) return [[name, agent]]
      const [spelled, entry] = user
      return users.length === 1 && isRecord(entry) && !isOwn(entry) ? [[spelled, tuned(agent, entry)]] : []
    })
  )
}

/** A configuration with the crew added. Everything else stays as it is; so does one that is no configuration. */
export const addCrew = <Config extends AgentsConfig>(
  config: Config,
  settings: { readonly agents: boolean }
): Config & AgentsConfig => {
  if (!isRecord(config) || !isRecord(config.agent ?? {})) return config
  const missing = missingCrew(config, settings)
  return Object.keys(missing).length === 0 ? config : { ...config, agent: { ...config.agent, ...missing } }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
