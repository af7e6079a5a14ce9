/**
 * The whole examination: looks, and judges what was found. Whatever cannot be looked at is said, and the rest goes on.
 */
import { Effect, type FileSystem, type Option } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import * as ConfigFiles from "../../config/ConfigFiles.ts"
import { configFolder, type Surroundings } from "../../config/ConfigPlaces.ts"
import type { Own } from "../Own.ts"
import { cache } from "./checks/cache.ts"
import { clashes } from "./checks/clashes.ts"
import { entries } from "./checks/entries.ts"
import { install } from "./checks/install.ts"
import { limits } from "./checks/limits.ts"
import { live } from "./checks/live.ts"
import { openCode } from "./checks/openCode.ts"
import { settings } from "./checks/settings.ts"
import type { Finding } from "./Finding.ts"
import { errandEntries } from "./Lists.ts"
import * as look from "./look/index.ts"
import { repairs } from "./repairs.ts"
import type { Repair, Report } from "./Report.ts"
import { isOk } from "./Report.ts"

export interface Options {
  /** The Errand that looks. */
  readonly own: Own
  readonly surroundings: Surroundings
  /** Where OpenCode is, if the person says so. */
  readonly openCode: Option.Option<string>
  /** Whether what can be mended is. */
  readonly fix: boolean
  /** Whether an OpenCode is started. */
  readonly live: boolean
  /** Is told what was found, as it is found. */
  readonly onFindings: (findings: ReadonlyArray<Finding>) => Effect.Effect<void>
  readonly onRepair: (repair: Repair) => Effect.Effect<void>
  /** Is told that something takes a moment. */
  readonly onWait: (what: string) => Effect.Effect<void>
}

export const examine = Effect.fn("doctor.examine")(function*(
  options: Options
): Effect.fn.Return<Report, never, FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner> {
  const { own, surroundings } = options
  const findings: Array<Finding> = []
  const tell = (found: ReadonlyArray<Finding>) =>
    Effect.andThen(Effect.sync(() => findings.push(...found)), options.onFindings(found))

  const host = yield* look.openCode(surroundings, options.openCode)
  yield* tell(openCode(host))

  const before = yield* look.lists(surroundings)
  const done = options.fix ? yield* look.repair(repairs(before, configFolder(surroundings), own.spec)) : []
  yield* Effect.forEach(done, options.onRepair, { discard: true })
  const files = done.length === 0 ? before : yield* look.lists(surroundings)
  yield* tell(entries(files, own))
  yield* tell(cache(yield* look.cached(surroundings, files), own.version))

  const loaded = yield* ConfigFiles.load(surroundings, errandEntries(files, "server").at(-1)?.options)
  yield* tell(settings(loaded, own))

  // Before OpenCode is started: it would install what it lacks.
  const installed = yield* look.install(surroundings)
  const seen = yield* lookAlive(host, options)
  yield* tell(limits(loaded.settings, seen.models, seen.found._tag !== "NotTried"))
  yield* tell(clashes(files, seen.found._tag === "Answered" ? seen.found.tools : undefined))
  yield* tell(install(installed))
  yield* tell(live(seen.found))
  return { v: 1, version: own.version, directory: surroundings.directory, ok: isOk(findings), repairs: done, findings }
})

const lookAlive = (
  host: Effect.Success<ReturnType<typeof look.openCode>>,
  { live, onWait, surroundings }: Options
): Effect.Effect<look.Live, never, ChildProcessSpawner.ChildProcessSpawner> => {
  const not = (why: string) => Effect.succeed<look.Live>({ found: { _tag: "NotTried", why }, models: undefined })
  if (host._tag !== "Found") return not("not looked at, without an OpenCode that runs")
  if (!live) return not("not looked at, as --no-live says")
  return Effect.andThen(onWait("Starting an OpenCode, to see what it has ..."), look.live(host.path, surroundings))
}
