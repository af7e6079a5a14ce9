/**
 * OpenCode's terminal as a person has it before them: the real thing in a tmux of its own, with keys to press and a
 * screen to read. Needs `tmux`.
 */
import { Data, type Duration, Effect, Schedule, type Scope } from "effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { type BinaryNotFound, find as findBinary } from "./Binary.ts"
import type { Sandbox } from "./Sandbox.ts"
import { spawn, type SpawnError } from "./Subprocess.ts"

/** tmux is not there, or refused something. */
export class TerminalError extends Data.TaggedError("TerminalError")<{
  readonly command: string
  readonly reason: string
}> {
  override get message(): string {
    return `tmux ${this.command}: ${this.reason}`
  }
}

/** What was waited for did not come. The message shows the screen as it was then. */
export class ScreenTimeout extends Data.TaggedError("ScreenTimeout")<{
  readonly what: string
  readonly screen: string
  readonly errors: string
}> {
  override get message(): string {
    return `the screen never showed ${this.what}:\n${this.screen}\n${this.errors}`
  }
}

export interface Options {
  /** Columns and lines. Default 160 x 45. */
  readonly width?: number
  readonly height?: number
  /**
   * Arguments of `opencode`. Without any it is the terminal with a server of its own, which cannot be asked anything from
   * here; with `attach` and an address it is the terminal of that server. With `--port` it listens, and makes every plugin
   * twice: nothing ever comes to the first of them.
   */
  readonly args?: ReadonlyArray<string>
  /** Joined with the sandbox's. */
  readonly env?: Readonly<Record<string, string>>
}

export interface WaitOptions {
  /** Default 45 seconds. */
  readonly timeout?: Duration.Input
  /** What the error says was waited for. */
  readonly what?: string
}

export interface Terminal {
  readonly width: number
  readonly height: number
  /** What is on the screen: `height` lines, without colours and without the blanks at their ends. */
  readonly screen: Effect.Effect<string, TerminalError>
  /** The same with its colours, as escape sequences. */
  readonly ansi: Effect.Effect<string, TerminalError>
  /** Presses keys, by tmux's names of them: `Enter`, `Escape`, `C-x`, `Down`, `a`. */
  readonly keys: (...names: ReadonlyArray<string>) => Effect.Effect<void, TerminalError>
  /** Types a text as it is. */
  readonly type: (text: string) => Effect.Effect<void, TerminalError>
  /** Clicks on a cell. Both count from 0. */
  readonly click: (column: number, line: number) => Effect.Effect<void, TerminalError>
  /** Clicks on the first place where a text stands; fails with `ScreenTimeout` if it does not come to stand anywhere. */
  readonly clickOn: (text: string) => Effect.Effect<void, TerminalError | ScreenTimeout>
  readonly resize: (width: number, height: number) => Effect.Effect<void, TerminalError>
  /** Waits for a screen such that ..., and gives it. A text is waited for as a part of the screen. */
  readonly waitFor: (
    what: string | RegExp | ((screen: string) => boolean),
    options?: WaitOptions
  ) => Effect.Effect<string, TerminalError | ScreenTimeout>
  /** How many bytes OpenCode has drawn so far: it draws only what changes. */
  readonly drawn: Effect.Effect<number>
  /** What OpenCode wrote to its standard error: its complaints about plugins. */
  readonly errors: Effect.Effect<string>
  /** OpenCode's own process. */
  readonly pid: number
  readonly kill: (signal?: NodeJS.Signals) => Effect.Effect<void>
}

/** tmux shows only what OpenCode draws, and passes an escape on at once. */
const config = `
set -g status off
set -g default-terminal "tmux-256color"
set -ga terminal-features ",*:RGB"
set -s escape-time 0
set -g history-limit 0
set -g remain-on-exit on
set -g mouse off
set -g focus-events off
`

const tmux = (socket: string, args: ReadonlyArray<string>): Effect.Effect<string, TerminalError> =>
  Effect.callback((resume) => {
    const child = execFile(
      "tmux",
      ["-S", socket, ...args],
      { maxBuffer: 10_000_000, env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LANG: "C.UTF-8" } },
      (error, stdout, stderr) => {
        if (error === null) return resume(Effect.succeed(stdout))
        const missing = "code" in error && String(error.code) === "ENOENT"
        const reason = missing ? "it is not installed: apt-get install tmux" : stderr.trim() || error.message
        resume(Effect.fail(new TerminalError({ command: args.join(" "), reason })))
      }
    )
    return Effect.sync(() => void child.kill())
  })

const hex = (text: string): ReadonlyArray<string> =>
  [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, "0"))

const ioError = (command: string) => (cause: unknown) => new TerminalError({ command, reason: String(cause) })

