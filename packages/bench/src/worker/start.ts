/**
 * Starts a process with one competitor's plugin in it, under Bun, for as long as the scope is open.
 */
import { Deferred, Effect, Schema, type Scope } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { BenchError } from "../Measure.ts"
import { entryOf } from "../peers/install.ts"
import type { Call as PeerCall, Peer } from "../peers/Peer.ts"
import { bun, worker } from "../processes.ts"
import * as Protocol from "./Protocol.ts"
import type { Sandbox } from "./Sandbox.ts"
import type { Called, Launched, Worker } from "./Worker.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Protocol.Answer))

type Answered = Deferred.Deferred<unknown, BenchError>

/** A line each way, and who waits for which answer. */
interface Line {
  readonly pid: number
  readonly ask: <A>(schema: Schema.Decoder<A>, what: Protocol.What) => Effect.Effect<A, BenchError>
  /** The first word. */
  readonly loaded: Effect.Effect<unknown, BenchError>
}

const open = Effect.fnUntraced(
  function*(peer: Peer, { directory, env }: Sandbox, url: string): Effect.fn.Return<Line, BenchError, Scope.Scope> {
    const waiting = new Map<number, Answered>()
    const exited = yield* Deferred.make<void>()
    const loaded: Answered = Deferred.makeUnsafe()
    let output = ""
    let asked = 0
    waiting.set(0, loaded)
    const fail = (what: string) => {
      for (const answered of waiting.values()) {
        Deferred.doneUnsafe(answered, Effect.fail(new BenchError({ what: `${peer.title}: ${what}`, cause: output })))
      }
      waiting.clear()
      Deferred.doneUnsafe(exited, Effect.void)
    }
    const start: Protocol.Start = { url, directory, entry: entryOf(peer) }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(bun, ["--expose-gc", worker, JSON.stringify(start)], {
          cwd: directory,
          env,
          stdio: ["pipe", "pipe", "pipe", "pipe"]
        })
        const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-4_000))
        child.stdout.on("data", keep)
        child.stderr.on("data", keep)
        // A process that has ended reads nothing any more.
        child.stdin.on("error", () => undefined)
        child.on("error", (error) => fail(error.message))
        child.on("exit", (code, signal) => fail(`its process ended: ${code ?? signal}`))
        return child
      }),
      (child) => Effect.andThen(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(exited))
    )
    const channel = child.stdio[Protocol.channel]
    if (!isReadable(channel)) return yield* new BenchError({ what: "no channel to a competitor's process" })
    createInterface({ input: channel }).on("line", (line) => {
      const { failed, n, value } = decode(line)
      const answered = waiting.get(n)
      waiting.delete(n)
      if (answered === undefined) return
      Deferred.doneUnsafe(
        answered,
        failed === undefined ? Effect.succeed(value) : Effect.fail(new BenchError({ what: peer.title, cause: failed }))
      )
    })
    return {
      pid: child.pid ?? 0,
      loaded: Deferred.await(loaded),
      ask: (schema, what) =>
        Effect.suspend(() => {
          const n = ++asked
          const answered: Answered = Deferred.makeUnsafe()
          waiting.set(n, answered)
          if (Deferred.isDoneUnsafe(exited)) fail("its process has ended")
          child.stdin.write(`${JSON.stringify({ n, what })}\n`)
          return Effect.flatMap(Deferred.await(answered), (value) =>
            Effect.mapError(Schema.decodeUnknownEffect(schema)(value), (cause) =>
              new BenchError({ what: `${peer.title} answers ${what.do} with something else`, cause })))
        })
    }
  }
)

const isReadable = (stream: unknown): stream is Readable =>
  typeof stream === "object" && stream !== null && "read" in stream

export const start = Effect.fnUntraced(
  function*(peer: Peer, { sandbox, url }: { readonly url: string; readonly sandbox: Sandbox }): Effect.fn.Return<
    Worker,
    BenchError,
    Scope.Scope
  > {
    const { ask, loaded, pid } = yield* open(peer, sandbox, url)
    const call = (calls: ReadonlyArray<PeerCall & { readonly session: string }>) =>
      ask(Schema.Array(Protocol.Called), { do: "call", calls })
    const only = (session: string, called: PeerCall | undefined): Effect.Effect<Called, BenchError> =>
      called === undefined
        ? Effect.fail(new BenchError({ what: `${peer.title} has no such tool` }))
        : Effect.flatMap(
          call([{ ...called, session }]),
          ([first]) =>
            first === undefined
              ? Effect.fail(new BenchError({ what: "a call without an answer" }))
              : Effect.succeed(first)
        )
    const first = yield* Effect.timeoutOrElse(loaded, {
      duration: "60 seconds",
      orElse: () => Effect.fail(new BenchError({ what: `${peer.title} was not loaded within a minute` }))
    })
    return {
      pid,
      loaded: yield* Effect.mapError(
        Schema.decodeUnknownEffect(Protocol.Loaded)(first),
        (cause) => new BenchError({ what: `${peer.title} was not loaded`, cause })
      ),
      launch: (asks) =>
        Effect.map(
          call(asks.map(({ parent, ...ask }) => ({ ...peer.launch(ask), session: parent }))),
          (all) => all.map(launched)
        ),
      output: (parent, ask) => only(parent, peer.output?.(ask)),
      cancel: (parent, ask) => only(parent, peer.cancel?.(ask)),
      memory: ask(Protocol.Memory, { do: "memory" }),
      cpu: ask(Protocol.Cpu, { do: "cpu" }),
      block: (ms) => ask(Schema.Finite, { do: "block", ms }),
      dispose: Effect.asVoid(ask(Schema.Unknown, { do: "dispose" }))
    }
  }
)

/** All of them name the task in this way, and the session where there is one. */
const launched = (called: Called): Launched => ({
  ...called,
  task: /\bbg_[0-9a-zA-Z]+/.exec(called.text)?.[0],
  session: /\bses_[0-9a-zA-Z]+/.exec(called.text)?.[0]
})
