/**
 * Where it was measured, and what with.
 */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Peer } from "../peers/Peer.ts"
import type { Machine } from "./Results.ts"

export const machine: Effect.Effect<Machine> = Effect.sync(() => ({
  processor: Os.cpus()[0]?.model.trim() ?? "unknown",
  cores: Os.cpus().length,
  memory: Math.round(Os.totalmem() / 2 ** 30),
  system: `${Os.type()} ${Os.release()}`
}))

const Package = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

/** Looked for by hand: some packages do not let anybody import their `package.json`. */
const versionOf = (name: string): string => {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const file = folders.map((folder) => Path.join(folder, name, "package.json")).find(existsSync)
  return file === undefined ? "unknown" : Schema.decodeSync(Package)(readFileSync(file, "utf8")).version
}

/** The commit that is measured, and whether anything was changed since; nothing where this is no clone. */
const commit: Effect.Effect<string> = Effect.callback((resume) => {
  const words = ["describe", "--always", "--dirty", "--exclude=*"]
  execFile(
    "git",
    words,
    { cwd: import.meta.dirname },
    (error, stdout) => resume(Effect.succeed(error === null ? ` (${stdout.trim()})` : ""))
  )
})

/** What the fake OpenCode copies, and what the real one is where it is measured. */
const openCode = "1.18.33"

export const versions = (peers: ReadonlyArray<Peer>): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.map(commit, (commit) => ({
    Errand: `${versionOf("opencode-errand")}${commit}`,
    OpenCode: openCode,
    Bun: versionOf("bun"),
    Node: process.versions.node,
    effect: versionOf("effect"),
    "p-queue": versionOf("p-queue"),
    ...Object.fromEntries(
      Object.entries(Object.groupBy(peers.flatMap((peer) => peer.package ?? []), ({ name }) => name)).map(
        ([name, all = []]) => [name, all.map(({ version }) => version).join(" and ")]
      )
    )
  }))
