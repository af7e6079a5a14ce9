// The half of the plugin that OpenCode's terminal loads: a small start, and what that loads a moment later.
//
// The terminal gives it the modules named below, and replaces their imports in the file's text: it looks for `from "..."`
// with a blank, and where it finds none the plugin would get a Solid of its own, which loads and never redraws. So blanks
// are not minified away. What lies in node_modules is not compiled by the terminal either: it has to be done here.
import { transformAsync } from "@babel/core"
import typescript from "@babel/preset-typescript"
import solid from "babel-preset-solid"
import { build } from "esbuild"
import { readFile } from "node:fs/promises"

/** What OpenCode 1.18.33 has for plugins of its terminal. */
const given = [
  "@opentui/core",
  "@opentui/solid",
  "@opentui/solid/components",
  "@opentui/solid/jsx-runtime",
  "solid-js",
  "solid-js/store",
  "@opentui/keymap",
  "@opentui/keymap/*"
]

const isGiven = (name) =>
  name.startsWith("node:")
  || given.some((known) => known === name || (known.endsWith("/*") && name.startsWith(known.slice(0, -1))))

const solidJsx = {
  name: "solid-jsx",
  setup: (build) => {
    build.onLoad({ filter: /\.tsx$/ }, async ({ path }) => {
      const { code } = await transformAsync(await readFile(path, "utf8"), {
        filename: path,
        configFile: false,
        babelrc: false,
        presets: [
          [solid, { moduleName: "@opentui/solid", generate: "universal" }],
          [typescript, { onlyRemoveTypeImports: true, allowDeclareFields: true }]
        ]
      })
      return { contents: code, loader: "js" }
    })
  }
}

export const buildTui = async (root) => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { tui: "tui/index.ts" },
    outdir: "dist",
    chunkNames: "[name]-[hash]",
    splitting: true,
    bundle: true,
    minifyIdentifiers: true,
    minifySyntax: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    legalComments: "none",
    external: [...given, "node:*"],
    plugins: [solidJsx],
    mainFields: ["module", "main"],
    conditions: ["import", "module"],
    metafile: true,
    write: false
  })
  for (const { path, text } of outputFiles) {
    if (/\bfrom["']/.test(text)) throw new Error(`${path} imports without a blank after "from": it would not redraw`)
  }
  for (const [path, { imports }] of Object.entries(metafile.outputs)) {
    const unknown = imports.filter(({ external, path }) => external && !isGiven(path)).map(({ path }) => path)
    if (unknown.length > 0) throw new Error(`${path} imports what the terminal does not have: ${unknown}`)
  }
  return outputFiles
}
