// The plugin as one self-contained file, and the JSON Schema of its settings.
import { build } from "esbuild"
import { chmod, mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

await mkdir(`${root}dist`, { recursive: true })
const shared = {
  absWorkingDir: root,
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
}
const plugin = await build({ ...shared, entryPoints: ["src/index.ts"], outfile: "dist/index.js" })
const cli = await build({
  ...shared,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli.js"
})
await chmod(`${root}dist/cli.js`, 0o755)
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
for (const { metafile } of [plugin, cli]) {
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
    console.log(`${file.padEnd(14)} ${Math.round(bytes / 1000)} kB`)
  }
}
