// The processes of which the bench starts hundreds, each as one file: a quarter of the time until it runs, as Bun need not
// look for some hundred modules. What they measure, the plugins, they import as they are; a queue and a journal are measured
// as they are shipped in a plugin, in one file with everything they need, and p-queue alike.
import { build } from "esbuild"
import { rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

await rm(`${root}dist`, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2024",
  external: ["bun:*"],
  mainFields: ["module", "main"],
  conditions: ["import", "module"],
  entryPoints: Object.fromEntries(
    ["server", "worker", "queue", "journal"].map((name) => [name, `src/${name}/main.ts`])
  ),
  outdir: "dist"
})
