/**
 * What a person may type behind `demo`.
 */
import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import { type Arguments, help, parse } from "../src/Arguments.ts"

const said = (words: ReadonlyArray<string>) =>
  Result.getOrElse(parse(words), (sentence): Arguments | string => sentence)

it("understands what is typed behind `demo`, with pnpm's `--` and without", () => {
  assert.deepStrictEqual(said([]), { _tag: "Scripted" })
  assert.deepStrictEqual(said(["--"]), { _tag: "Scripted" })
  const real: Arguments = { _tag: "Real", provider: "openrouter", model: "qwen/qwen3" }
  assert.deepStrictEqual(said(["--model", "openrouter/qwen/qwen3"]), real)
  assert.deepStrictEqual(said(["--", "--model=openrouter/qwen/qwen3"]), real)
  assert.deepStrictEqual(said(["--help"]), { _tag: "Help" })
})

it("says what is wrong, in one sentence", () => {
  for (const words of [["--model"], ["--model", "opus"], ["--model", "/x"], ["--fast"], ["--model", "a/b", "c"]]) {
    assert.isString(said(words), words.join(" "))
  }
  assert.isTrue(help.split("\n").every((line) => line.length <= 120))
})
