// The plugin: what OpenCode loads at its start, and what that loads when it is needed; and the JSON Schema of its settings.
import { build } from "esbuild"
import { chmod, mkdir, rm, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { buildTui } from "./tui.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Puts what a module makes where it is imported, so that it need not be made at every start. */
const madeNow = (filter) => ({
  name: "made at build time",
  setup: ({ onLoad }) =>
    onLoad({ filter }, async ({ path }) => ({
      contents: Object.entries(await import(path)).map(([name, value]) =>
        `export const ${name} = ${JSON.stringify(value)}`
      ).join("\n")
    }))
})

await rm(`${root}dist`, { recursive: true, force: true })
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
  conditions: ["import", "module"],
  plugins: [madeNow(/src\/tools\/definitions\.ts$/)]
}
const { metafile } = await build({
  ...shared,
  entryPoints: ["src/index.ts"],
  outdir: "dist",
  chunkNames: "[name]-[hash]",
  splitting: true
})
// One file of its own: what the plugin loads is cut for OpenCode's start.
const cli = await build({ ...shared, entryPoints: ["src/cli/main.ts"], outfile: "dist/cli.js" })
await chmod(`${root}dist/cli.js`, 0o755)

/** What is loaded at once with a file. */
const atOnce = (file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { kind, path } of metafile.outputs[file]?.imports ?? []) {
    if (kind === "import-statement" && path in metafile.outputs) atOnce(path, seen)
  }
  return seen
}
const early = [...atOnce("dist/index.js")].flatMap((file) => Object.keys(metafile.outputs[file].inputs))
const late = early.filter((input) => input.includes("/effect/"))
if (late.length > 0) {
  console.error(`OpenCode's start would wait for Effect: src/index.ts imports ${late[0]}, and ${late.length - 1} more`)
  process.exit(1)
}

const { jsonSchema } = await import("../src/config/ConfigSchema.ts")
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
await Promise.all(tui.map(({ contents, path }) => writeFile(path, contents)))
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
for (const [file, { bytes }] of Object.entries({ ...metafile.outputs, ...cli.metafile.outputs })) {
  console.log(`${file.padEnd(24)} ${Math.round(bytes / 1000)} kB`)
}
for (const { contents, path } of tui) {
  console.log(`${path.slice(root.length).padEnd(24)} ${Math.round(contents.byteLength / 1000)} kB`)
}
