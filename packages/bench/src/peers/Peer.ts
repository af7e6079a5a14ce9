/**
 * What a competitor is to the bench: where its plugin comes from, how it is set up, and how its tools are called.
 *
 * All of it is data and pure functions: the bench reads it to prepare a process, and the process reads it to call tools.
 */

/** How many may run at once, as all of them name it. 0: any number. */
export interface Limits {
  /** Of one model that has no other limit. */
  readonly defaultConcurrency?: number
  /** By provider. */
  readonly providerConcurrency?: Readonly<Record<string, number>>
  /** By `provider/model`. */
  readonly modelConcurrency?: Readonly<Record<string, number>>
  /** Of all together. Only Errand has that. */
  readonly maxConcurrency?: number
}

export interface Setup {
  readonly limits: Limits
  /** Every model, `provider/model`, that a launch will ask for: some can only use what their settings name. */
  readonly models: ReadonlyArray<string>
}

/** What is asked of a tool that launches a task. */
export interface Launch {
  readonly description: string
  readonly prompt: string
  readonly agent: string
  /** `provider/model`; absent: whatever the competitor takes then. */
  readonly model?: string | undefined
  readonly background: boolean
}

/** `timeout` in ms. */
export interface Output {
  readonly task: string
  readonly block: boolean
  readonly timeout: number
}

/** One task by its id, or all of the caller's. */
export type Cancel = { readonly task: string } | { readonly all: true }

/** A call of a tool, in the words of the competitor. */
export interface Call {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
}

export interface Peer {
  /** In commands and file names. */
  readonly id: string
  /** In tables. */
  readonly title: string
  /** What is installed; absent where the plugin is of this repository. */
  readonly package?: { readonly name: string; readonly version: string }
  /** The plugin's module: below the installed package, or a specifier of this repository's. */
  readonly entry: string
  /** The agents that it would add to OpenCode, and whose sessions it opens: the fake OpenCode has to know them. */
  readonly agents: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Its settings: JSON by file, below the sandbox. */
  readonly files: (setup: Setup) => Readonly<Record<string, unknown>>
  readonly launch: (ask: Launch) => Call
  /** Absent where it has no tool for that. */
  readonly output?: (ask: Output) => Call
  readonly cancel?: (ask: Cancel) => Call
}
