/**
 * What `doctor --fix` does to a file that is not ours: it adds what was asked for, and takes nothing away.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Option, Result, Schema } from "effect"
import { add, fresh, replace } from "../../src/cli/doctor/edit.ts"
import { specsIn } from "../../src/cli/doctor/Lists.ts"
import { below, oneOf } from "../rim/support/arbitraries.ts"

const specs = (text: string): ReadonlyArray<string> =>
  Result.getOrElse(specsIn(text), () => []).map((entry) => entry.spec)

const spec = "opencode-errand"

/** How somebody has written the file: each draw decides one thing. */
const Shape = Schema.Struct({
  entries: Schema.Array(Schema.Literals(["a", "@b/c@1.2.3", "file:///d, e", "// no comment", "] }"])).check(
    Schema.isMaxLength(4)
  ),
  list: Schema.Literals(["none", "there"]),
  before: Schema.Boolean,
  after: Schema.Boolean,
  tall: Schema.Boolean,
  trailingComma: Schema.Boolean,
  comment: Schema.Literals(["none", "line", "block", "own line"]),
  tupled: Schema.Boolean,
  crlf: Schema.Boolean,
  bom: Schema.Boolean,
  indent: Schema.Literals(["  ", "\t", "    "]),
  outerTall: Schema.Boolean
})
type Shape = typeof Shape.Type

const write = (shape: Shape): string => {
  const { comment, entries, indent, tall } = shape
  const tallest = shape.outerTall || tall || comment === "line" || comment === "own line"
  const spaced = tall || comment === "line" || comment === "own line"
  const pad = (depth: number, isTall: boolean) => isTall ? `\n${indent.repeat(depth)}` : " "
  const note = (nth: number) =>
    comment === "none"
      ? ""
      : comment === "block"
      ? ` /* of ${nth}, ] } */`
      : comment === "line"
      ? ` // of ${nth}, [ {`
      : `\n${indent}${indent}// below ${nth}`
  const items = entries.map((entry, nth) => {
    const isLast = nth === entries.length - 1
    const value = shape.tupled ? `["${entry}", { "x": [${nth}] }]` : JSON.stringify(entry)
    return `${pad(2, spaced)}${value}${isLast && !shape.trailingComma ? "" : ","}${note(nth)}`
  })
  const empty = entries.length === 0 ? note(0) : ""
  const list = `"plugin": [${items.join("")}${empty}${pad(1, spaced)}]`
  const members = [
    ...shape.before ? ["\"before\": { \"plugin\": [\"not me\"] }"] : [],
    ...shape.list === "there" ? [list] : [],
    ...shape.after ? ["\"after\": 1"] : []
  ]
  const last = members.length > 0 && shape.trailingComma ? "," : ""
  const tail = comment === "none" || comment === "block" ? note(9) : `${note(9)}`
  const text = `{${members.map((member) => `${pad(1, tallest)}${member}`).join(",")}${last}${tail}${pad(0, tallest)}}\n`
  return `${shape.bom ? "\ufeff" : ""}${shape.crlf ? text.replaceAll("\n", "\r\n") : text}`
}

/** Whether all letters of one text are in another, in their order. */
const isWithin = (part: string, whole: string): boolean => {
  let at = 0
  for (const letter of whole) if (letter === part[at]) at++
  return at === part.length
}

const runs = { arbitrary: { runs: 500 } }

