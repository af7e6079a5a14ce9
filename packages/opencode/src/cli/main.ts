#!/usr/bin/env node
/**
 * `opencode-errand`: what is not done from inside OpenCode. `opencode-errand --help` says what that is.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { errand } from "./errand.ts"
import { Here } from "./Here.ts"
import * as Presenter from "./presenter.ts"
import { wrap } from "./Style.ts"

const main = Effect.gen(function*() {
  const { complain, own, say, style } = yield* Here
  yield* Command.run(errand, { version: own.version }).pipe(
    Effect.provideService(CliOutput.Presenter, Presenter.make(style, { complain, say }, own)),
    Effect.tapErrorTag("Failed", ({ message }) =>
      message === ""
        ? Effect.void
        : complain(`${style.red("✗")} ${message.split("\n").map((line) => wrap(line, style.width)).join("\n")}`))
  )
})

const platform = Layer.mergeAll(
  NodeServices.layer,
  Here.layer,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
)

// Node says of its SQLite that it is experimental, to everybody who uses what uses it.
const { emitWarning } = process
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith("SQLite is an experimental feature")) {
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
}

NodeRuntime.runMain(Effect.provide(main, platform))
