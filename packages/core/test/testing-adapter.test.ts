/**
 * The contract on a poor host: the example of `docs/adapters.md`, where every task is a shell command. Its only word is how
 * a command ended, so most promises do not apply to it, and those that do are kept.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { ShellHost } from "../examples/shell.ts"
import { AgentHost } from "../src/AgentHost.ts"
import { SessionId } from "../src/Task.ts"
import * as HostContract from "../src/testing/HostContract.ts"

/** The commands that make a shell behave like this. */
const commands: Partial<Readonly<Record<HostContract.Behaviour, string>>> = {
  answer: "printf 'the answer'",
  empty: "true",
  fail: "exit 3",
  hang: "sleep 1000"
}

const claims: HostContract.Claims = {
  behaviours: { answer: "whole", empty: "whole", fail: "whole", hang: "whole" },
  person: []
}

const subject = Layer.succeed(
  HostContract.Subject,
  HostContract.Subject.of({
    claims,
    root: Effect.succeed(SessionId.make("me")),
    agent: "sh",
    prompt: (behaviour) => ({ text: commands[behaviour] ?? "false" }),
    pass: (ms) => Effect.sleep(ms),
    turns: () => Effect.succeed(0),
    person: {}
  })
)

const shell = Layer.merge(ShellHost.pipe(Layer.provide(NodeServices.layer)), subject)

describe("HostContract on the shell", () => {
  for (const check of HostContract.checks) {
    if (HostContract.applies(check, {}, claims)) it.live(check.name, () => Effect.provide(check.run, shell))
  }

  it("four promises apply to a host that can do nothing but run, fail and be stopped", () => {
    assert.deepStrictEqual(
      HostContract.checks.filter((check) => HostContract.applies(check, {}, claims)).map(({ name }) => name),
      [
        "open is idempotent by task id",
        "the end of a turn is told by an event",
        "a failed turn is told by an event, with what went wrong",
        "an abort ends a turn that would never end, and may be asked for again"
      ]
    )
  })

  it.live("it claims nothing but that it may be silent", () =>
    Effect.gen(function*() {
      const { capabilities } = yield* AgentHost
      assert.deepStrictEqual(
        Object.entries(capabilities).filter(([, can]) => can).map(([name]) => name),
        ["silent"]
      )
    }).pipe(Effect.provide(shell)))
})

it("the example for tests on the simulated host is in the documentation as it runs here", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
  const example = read("./testing-example.test.ts")
  assert.include(read("../../../docs/adapters.md"), example.slice(example.indexOf("*/") + 3))
})
