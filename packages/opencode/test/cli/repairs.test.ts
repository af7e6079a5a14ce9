/**
 * `--fix` as a whole, on files of every kind: what it says that it mends is mended, and it comes to rest.
 */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { entries } from "../../src/cli/doctor/checks/entries.ts"
import { add, fresh, replace } from "../../src/cli/doctor/edit.ts"
import { errandEntries, type ListFile, packageEntry, type Place, specsIn } from "../../src/cli/doctor/Lists.ts"
import { repairs } from "../../src/cli/doctor/repairs.ts"
import { ownOf } from "../../src/cli/Own.ts"

const folder = "/home/me/.config/opencode"

const own = ownOf("/p/node_modules/opencode-errand", "0.2.0")

const places: ReadonlyArray<Place> = [
  { half: "server", scope: "user", path: `${folder}/opencode.json` },
  { half: "server", scope: "user", path: `${folder}/opencode.jsonc` },
  { half: "server", scope: "project", path: "/p/opencode.json" },
  { half: "tui", scope: "user", path: `${folder}/tui.json` },
  { half: "tui", scope: "project", path: "/p/tui.json" }
]

/** What stands in one file; `none`: there is no such file. */
const Content = Schema.Literals([
  "none",
  "none",
  "broken",
  "",
  "a",
  "opencode-errand",
  "opencode-errand@0.1.0",
  "a opencode-errand",
  "opencode-errand opencode-errand@0.1.0"
])

const textOf = (content: typeof Content.Type): string | undefined =>
  content === "none"
    ? undefined
    : content === "broken"
    ? "{ \"plugin\": ["
    : `{\n  // Mine.\n  "plugin": ${JSON.stringify(content.split(" ").filter((spec) => spec !== ""))}\n}\n`

type Disk = ReadonlyMap<string, string>

const lists = (disk: Disk): ReadonlyArray<ListFile> =>
  places.map((place): ListFile => {
    const text = disk.get(place.path)
    if (text === undefined) return { ...place, content: { _tag: "Absent" } }
    return Result.match(specsIn(text), {
      onFailure: (why) => ({ ...place, content: { _tag: "Broken", why } }),
      onSuccess: (specs) => ({
        ...place,
        content: { _tag: "Read", text, entries: specs.map(({ spec }) => packageEntry(spec, undefined)) }
      })
    })
  })

/** What the files are after it; what it refuses stays as it was. */
const fix = (disk: Disk): Disk => {
  const after = new Map(disk)
  for (const change of repairs(lists(disk), folder, own.spec)) {
    const text = after.get(change.path)
    const changed = change._tag === "Replace"
      ? replace(text ?? "", change.from, change.to)
      : text === undefined
      ? Result.succeed(fresh(change.half, change.spec))
      : add(change.half, text, change.spec)
    if (Result.isSuccess(changed)) after.set(change.path, changed.success)
  }
  return after
}

const drawn = places.map(() => Content)

describe("--fix", () => {
  it.prop(
    "mends every entry that it is named for, touches no file that does not parse, and done twice is done once",
    drawn,
    (contents) => {
      const disk: Disk = new Map(places.flatMap(({ path }, nth) => {
        const text = textOf(contents[nth] ?? "none")
        return text === undefined ? [] : [[path, text] as const]
      }))
      const once = fix(disk)
      const found = entries(lists(once), own)
      const isBroken = [...disk.values()].some((text) => text.endsWith("["))
      for (const { todo, what } of found) {
        // Only what may not be touched keeps it from that.
        if (todo?.includes("doctor --fix") === true) assert.isTrue(isBroken, `${what}: ${JSON.stringify([...once])}`)
      }
      for (const [path, text] of disk) if (text.endsWith("[")) assert.strictEqual(once.get(path), text)
      assert.deepStrictEqual([...fix(once)], [...once])
      // Nobody else's entry goes away, and none of ours comes twice.
      for (const file of lists(once)) {
        const specs = file.content._tag === "Read" ? file.content.entries.map(({ spec }) => spec) : []
        assert.strictEqual(new Set(specs).size, specs.length, JSON.stringify(specs))
        if (disk.get(file.path)?.includes("\"a\"") === true) assert.include(specs, "a")
      }
      if (
        !isBroken && errandEntries(lists(disk), "server").length === 0 && errandEntries(lists(disk), "tui").length === 0
      ) {
        assert.deepStrictEqual(found.map(({ status }) => status), ["ok", "ok"])
      }
    },
    { arbitrary: { runs: 1_000 } }
  )
})
