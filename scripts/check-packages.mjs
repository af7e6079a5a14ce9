// Packs what would be published and looks at the tarballs as their users' tools would: publint and attw.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "errand-pack-"))
let failed = false
try {
  for (const name of ["core", "opencode"]) {
    execFileSync("pnpm", ["pack", "--pack-destination", folder], { cwd: `packages/${name}`, stdio: "pipe" })
  }
  for (const file of readdirSync(folder)) {
    const tarball = join(folder, file)
    for (const [tool, ...args] of [["publint", tarball, "--strict"], ["attw", tarball, "--profile", "esm-only"]]) {
      const { status, stderr, stdout } = spawnSync(tool, args, { encoding: "utf8" })
      if (status === 0) continue
      failed = true
      console.error(`${tool} ${file}\n${stdout}${stderr}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed) process.exit(1)
console.log("publint and attw: nothing to complain about")
