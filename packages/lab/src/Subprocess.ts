/**
 * A child process that cannot outlive its scope, nor this process: a small guard beside it (a shell that waits on a
 * pipe from here) kills it when this process is gone, however it went. Needs `sh`.
 */
import { Data, Deferred, type Duration, Effect, type Scope } from "effect"
import { type ChildProcess, spawn as nodeSpawn } from "node:child_process"
import type { Readable } from "node:stream"
import { GrowingLog } from "./GrowingLog.ts"

/** The executable could not be started at all. */
export class SpawnError extends Data.TaggedError("SpawnError")<{ readonly command: string; readonly cause: unknown }> {}

/** Exactly one of the two is set, as in `node:child_process`. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface SpawnOptions {
  readonly cwd: string
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Written to the standard input, which is then closed. Default: nothing. */
  readonly stdin?: string
  /** The standard input stays open, for `write`. */
  readonly isTalkedTo?: boolean
}

export interface Subprocess {
  readonly pid: number
  /** The output so far. */
  readonly stdout: Effect.Effect<string>
  readonly stderr: Effect.Effect<string>
  /** The whole lines of both, in the order of their arrival. */
  readonly lines: GrowingLog<string>
  /** Writes to its standard input, where that stays open. */
  readonly write: (text: string) => Effect.Effect<void>
  /** Sends a signal to the process itself; nothing happens if it is gone. Default SIGTERM. */
  readonly kill: (signal?: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for the end of the process and (for a second at most) of its output. */
  readonly exited: Effect.Effect<Exit>
}

const patience: Duration.Input = "3 seconds"

const killGroup = (pid: number) => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // The group is empty: good.
  }
}

/**
 * Kills `pid`, its children and their groups when this process ends. Ends by itself, without doing so, when `stop` is
 * called.
 */
const guard = (pid: number) => {
  const children = `ps -eo pid=,ppid= | while read p pp; do [ $pp = ${pid} ] && echo -$p $p; done`
  const child = nodeSpawn("sh", ["-c", `read _; kill -9 -${pid} $(${children}) ${pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    // Out of reach of a Ctrl-C in the terminal, which would end it together with this process.
    detached: true
  })
  child.on("error", () => {})
  child.unref()
  return { stop: () => child.kill("SIGKILL") }
}

const collect = (stream: Readable, lines: GrowingLog<string>) => {
  let all = ""
  let rest = ""
  stream.setEncoding("utf8")
  stream.on("data", (chunk: string) => {
    all += chunk
    const parts = (rest + chunk).split("\n")
    rest = parts.pop() ?? ""
    for (const line of parts) lines.append(line)
  })
  return Effect.sync(() => all)
}

const started = (command: string, child: ChildProcess) =>
  Effect.callback<number, SpawnError>((resume) => {
    child.once("error", (cause) => resume(Effect.fail(new SpawnError({ command, cause }))))
    child.once("spawn", () => {
      if (child.pid !== undefined) resume(Effect.succeed(child.pid))
    })
  })

/**
 * Starts a process. At the end of the scope it gets SIGTERM, after three seconds SIGKILL, and what is left of its
 * process group SIGKILL.
 */
export const spawn = Effect.fnUntraced(function*(
  command: string,
  args: ReadonlyArray<string>,
  options: SpawnOptions
): Effect.fn.Return<Subprocess, SpawnError, Scope.Scope> {
  const ended = Deferred.makeUnsafe<Exit>()
  const drained = Deferred.makeUnsafe<void>()
  const lines = new GrowingLog<string>()

  return yield* Effect.acquireRelease(
    Effect.gen(function*() {
      // A process group of its own, so that it can be killed with all that it has started.
      const child = nodeSpawn(command, args, { cwd: options.cwd, env: options.env, stdio: "pipe", detached: true })
      child.once("close", () => Deferred.doneUnsafe(drained, Effect.void))
      const stdout = collect(child.stdout, lines)
      const stderr = collect(child.stderr, lines)
      // A process that ends without reading its input is no error.
      child.stdin.on("error", () => {})
      const pid = yield* started(command, child)
      const watch = guard(pid)
      child.once("exit", (code, signal) => {
        watch.stop()
        Deferred.doneUnsafe(ended, Effect.succeed({ code, signal }))
      })
      child.stdin.write(options.stdin ?? "")
      if (options.isTalkedTo !== true) child.stdin.end()

      return {
        pid,
        stdout,
        stderr,
        lines,
        write: (text: string) => Effect.sync(() => void child.stdin.write(text)),
        kill: (signal: NodeJS.Signals = "SIGTERM") => Effect.sync(() => void child.kill(signal)),
        exited: Effect.gen(function*() {
          const exit = yield* Deferred.await(ended)
          yield* Effect.timeoutOption(Deferred.await(drained), "1 second")
          return exit
        })
      }
    }),
    ({ kill, pid }) =>
      kill("SIGTERM").pipe(
        Effect.andThen(Deferred.await(ended)),
        Effect.timeoutOrElse({
          duration: patience,
          orElse: () => Effect.andThen(kill("SIGKILL"), Deferred.await(ended))
        }),
        Effect.ensuring(Effect.sync(() => killGroup(pid)))
      )
  )
})
