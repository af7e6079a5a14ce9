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

/** The fake OpenCode; made by `pnpm build`, as is the other. */
export const server = built("server")

/** The process of one competitor. */
export const worker = built("worker")

/**
 * Bun's allocator gives back nothing that is freed: what is touched for the first time costs the kernel a page fault, which
 * was a third of all the processor time of the bench on a machine where these are slow. Not where time is measured: nobody's
 * OpenCode is started like this. (mimalloc's name for it.)
 */
export const hoarding = { MIMALLOC_PURGE_DELAY: "-1" }
