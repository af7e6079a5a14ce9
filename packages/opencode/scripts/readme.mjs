// Writes the table of settings into the READMEs, from the schema. `--check` only says whether it is up to date.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { jsonSchema } from "../src/config/ConfigSchema.ts"

const words = {
  "README.md": ["setting", "type", "default", "meaning"],
  "README.zh-CN.md": ["设置", "类型", "默认值", "含义"]
}

/** The rows of the settings table. Chinese meanings stand in the file already and are kept. */
const table = (head, meanings) => {
  const { properties } = jsonSchema()
  const rows = Object.entries(properties).filter(([key]) => key !== "$schema").map(([key, property]) => {
    const type = property.enum?.map((value) => `\`"${value}"\``).join(" or ") ??
      (property.type === "object" ? "object of integers" : property.type)
    const meaning = meanings.get(key) ?? property.description.replaceAll("|", "\\|")
    return `| \`${key}\` | ${type} | \`${JSON.stringify(property.default)}\` | ${meaning} |`
  })
  return [`| ${head.join(" | ")} |`, "| --- | --- | --- | --- |", ...rows].join("\n")
}

const block = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/

/** The formatter pads tables: padding is no difference. */
const plain = (text) => text.replace(/-{3,}/g, "---").replace(/ +/g, " ")

let stale = false
for (const [name, head] of Object.entries(words)) {
  const path = fileURLToPath(new URL(`../../../${name}`, import.meta.url))
  const text = readFileSync(path, "utf8")
  const old = block.exec(text)?.[1] ?? ""
  const kept = name === "README.md" ? new Map() : new Map(
    [...old.matchAll(/^\| `(\w+)` +\| .* \| `.*` +\| (.*?) *\|$/gm)].map(([, key, meaning]) => [key, meaning])
  )
  const next = text.replace(block, `<!-- settings -->\n\n${table(head, kept)}\n\n<!-- /settings -->`)
  if (plain(next) === plain(text)) continue
  stale = true
  if (!process.argv.includes("--check")) writeFileSync(path, next)
}
if (stale && process.argv.includes("--check")) {
  console.error("The settings table of a README is not that of the schema: node packages/opencode/scripts/readme.mjs")
  process.exit(1)
}
