/**
 * The examples run, as they stand.
 */
import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const example = fileURLToPath(new URL("../examples/shell.ts", import.meta.url))

it("the example host runs shell commands as tasks, two at a time, and tells about each once", () => {
  const output = execFileSync(process.execPath, [example], { encoding: "utf8" })
  assert.include(output, "slow: slow")
  assert.include(output, "broken: exit code 3")
  assert.include(output, "me is told: slow completed, quick completed, broken error")
  // A program has to be started for it, on a machine that may have much else to do.
}, 30_000)

it("the example is under 60 lines", () => {
  assert.isBelow(readFileSync(example, "utf8").trimEnd().split("\n").length, 60)
})
