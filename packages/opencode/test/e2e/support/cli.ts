/**
 * The built command, as its users call it: a process of its own in a sandbox, with the real OpenCode on its path.
 */
import { OpenCode, type Sandbox } from "@errand/lab"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { cp, mkdir, readdir, symlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

export const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url))

export const bun = fileURLToPath(import.meta.resolve("bun/bin/bun.exe"))

export const run = promisify(execFile)

/** For cases that start one OpenCode after the other (ms): on a busy machine each takes its time. */
export const patient = 300_000

export interface Ran {
  readonly code: number | string | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Where the sandbox's OpenCode is: no other process has this path in its arguments. */
const binaryOf = ({ root }: Sandbox.Sandbox) => join(root, "bin", "opencode")

/** Puts OpenCode on the path; gives the environment. */
export const withOpenCode = Effect.fnUntraced(function*(sandbox: Sandbox.Sandbox) {
  const binary = yield* OpenCode.findBinary
  const path = binaryOf(sandbox)
  yield* Effect.promise(() => mkdir(dirname(path)).then(() => symlink(binary, path)))
  return { ...sandbox.env, PATH: `${dirname(path)}:${sandbox.env["PATH"]}` }
})

/** Runs the command in the sandbox's project. */
export const call = (
  sandbox: Sandbox.Sandbox,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  { program = cli, runtime = process.execPath }: { readonly program?: string; readonly runtime?: string } = {}
): Effect.Effect<Ran> =>
  Effect.promise(() =>
    new Promise<Ran>((resolve) => {
      execFile(
        runtime,
        [program, ...args],
        { cwd: sandbox.project, env, timeout: 200_000, maxBuffer: 10_000_000 },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? undefined, stdout, stderr })
      )
    })
  )

/** The command as it is where the package was installed, by whoever. */
export const installed = ({ root }: Sandbox.Sandbox): Effect.Effect<string> =>
  Effect.promise(async () => {
    const folder = join(root, "tools", "node_modules", "opencode-errand")
    const copy = (name: string) => cp(join(dirname(dirname(cli)), name), join(folder, name), { recursive: true })
    await Promise.all(["dist", "package.json"].map(copy))
    return join(folder, "dist", "cli.js")
  })

/** The processes of the sandbox's OpenCode that are there now. */
export const processes = (sandbox: Sandbox.Sandbox) =>
  Effect.map(
    Effect.promise(() => run("ps", ["-eo", "pid=,args="], { maxBuffer: 10_000_000 })),
    ({ stdout }) => stdout.split("\n").filter((line) => line.includes(`${binaryOf(sandbox)} `))
  )

/** The package as it would be published, below the sandbox. */
export const packed = ({ env, root }: Sandbox.Sandbox): Effect.Effect<string> =>
  Effect.promise(async () => {
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", root], { cwd: dirname(dirname(cli)), env })
    const name = (await readdir(root)).find((file) => file.endsWith(".tgz"))
    return join(root, name ?? "no tarball")
  })
