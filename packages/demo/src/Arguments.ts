/**
 * What was typed behind `demo`. Pure.
 */
import { Result } from "effect"

export type Arguments =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Scripted" }
  | { readonly _tag: "Real"; readonly provider: string; readonly model: string }

/** Reads the arguments; fails with a sentence. A `--` before them is pnpm's, and means nothing. */
export const parse = (words: ReadonlyArray<string>): Result.Result<Arguments, string> => {
  const [first, ...rest] = words[0] === "--" ? words.slice(1) : words
  if (first === undefined) return Result.succeed({ _tag: "Scripted" })
  if (first === "--help" || first === "-h") return Result.succeed({ _tag: "Help" })
  const inline = /^--model=(.*)$/.exec(first)?.[1]
  if (first !== "--model" && inline === undefined) return Result.fail(`Unknown argument: ${first}. Try --help.`)
  const [name, extra] = inline === undefined ? rest : [inline, rest[0]]
  if (name === undefined) {
    return Result.fail("--model needs a model as provider/model, as `opencode models` lists them.")
  }
  if (extra !== undefined) return Result.fail(`Unknown argument: ${extra}. Try --help.`)
  const [provider, model] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)]
  return name.includes("/") && provider !== "" && model !== ""
    ? Result.succeed({ _tag: "Real", provider, model })
    : Result.fail(`${JSON.stringify(name)} is no model: write provider/model, as \`opencode models\` lists them.`)
}

export const help =
  `The main job of Errand, on the real OpenCode: one prompt, three agents at once, never more than two at a time.

  npx -y pnpm@12.21.0 demo
      Needs no key and no network, and touches nothing of yours. OpenCode runs in a temporary folder with a home
      of its own, and a scripted model on 127.0.0.1 plays the agents: the same story each time, in about 20 seconds.

  npx -y pnpm@12.21.0 demo --model provider/model
      The same with your own OpenCode configuration (its providers, keys and plugins) and a real model, which is
      asked in words. Costs what five short tasks cost. The agents work on a sample project in a temporary folder,
      may only read it, and may not leave it; the sessions go to a temporary database, not to yours.

The exit code is 0 only if everything that is shown truly happened: it is checked afterwards against OpenCode's
own records and the model's log. A check that fails says what was expected and what was found.

Environment
  NO_COLOR         no colours
  OPENCODE_BIN     another OpenCode than the one that comes with this repository
  ERRAND_LAB_KEEP  keep the sandbox, to look at it afterwards
`
