/**
 * What OpenCode was started as. Its arguments are those of the binary, then options that every command takes, then the
 * command. Pure.
 */

/** Of the options that may stand before the command those whose value is a word of its own (`opencode --help`). */
const takeValue: ReadonlySet<string | undefined> = new Set([
  "--log-level",
  "--port",
  "--hostname",
  "--mdns-domain",
  "--cors",
  "--model",
  "-m",
  "--session",
  "-s",
  "--prompt",
  "--agent",
  "--replay-limit"
])

const command = (argv: ReadonlyArray<string>): string | undefined =>
  argv.slice(2).find((word, nth, words) => !word.startsWith("-") && !takeValue.has(words[nth - 1]))

/**
 * Who is there: somebody at a terminal (also where it is attached to a server); somebody at an editor (`opencode acp`), which
 * shows only what the sessions ask for that it opened itself; nobody, under `opencode run`.
 */
export type Mode = "terminal" | "editor" | "run"

export const of = (argv: ReadonlyArray<string>): Mode => {
  const started = command(argv)
  return started === "run" ? "run" : started === "acp" ? "editor" : "terminal"
}

/** Whether this process is `opencode run`. */
export const isRun = (argv: ReadonlyArray<string>): boolean => of(argv) === "run"

/**
 * Whether this process is there for some sessions only, so that what others have left behind is not its business, and has no
 * terminal that shows short messages: `run` is there for one, and `acp` for those of an editor. The latter makes the plugin
 * twice, for itself before it listens and for the editor when that opens a session. Each hears only of the sessions that are
 * used in it, and the first has none.
 */
export const isForItsSessions = (argv: ReadonlyArray<string>): boolean => of(argv) !== "terminal"
