/**
 * A plugin that does nothing: what a process costs in which there is any plugin at all. Nobody is compared with it.
 */
import { fileURLToPath } from "node:url"
import { floor } from "./floor.ts"
import type { Peer } from "./Peer.ts"

export const idle: Peer = {
  ...floor,
  id: "idle",
  title: "A plugin that does nothing",
  entry: fileURLToPath(new URL("idle.plugin.ts", import.meta.url))
}
