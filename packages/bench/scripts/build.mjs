// The processes of which the bench starts hundreds, each as one file: a quarter of the time until it runs, as Bun need not
// look for some hundred modules. What they measure, the plugins, they import as they are.
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
  entryPoints: { server: "src/server/main.ts", worker: "src/worker/main.ts" },
  outdir: "dist"
})
