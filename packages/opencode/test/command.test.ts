/**
 * What is said on OpenCode's channel for commands: ours is understood, and nothing else.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Option, Schema } from "effect"
import * as Command from "../src/board/Command.ts"

const word = Schema.Literals(["ses_1", "per_1", "x".repeat(200)])
const commands = Arbitrary.schema(Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Hello"), session: Schema.optionalKey(word) }),
  Schema.Struct({ _tag: Schema.Literal("Cancel"), task: Command.Command.cases.Cancel.fields.task }),
  Schema.Struct({ _tag: Schema.Literal("Shown"), request: word })
]))

describe("a command", () => {
  it.prop("is understood as it was said", { command: commands }, ({ command }) => {
    assert.deepStrictEqual(Command.parse(Command.say(command)), Option.some(command))
  })

  it("that is not ours, or not whole, is none", () => {
    const nonsense = [
      "",
      " ",
      "errand",
      "errand.",
      "errand.hello ses_1 ses_2",
      "errand.cancel",
      "errand.cancel bg_1",
      "errand.cancel all",
      "errand.cancel bg_0000000g",
      "errand.shown",
      `errand.shown ${"x".repeat(201)}`,
      "ERRAND.HELLO",
      "session.list",
      "toString"
    ]
    for (const text of nonsense) assert.isTrue(Option.isNone(Command.parse(text)), text)
  })
})
