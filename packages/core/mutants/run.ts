/**
 * Mutation testing: plants faults in the core's sources, one at a time, and sees whether a test notices.
 *
 *     pnpm mutants                  # the ten modules that decide; writes docs/mutants.md
 *     pnpm mutants Limits Watch     # only these; writes nothing
 *     pnpm mutants --again          # what was noticed before need not be noticed again, unless something has changed
 *
 * Ends with 1 when a module is below the threshold, or when a fault went unnoticed and `survivors.json` does not say why
 * it may. It takes most of an hour on two cores, so it is no part of `pnpm test`.
 */
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { idle, reasonOf, Report, scores, Survivor, tables } from "./Report.ts"

/** In percent. */
const threshold = 90

const core = fileURLToPath(new URL("..", import.meta.url))
const page = fileURLToPath(new URL("../../../docs/mutants.md", import.meta.url))

const words = process.argv.slice(2)
const again = words.includes("--again")
const modules = words.filter((word) => !word.startsWith("--"))

const run = (command: string, args: ReadonlyArray<string>): number =>
  spawnSync(command, args, { cwd: core, stdio: "inherit" }).status ?? 1

const failed = run("stryker", [
  "run",
  "mutants/stryker.config.json",
  ...(again ? [] : ["--force"]),
  ...(modules.length === 0 ? [] : ["--mutate", modules.map((name) => `src/${name}.ts`).join(",")])
])
if (failed !== 0) process.exit(failed)

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")

const isAsked = (file: string): boolean => modules.length === 0 || modules.includes(file.replace(/\.ts$/, ""))
// The report keeps what it knows of other files from earlier.
const all = scores(Schema.decodeSync(Schema.fromJsonString(Report))(read("../.mutants/report.json"))).filter(
  ({ file }) => isAsked(file)
)
const known = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Survivor)))(read("survivors.json"))

const low = all.filter(({ score }) => score < threshold)
const unexplained = all.flatMap(({ unnoticed }) => unnoticed.filter((fault) => reasonOf(fault, known) === undefined))
const stale = idle(all, known)

console.log(`\n${tables(all, known)}\n`)
if (unexplained.length > 0) {
  console.log("To be explained, or noticed by a test:")
  for (const { at: _, ...fault } of unexplained) console.log(JSON.stringify({ ...fault, reason: "" }))
}
for (const { file, line } of stale) console.log(`No longer needed in survivors.json: ${file}: ${line}`)
for (const { file, score } of low) console.log(`${file} is below ${threshold} %: ${score.toFixed(1)} %`)

if (modules.length === 0) {
  const version = (name: string): string =>
    Schema.decodeSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
      readFileSync(fileURLToPath(import.meta.resolve(`${name}/package.json`)), "utf8")
    ).version
  const intro = `# Mutation testing

\`npx -y pnpm@12.21.0 mutants\` plants faults in the core, one at a time (a condition turned round, a call left out, a text made
empty), and runs the core's tests on each. A fault that makes a test fail, or keeps it from coming to an end, is noticed; one with
which nothing can be loaded is not counted. Each module must have at least ${threshold} % of its faults noticed, and each fault that is
not must be explained in \`packages/core/mutants/survivors.json\`; else the command fails.

This page is written by it: last on ${new Date().toISOString().slice(0, 10)}, with Stryker ${
    version("@stryker-mutator/core")
  }, vitest ${version("vitest")} and Node ${process.versions.node}.

`
  writeFileSync(page, `${intro}${tables(all, known)}\n`)
  run("dprint", ["fmt", page])
}
process.exit(low.length > 0 || unexplained.length > 0 ? 1 : 0)
