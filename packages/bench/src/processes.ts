/**
 * The bench's own processes: Bun, and the files that it runs.
 */
import { createRequire } from "node:module"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

/** Bun's executable, as its package brings it. */
export const bun = Path.join(
  Path.dirname(createRequire(import.meta.url).resolve("bun/package.json")),
  "bin",
  "bun.exe"
)

const built = (name: string): string => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url))

/** The fake OpenCode; made by `pnpm build`, as are the others. */
export const server = built("server")

/** The process of one competitor. */
export const worker = built("worker")

/** One measure of a queue. */
export const queue = built("queue")

/** What one journal takes. */
export const journal = built("journal")

/**
 * With this Bun's allocator (mimalloc) gives back nothing that is freed. What is touched for the first time costs the kernel a
 * page fault, which was a third of all the processor time of the bench on a machine where these are slow. For the fake
 * OpenCode always, which is the same for everybody; for a competitor only where no time is measured: nobody's OpenCode is
 * started like this.
 */
export const hoarding = { MIMALLOC_PURGE_DELAY: "-1" }
