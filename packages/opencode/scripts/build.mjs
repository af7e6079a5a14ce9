// The plugin as one self-contained file, and the JSON Schema of its settings.
import { build } from "esbuild"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { buildTui } from "./tui.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))

await mkdir(`${root}dist`, { recursive: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "es2024",
  legalComments: "none",
  metafile: true,
  // jsonc-parser's "main" is UMD, which cannot be bundled: its "module" is what we want.
  mainFields: ["module", "main"],
  conditions: ["import", "module"]
})
const { jsonSchema } = await import("../src/ConfigSchema.ts")
await writeFile(`${root}dist/errand.schema.json`, `${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
await writeFile(
  `${root}dist/index.d.ts`,
  [
    "/** An OpenCode plugin: OpenCode calls `server`, and nobody else needs to. */",
    "declare const plugin: {",
    "  readonly id: \"opencode-errand\"",
    "  readonly server: (input: unknown, options?: unknown) => Promise<object>",
    "}",
    "export default plugin",
    ""
  ].join("\n")
)
const tui = await buildTui(root)
await writeFile(`${root}dist/tui.js`, tui)
await writeFile(
  `${root}dist/tui.d.ts`,
  [
    "/** A plugin of OpenCode's terminal, which calls `tui`; nobody else needs to. */",
    "declare const plugin: {",
    "  readonly id: \"opencode-errand\"",
    "  readonly tui: (api: unknown, options: unknown, meta: unknown) => Promise<void>",
    "}",
    "export default plugin",
    ""
  ].join("\n")
)
const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
console.log(`dist/index.js  ${Math.round(bytes / 1000)} kB`)
console.log(`dist/tui.js  ${Math.round(tui.byteLength / 1000)} kB`)
