/**
 * The plugin itself, with the hooks and tools that OpenCode would call, on an OpenCode in memory.
 */
import { Context, Effect, Layer, Schema } from "effect"
import plugin from "../../../src/index.ts"
import * as OpenCode from "./openCode.ts"

export class Plugin extends Context.Service<Plugin, {
  readonly openCode: OpenCode.OpenCode
  readonly hooks: Awaited<ReturnType<typeof plugin.server>>
  /** Calls a tool as OpenCode does; gives what the agent reads. A call that rejects is a defect. */
  readonly use: (tool: string, args: unknown, session?: string) => Effect.Effect<string>
  /** The same with any context. */
  readonly useIn: (tool: string, args: unknown, context: unknown) => Effect.Effect<string>
  /** Calls a hook with whatever it is given. One that throws, or rejects, is a defect. */
  readonly hook: (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<void>
}>()("opencode-errand/test/rim/Plugin") {
  /** Started with these settings and no file of anybody's; ended with the scope. */
  static readonly layer = (settings: object = {}, options: OpenCode.Options = {}): Layer.Layer<Plugin> =>
    Layer.effect(Plugin, make(settings, options))
}

const decodeResult = Schema.decodeUnknownSync(Schema.Struct({ output: Schema.String, title: Schema.String }))

export const make = Effect.fnUntraced(function*(settings: object = {}, options: OpenCode.Options = {}) {
  const openCode = OpenCode.make(options)
  const env = process.env["OPENCODE_CONFIG_DIR"]
  process.env["OPENCODE_CONFIG_DIR"] = nowhere
  const hooks = yield* Effect.acquireRelease(
    Effect.promise(() =>
      plugin.server({ client: openCode.client, directory: nowhere }, { journal: "memory", ...settings })
    ),
    ({ dispose }) => Effect.promise(dispose)
  )
  if (env === undefined) delete process.env["OPENCODE_CONFIG_DIR"]
  else process.env["OPENCODE_CONFIG_DIR"] = env
  openCode.listen((event) => void hooks.event({ event }))

  /** Called as a plain function: what is passed is not what its type promises. */
  const apply = async (f: unknown, args: ReadonlyArray<unknown>): Promise<unknown> =>
    typeof f === "function" ? await Reflect.apply(f, undefined, [...args]) : undefined

  const useIn = (tool: string, args: unknown, context: unknown) =>
    Effect.map(
      Effect.promise(() => apply(hooks.tool[tool]?.execute, [args, context])),
      (result) => decodeResult(result).output
    )
  return Plugin.of({
    openCode,
    hooks,
    use: (tool, args, session = OpenCode.root) =>
      useIn(tool, args, { sessionID: session, abort: new AbortController().signal }),
    useIn,
    // What OpenCode calls is called outside of any promise: a throw of its own is not a rejection.
    hook: (name, ...args) =>
      Effect.asVoid(
        Effect.flatMap(
          Effect.sync((): unknown => {
            const found: unknown = Reflect.get(hooks, name)
            return typeof found === "function" ? Reflect.apply(found, hooks, args) : undefined
          }),
          (returned) => Effect.promise(async () => await returned)
        )
      )
  })
})

/** Waits until something is so, by the real clock, which is the plugin's. */
export const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setInterval(() => {
      if (!isSo()) return
      clearInterval(timer)
      resume(Effect.void)
    }, 1)
    return Effect.sync(() => clearInterval(timer))
  })

const nowhere = "/nowhere/at/all"
