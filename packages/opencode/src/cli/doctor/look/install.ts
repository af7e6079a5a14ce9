/**
 * Whether OpenCode finds what it would install at its start, and else whether the registry answers.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { dirname, join } from "node:path"
import { fromDisk } from "../../../config/ConfigFiles.ts"
import * as ConfigPlaces from "../../../config/ConfigPlaces.ts"
import { type Folder, type InstallFound, wanting } from "../checks/install.ts"

const dependency = "@opencode-ai/plugin"

/** A registry that is there answers within a second; OpenCode would wait more than a minute for one that is not. */
const patience = "5 seconds"

const Names = Schema.Struct({ dependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)) })
const decodeManifest = Schema.decodeOption(Schema.fromJsonString(Names))
const decodeLock = Schema.decodeOption(
  Schema.fromJsonString(Schema.Struct({ packages: Schema.Record(Schema.String, Names) }))
)

export const install = Effect.fn("doctor.install")(function*(
  surroundings: ConfigPlaces.Surroundings
): Effect.fn.Return<InstallFound, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const isThere = (path: string) => Effect.orElseSucceed(fs.exists(path), () => false)
  // OpenCode makes its own folder where there is none; the others only count where they are.
  const own = ConfigPlaces.configFolder(surroundings)
  const paths = yield* Effect.filter(
    ConfigPlaces.folders(surroundings),
    (path) => path === own ? Effect.succeed(true) : isThere(path)
  )
  const folders = yield* Effect.forEach(
    paths,
    Effect.fnUntraced(function*(path): Effect.fn.Return<Folder> {
      const has = (yield* isThere(join(path, "node_modules")))
        && names(yield* text(join(path, "package.json")), decodeManifest).includes(dependency)
        && locked(yield* text(join(path, "package-lock.json"))).includes(dependency)
      const isWritable = (yield* isThere(path))
        ? yield* Effect.match(fs.access(path, { writable: true }), { onFailure: () => false, onSuccess: () => true })
        : true
      return { path, isSeeded: has, isWritable }
    })
  )
  if (wanting(folders).length === 0) return { folders }
  const npm = yield* npmSettings(surroundings)
  // This command knows no proxy: what it does not reach itself npm may.
  if (isBehindProxy(surroundings.env, npm)) return { folders }
  const named = npm("registry")
  const url = (named === "" ? "https://registry.npmjs.org" : named).replace(/\/+$/, "")
  const problem = yield* problemOf(url)
  if (problem === undefined || !isOfCertificate(problem)) return { folders, registry: { url, problem } }
  // npm reads it, and this command does not: whether it is the right one is only seen when npm asks.
  const cafile = npm("cafile")
  return { folders, registry: cafile === "" ? { url, problem, ofCertificate: true } : { url, problem: undefined } }
})

const text = (path: string) => Effect.orElseSucceed(fromDisk(path), () => Option.none<string>())

const names = (text: Option.Option<string>, decode: typeof decodeManifest): ReadonlyArray<string> =>
  Option.match(Option.flatMap(text, decode), {
    onNone: () => [],
    onSome: ({ dependencies = {} }) => Object.keys(dependencies)
  })

const locked = (text: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(Option.flatMap(text, decodeLock), {
    onNone: () => [],
    onSome: ({ packages }) => Object.keys(packages[""]?.dependencies ?? {})
  })

/** The settings of npm that matter here. */
type Named = "registry" | "cafile" | "proxy" | "https-proxy"

/** What npm was told, in its own order: the environment, the user's `.npmrc`, that of the machine. Empty where it was told nothing. */
const npmSettings = Effect.fnUntraced(function*({ env, home }: ConfigPlaces.Surroundings) {
  const fromEnv = (name: string) => {
    const spelled = name.replaceAll("-", "_")
    return env[`npm_config_${spelled}`] ?? env[`NPM_CONFIG_${spelled.toUpperCase()}`] ?? ""
  }
  const files = yield* Effect.forEach([
    fromEnv("userconfig") || join(home, ".npmrc"),
    fromEnv("globalconfig") || join(dirname(dirname(process.execPath)), "etc", "npmrc")
  ], (path) => Effect.map(text(path), Option.getOrElse(() => "")))
  return (name: Named): string => {
    const line = new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, "m")
    return [fromEnv(name), ...files.map((file) => line.exec(file)?.[1])].find((value) => value) ?? ""
  }
})

const isBehindProxy = (env: ConfigPlaces.Surroundings["env"], npm: (name: Named) => string): boolean =>
  [npm("https-proxy"), npm("proxy"), env["HTTPS_PROXY"], env["https_proxy"]].some((value) => (value ?? "") !== "")

/** Whether it asks who we are: npm may have what it wants to see. */
const isGuarded = (status: number): boolean => status === 401 || status === 403

/** Whether somebody answered whom nobody vouches for, by the code of the error. */
const isOfCertificate = (code: string): boolean => /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/.test(code)

const problemOf = (url: string): Effect.Effect<string | undefined> =>
  Effect.tryPromise({
    try: (signal) => fetch(`${url}/${dependency.replace("/", "%2f")}`, { method: "HEAD", signal }),
    catch: (error) => reasonOf(error)
  }).pipe(
    Effect.map(({ ok, status }) => ok || isGuarded(status) ? undefined : `it answers ${status}`),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(`no answer within ${patience}`) }),
    Effect.catch(Effect.succeed)
  )

const Failed = Schema.Struct({ cause: Schema.Struct({ code: Schema.String }) })

/** `fetch failed` says nothing: what failed is behind it. */
export const reasonOf = (error: unknown): string =>
  Option.match(Schema.decodeUnknownOption(Failed)(error), {
    onNone: () => error instanceof Error ? error.message : String(error),
    onSome: ({ cause }) => cause.code
  })
