/**
 * Where it was measured, and what with.
 */
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import type { Peer } from "../peers/Peer.ts"
import type { Machine } from "./Results.ts"

export const machine: Effect.Effect<Machine> = Effect.sync(() => ({
  processor: Os.cpus()[0]?.model.trim() ?? "unknown",
  cores: Os.cpus().length,
  memory: Math.round(Os.totalmem() / 2 ** 30),
  system: `${Os.type()} ${Os.release()}`
}))

const Package = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

const versionOf = (name: string): string => {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return Schema.decodeSync(Package)(readFileSync(file, "utf8")).version
}

/** What the fake OpenCode copies, and what the real one is where it is measured. */
const openCode = "1.18.33"

export const versions = (peers: ReadonlyArray<Peer>): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.sync(() => ({
    OpenCode: openCode,
    Bun: versionOf("bun"),
    Node: process.versions.node,
    effect: versionOf("effect"),
    ...Object.fromEntries(
      Object.entries(Object.groupBy(peers.flatMap((peer) => peer.package ?? []), ({ name }) => name)).map(
        ([name, all = []]) => [name, all.map(({ version }) => version).join(" and ")]
      )
    )
  }))