describe("add", () => {
  it.prop(
    "takes nothing away: every letter of the file is there afterwards, comments and all, in the same order",
    [Shape],
    ([shape]) => {
      const text = write(shape)
      const changed = Result.getOrThrow(add("server", text, spec))
      assert.isTrue(isWithin(text, changed), `${JSON.stringify(text)}\n${JSON.stringify(changed)}`)
      assert.deepStrictEqual(specs(changed), [...specs(text), spec])
    },
    runs
  )

  it.prop("done twice is done once", [Shape], ([shape]) => {
    const once = Result.getOrThrow(add("server", write(shape), spec))
    assert.strictEqual(Result.getOrThrow(add("server", once, spec)), once)
  }, runs)

  it.prop("leaves every comment beside what it was written beside", [Shape], ([shape]) => {
    const text = write(shape)
    const changed = Result.getOrThrow(add("server", text, spec))
    const at = changed.indexOf(`"${spec}"`)
    for (const comment of text.match(/\/\/ (?:of|below) \d|\/\* of \d/g) ?? []) {
      // What is said of an entry of the list is said before the new one; 9 is the file's own last word.
      if (shape.list === "there" && !comment.endsWith("9")) assert.isBelow(changed.indexOf(comment), at, changed)
    }
  }, runs)

  it.prop(
    "fails on what does not parse, wherever the file was cut off",
    [Shape, below(10_000)],
    ([shape, draw]) => {
      const text = write(shape).trimEnd()
      const start = text.indexOf("{") + 1
      const cut = text.slice(0, start + draw % (text.length - start))
      assert.isTrue(Result.isFailure(add("server", cut, spec)), cut)
      assert.isTrue(Result.isFailure(replace(cut, "a", spec)), cut)
    },
    runs
  )

  const notLists = oneOf(
    Arbitrary.schema(Schema.Literals(["[]", "1", "\"text\"", "null"])),
    Arbitrary.map(
      Arbitrary.schema(Schema.Literals(["1", "\"a\"", "{}", "null", "[1]", "[[\"a\"]]", "[{}]"])),
      (value) => `{"plugin": ${value}}`
    )
  )
  it.prop("fails on a list that is none", [notLists], ([text]) => {
    assert.isTrue(Result.isFailure(add("server", text, spec)), text)
  })

  it("writes as the file is written", () => {
    const cases: ReadonlyArray<readonly [before: string, after: string]> = [
      ["{\"plugin\":[\"a\"]}", "{\"plugin\":[\"a\", \"opencode-errand\"]}"],
      ["{\n  \"plugin\": []\n}\n", "{\n  \"plugin\": [\"opencode-errand\"]\n}\n"],
      ["{}", "{ \"plugin\": [\"opencode-errand\"]}"],
      [
        "{\n  \"model\": \"a/b\" // the good one\n}\n",
        "{\n  \"model\": \"a/b\", // the good one\n  \"plugin\": [\"opencode-errand\"]\n}\n"
      ],
      [
        "{\n\t\"plugin\": [\n\t\t\"a\", // mine\n\t\t// off for now: \"b\"\n\t]\n}\n",
        "{\n\t\"plugin\": [\n\t\t\"a\", // mine\n\t\t// off for now: \"b\"\n\t\t\"opencode-errand\"\n\t]\n}\n"
      ],
      // Of two lists the last one counts.
      [
        "{\"plugin\": [\"a\"], \"plugin\": [\"b\"]}",
        "{\"plugin\": [\"a\"], \"plugin\": [\"b\", \"opencode-errand\"]}"
      ],
      ["{\r\n  \"x\": 1\r\n}\r\n", "{\r\n  \"x\": 1,\r\n  \"plugin\": [\"opencode-errand\"]\r\n}\r\n"]
    ]
    for (const [before, after] of cases) {
      assert.strictEqual(Option.getOrNull(Result.getSuccess(add("server", before, spec))), after)
    }
  })

  it("makes a file of an empty one, with the address of OpenCode's schema", () => {
    assert.strictEqual(Result.getOrThrow(add("tui", " \n", spec)), fresh("tui", spec))
    assert.deepStrictEqual(JSON.parse(fresh("tui", spec)), { $schema: "https://opencode.ai/tui.json", plugin: [spec] })
    assert.include(fresh("server", spec), "https://opencode.ai/config.json")
  })
})

describe("replace", () => {
  it.prop("changes the one spec and nothing else, options and comments included", [Shape], ([shape]) => {
    const text = write(shape)
    const from = specs(text)[0]
    const changed = Result.getOrThrow(replace(text, from ?? "none", "it@2"))
    assert.strictEqual(
      changed.replaceAll("\"it@2\"", JSON.stringify(from)),
      text,
      `${JSON.stringify(text)}\n${JSON.stringify(changed)}`
    )
    assert.deepStrictEqual(specs(changed), specs(text).map((one) => one === from ? "it@2" : one))
  }, runs)
})
