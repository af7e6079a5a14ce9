/**
 * What the command says of itself: help that teaches, and what is said when something was typed wrong.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { errand } from "../../src/cli/errand.ts"
import { Here } from "../../src/cli/Here.ts"
import { ownOf } from "../../src/cli/Own.ts"
import * as Presenter from "../../src/cli/presenter.ts"
import { plain, type Style, wrap } from "../../src/cli/Style.ts"
import { jsonSchema } from "../../src/config/ConfigSchema.ts"

const installed = ownOf("/p/node_modules/opencode-errand", "1.2.3")

/** What it says when it is called with these arguments. */
const call = Effect.fnUntraced(function*(args: ReadonlyArray<string>, style: Style = plain, own = installed) {
  const said: Array<string> = []
  const wrong: Array<string> = []
  const say = (line: string) => Effect.sync(() => void said.push(line))
  const complain = (line: string) => Effect.sync(() => void wrong.push(line))
  const here = Here.of({
    directory: "/nowhere",
    home: "/nowhere",
    env: {},
    own,
    style,
    say,
    complain,
    mention: complain
  })
  const exit = yield* Command.runWith(errand, { version: "1.2.3" })(args).pipe(
    Effect.provideService(CliOutput.Presenter, Presenter.make(style, { say, complain }, own)),
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
    ),
    Effect.provideService(Here, here),
    Effect.provide(NodeServices.layer),
    Effect.exit
  )
  return { said: said.join("\n"), wrong: wrong.join("\n"), ok: Exit.isSuccess(exit) }
})

describe("help", () => {
  it.effect("says what there is, how to install it and what to do then", () =>
    Effect.gen(function*() {
      const { said } = yield* call(["--help"])
      for (const name of ["doctor", "tasks", "timeline", "schema"]) {
        assert.match(said, new RegExp(`^ {2}${name} {2,}\\S`, "m"))
      }
      assert.include(said, "opencode plugin opencode-errand -g")
      assert.include(said, "npx opencode-errand doctor")
      assert.strictEqual((yield* call([])).said, said)
    }))

  const teaches: Readonly<Record<string, ReadonlyArray<string>>> = {
    doctor: [
      "✓ fine, ! works but may surprise, ✗ does not work",
      "exit code is 1",
      "doctor --fix",
      "--no-live",
      "Comments are kept"
    ],
    tasks: ["It reads the journal and changes nothing", "/tasks", "watch -n 1", "jq '.tasks[]", "--session"],
    timeline: [
      "that a limit held, and what it cost",
      "timeline --last",
      "timeline.html",
      "https://ui.perfetto.dev",
      "--journal"
    ],
    schema: ["~/.config/opencode/errand.jsonc", ".opencode/errand.jsonc", "\"$schema\": \"./errand.schema.json\""]
  }
  for (const [name, parts] of Object.entries(teaches)) {
    it.effect(`of ${name} says what it does, and shows how it is used`, () =>
      Effect.gen(function*() {
        const { ok, said } = yield* call([name, "--help"])
        assert.isTrue(ok)
        for (const part of parts) assert.include(said, part)
        assert.match(said, /EXAMPLES\n {2}# /)
        assert.notInclude(said, "undefined")
      }))

    it.effect(`of ${name} fits a terminal of 80 columns`, () =>
      Effect.gen(function*() {
        const { said } = yield* call([name, "--help"], { ...plain, width: 80 })
        // A command to copy, or an address, stays in one piece.
        const long = said.split("\n").filter((line) => line.length > 80)
        assert.deepStrictEqual(long, [])
      }))
  }

  it.effect("what was typed wrong is named, with what was meant and where to read on, and not on standard output", () =>
    Effect.gen(function*() {
      const flag = yield* call(["doctor", "--jsn"])
      assert.deepStrictEqual([flag.ok, flag.said], [false, ""])
      assert.match(
        flag.wrong,
        /^✗ Unrecognized flag: --jsn[^]*--json[^]*`npx opencode-errand doctor --help` says what there is\.$/
      )
      const command = yield* call(["doctr"])
      assert.match(command.wrong, /^✗ Unknown subcommand "doctr"[^]*doctor[^]*`npx opencode-errand --help`/)
      const both = yield* call(["timeline", "--html", "--svg"])
      assert.isFalse(both.ok)
    }))

  it.effect("from a clone it shows how it is called there", () =>
    Effect.gen(function*() {
      const clone = ownOf("/src/errand/packages/opencode", "1.2.3")
      const { said } = yield* call(["tasks", "--help"], plain, clone)
      assert.include(said, "watch -n 1 node /src/errand/packages/opencode/dist/cli.js tasks")
      assert.notInclude(said, "npx")
      const { wrong } = yield* call(["doctr"], plain, clone)
      assert.include(wrong, "`node /src/errand/packages/opencode/dist/cli.js --help`")
    }))

  it.effect("the version is one word, the schema is JSON that names every setting", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call(["--version"])).said, "1.2.3")
      assert.deepStrictEqual(JSON.parse((yield* call(["schema"])).said), JSON.parse(JSON.stringify(jsonSchema())))
    }))
})

describe("wrap", () => {
  it("breaks between words, indents what follows, and leaves long words and pipes alone", () => {
    assert.strictEqual(wrap("one two three four", 9, "  "), "one two\n  three\n  four")
    assert.strictEqual(wrap("one https://example.com/long two", 10, ""), "one\nhttps://example.com/long\ntwo")
    assert.strictEqual(wrap("one two three four", undefined, "  "), "one two three four")
    assert.strictEqual(wrap("    a b", 5, "  "), "    a\n  b")
  })
})
