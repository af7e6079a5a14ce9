/**
 * Finds OpenCode, and asks it for its version.
 */
import { Effect, FileSystem, Option } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { delimiter, join } from "node:path"
import type { Surroundings } from "../../../config/ConfigPlaces.ts"
import type { OpenCodeFound } from "../checks/openCode.ts"

/** `opencode --version` takes more than a second where nothing else is to be done. */
const patience = "30 seconds"

/** `named`: where the person says that it is. */
export const openCode = Effect.fn("doctor.openCode")(function*(
  { env, home }: Surroundings,
  named: Option.Option<string>
): Effect.fn.Return<OpenCodeFound, never, FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner> {
  const file = process.platform === "win32" ? "opencode.exe" : "opencode"
  const onPath = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "").map((folder) =>
    join(folder, file)
  )
  // The last is where OpenCode's own installer puts it.
  const candidates = Option.match(named, {
    onNone: () => [...onPath, join(home, ".opencode", "bin", file)],
    onSome: (path) => [path]
  })
  const path = yield* firstFile(candidates)
  if (path === undefined) {
    return {
      _tag: "Missing",
      looked: Option.match(named, {
        onNone: () => ["neither on PATH", `nor in ${join(home, ".opencode", "bin")}`],
        onSome: (path) => [`there is no file ${path}`]
      })
    }
  }
  return yield* version(path)
})

const firstFile = Effect.fnUntraced(function*(candidates: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  for (const path of candidates) {
    const isFile = yield* Effect.match(fs.stat(path), {
      onFailure: () => false,
      onSuccess: ({ type }) => type === "File"
    })
    if (isFile) return path
  }
  return undefined
})

const version = Effect.fnUntraced(function*(path: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const broken = (why: string): OpenCodeFound => ({ _tag: "Broken", path, why })
  return yield* spawner.string(ChildProcess.make(path, ["--version"], { stdin: "ignore" })).pipe(
    Effect.map((text): OpenCodeFound => {
      const version = /\d+\.\d+\.\d+\S*/.exec(text)?.[0]
      return version === undefined ? broken("it does not tell its version") : { _tag: "Found", path, version }
    }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(broken(`no answer within ${patience}`)) }),
    Effect.catch(({ message }) => Effect.succeed(broken(message)))
  )
})
