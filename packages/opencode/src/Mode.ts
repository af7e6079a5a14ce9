/**
 * What OpenCode was started as. Its arguments are those of the binary, then the command. Pure.
 */

/** Whether this process is `opencode run`. */
export const isRun = (argv: ReadonlyArray<string>): boolean => argv[2] === "run"

/**
 * Whether this process is there for some sessions only, so that what others have left behind is not its business, and has no
 * terminal that shows short messages: `run` is there for one, and `acp` for those of an editor. The latter makes the plugin
 * twice, for itself before it listens and for the editor when that opens a session. Each hears only of the sessions that are
 * used in it, and the first has none.
 */
export const isForItsSessions = (argv: ReadonlyArray<string>): boolean => isRun(argv) || argv[2] === "acp"
