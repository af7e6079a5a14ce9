/**
 * `demo`: the main job of Errand, on the real OpenCode. See `Arguments.ts` for what can be asked of it.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Result } from "effect"
import { type Arguments, help, parse } from "./Arguments.ts"
import * as Real from "./playReal.ts"
import * as Scripted from "./playScripted.ts"
import * as Screen from "./Screen.ts"

/** 0 only if everything truly happened. */
const play = Effect.fnUntraced(function*(args: Exclude<Arguments, { _tag: "Help" }>) {
  const screen = yield* Screen.make(process.stdout, process.env)
  return yield* (args._tag === "Real" ? Real.play(screen, args.provider, args.model) : Scripted.play(screen)).pipe(
    Effect.catch((error) => Effect.as(screen.show(["", `  ${screen.style.red("✗")} ${error.message}`]), 1))
  )
}, Effect.scoped)

const main = Effect.gen(function*() {
  const args = parse(process.argv.slice(2))
  if (Result.isFailure(args)) {
    console.error(args.failure)
    return 2
  }
  if (args.success._tag === "Help") {
    console.log(help)
    return 0
  }
  return yield* play(args.success)
})

NodeRuntime.runMain(Effect.flatMap(main, (code) => Effect.sync(() => void (process.exitCode = code))))