/** Where a text stands on a screen; undefined where it does not. */
export const placeOf = (
  screen: string,
  text: string
): { readonly column: number; readonly line: number } | undefined => {
  const lines = screen.split("\n")
  const line = lines.findIndex((candidate) => candidate.includes(text))
  return line < 0 ? undefined : { column: lines[line]?.indexOf(text) ?? 0, line }
}

/**
 * Opens OpenCode in a terminal of its own; it ends with the scope, and with this process. Does not wait for anything to
 * be on the screen.
 */
export const open = Effect.fnUntraced(function*(
  sandbox: Sandbox,
  options: Options = {}
): Effect.fn.Return<Terminal, TerminalError | BinaryNotFound | SpawnError, Scope.Scope> {
  const { height = 45, width = 160 } = options
  const binary = yield* findBinary
  const folder = yield* Effect.tryPromise({
    try: () => Fs.mkdtemp(Path.join(sandbox.root, "tmux-")),
    catch: ioError("folder")
  })
  const socket = Path.join(folder, "socket")
  const conf = Path.join(folder, "tmux.conf")
  const log = Path.join(folder, "errors.log")
  yield* tmux(socket, ["-V"])
  yield* Effect.tryPromise({ try: () => Fs.writeFile(conf, config), catch: ioError("config") })
  const env = { ...sandbox.env, TERM: "xterm-256color", COLORTERM: "truecolor", ...options.env }
  // Not as a daemon: it is a child of ours, and is ended like one.
  yield* spawn("tmux", ["-S", socket, "-f", conf, "-D"], { cwd: sandbox.project, env })
  yield* Effect.retry(tmux(socket, ["ls"]), {
    schedule: Schedule.spaced("20 millis"),
    times: 250,
    while: ({ reason }) => /error connecting|no server/.test(reason)
  }).pipe(Effect.ignore)
  const size = ["-x", String(width), "-y", String(height)]
  const command = ["sh", "-c", "exec \"$@\" 2>\"$0\"", log, binary, ...(options.args ?? [])]
  const place = ["-P", "-F", "#{pane_pid}", "-c", sandbox.project]
  const out = yield* tmux(socket, ["new-session", "-d", ...place, ...size, "--", ...command])
  const pid = Number(out.trim())
  const drawing = Path.join(folder, "drawn")
  yield* tmux(socket, ["pipe-pane", "-O", `exec cat > '${drawing}'`])

  const errors = Effect.promise(() => Fs.readFile(log, "utf8").catch(() => ""))
  const screen = Effect.map(tmux(socket, ["capture-pane", "-p"]), (text) => text.replace(/\n$/, ""))
  const send = (...args: ReadonlyArray<string>) => Effect.asVoid(tmux(socket, ["send-keys", ...args]))

  const waitFor: Terminal["waitFor"] = (what, { timeout = "45 seconds", ...rest } = {}) => {
    const matches = (text: string): boolean => {
      if (typeof what === "function") return what(text)
      return typeof what === "string" ? text.includes(what) : text.search(what) >= 0
    }
    return Effect.repeat(screen, { schedule: Schedule.spaced("100 millis"), until: matches }).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.flatMap(
            Effect.all([screen, errors]),
            ([screen, errors]) => Effect.fail(new ScreenTimeout({ what: rest.what ?? String(what), screen, errors }))
          )
      })
    )
  }
  const click: Terminal["click"] = (column, line) => {
    const at = `${column + 1};${line + 1}`
    return Effect.andThen(
      send("-H", ...hex(`\x1b[<0;${at}M`)),
      // The press has to be drawn before the release counts as a click.
      Effect.andThen(Effect.sleep("50 millis"), send("-H", ...hex(`\x1b[<0;${at}m`)))
    )
  }

  return {
    width,
    height,
    screen,
    // With the blanks at the ends of lines: they have a ground.
    ansi: tmux(socket, ["capture-pane", "-p", "-e", "-N"]),
    keys: (...names) =>
      Effect.forEach(names, (name) =>
        // An escape that is followed at once by another key is taken for a part of that key.
        Effect.andThen(send(name), name === "Escape" ? Effect.sleep("150 millis") : Effect.void), { discard: true }),
    type: (text) => send("-l", "--", text),
    click,
    clickOn: (text) =>
      Effect.flatMap(waitFor(text), (shown) => {
        const place = placeOf(shown, text)
        return place === undefined ? Effect.void : click(place.column, place.line)
      }),
    resize: (width, height) =>
      Effect.asVoid(tmux(socket, ["resize-window", "-x", String(width), "-y", String(height)])),
    waitFor,
    drawn: Effect.promise(() => Fs.stat(drawing).then(({ size }) => size, () => 0)),
    errors,
    pid,
    kill: (signal = "SIGTERM") =>
      Effect.sync(() => {
        try {
          process.kill(pid, signal)
        } catch {
          // It is gone.
        }
      })
  }
})
