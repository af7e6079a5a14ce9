// Writes docs/invariants.md from the statements and the titles of the tests. `--check` only says whether that page is up
// to date and every statement has its proof.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { page } from "./invariants/page.mjs"
import { problems } from "./invariants/problems.mjs"
import { parse } from "./invariants/statements.mjs"
import { grouped, list } from "./invariants/titles.mjs"

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "")
const target = `${root}/docs/invariants.md`

const sections = parse(readFileSync(`${root}/scripts/invariants/statements.md`, "utf8"))
const tests = grouped(root, list(root))
const text = execFileSync("dprint", ["fmt", "--stdin", "md"], {
  cwd: root,
  encoding: "utf8",
  input: page(sections, tests)
})
const found = problems(sections, tests)

if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    found.push("docs/invariants.md is not what the titles say: node scripts/invariants.mjs")
  }
} else writeFileSync(target, text)

for (const problem of found) console.error(problem)
if (found.length > 0) process.exit(1)
console.log(`${sections.flatMap(({ statements }) => statements).length} invariants: each is proven, or says why not`)
