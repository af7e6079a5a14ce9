/**
 * Where the command was called, and what it writes to.
 */
import { Context, Effect, Layer } from "effect"
import { homedir } from "node:os"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { packageAt } from "./doctor/look/packageAt.ts"
import { type Own, ownOf } from "./Own.ts"
import { choose, type Style } from "./Style.ts"

export class Here extends Context.Service<Here, {
  readonly directory: string
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** This Errand. */
  readonly own: Own
  readonly style: Style
  /** Writes a line for whoever called; to the end, however slowly it is read. */
  readonly say: (line: string) => Effect.Effect<void>
  /** Writes a line about what went wrong. */
  readonly complain: (line: string) => Effect.Effect<void>
  /** Writes a line that is not part of the result: only where somebody looks on. */
  readonly mention: (line: string) => Effect.Effect<void>
}>()("opencode-errand/cli/Here") {
  static readonly layer: Layer.Layer<Here> = Layer.effect(
    Here,
    Effect.gen(function*() {
      // A reader that is gone (`| head`) is nobody to write for, and no error.
      for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
      const file = fileURLToPath(import.meta.url)
      const found = yield* packageAt(file)
      return Here.of({
        directory: process.cwd(),
        home: homedir(),
        env: process.env,
        own: ownOf(found?.root ?? dirname(file), found?.version ?? "unknown"),
        style: choose(process.stdout, process.env),
        say: (line) => write(process.stdout, line),
        complain: (line) => write(process.stderr, line),
        mention: (line) => process.stderr.isTTY ? write(process.stderr, line) : Effect.void
      })
    })
  )
}

/** Waits until it is written, or never will be. */
const write = (stream: NodeJS.WriteStream, line: string): Effect.Effect<void> =>
  Effect.callback((resume) => void stream.write(`${line}\n`, () => resume(Effect.void)))
