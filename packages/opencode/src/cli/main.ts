#!/usr/bin/env node
/**
 * `opencode-errand`: what is not done from inside OpenCode. `opencode-errand --help` says what that is.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import { errand } from "./errand.ts"
import { Here } from "./Here.ts"

const main = Effect.gen(function*() {
  const { version } = yield* Here
  yield* Command.run(errand, { version })
})

const platform = Layer.mergeAll(
  NodeServices.layer,
  Here.layer,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
)

NodeRuntime.runMain(Effect.provide(main, platform))
