/**
 * Installed as its users install it, by OpenCode's own command, from a registry.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, type Sandbox } from "@errand/lab"
import { Clock, Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { place, words } from "../e2e/support/b.ts"
import { registryWith } from "../e2e/support/registry.ts"
import { board, item } from "./support/boards.ts"
import { make, openLocal, sidebarOf, tuiBundle, views } from "./support/stage.ts"

const run = promisify(execFile)
const folder = dirname(dirname(tuiBundle))

const decodeManifest = Schema.decodeEffect(
  Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String, main: Schema.String }))
)

/** A registry that has the package; gives its address. */
const registry = Effect.fnUntraced(function*({ env, root }: Sandbox.Sandbox) {
  yield* Effect.promise(() =>
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", root], { cwd: folder, env })
  )
  const tarball = (yield* Effect.promise(() => readdir(root))).find((file) => file.endsWith(".tgz")) ?? "no tarball"
  const manifest = yield* Effect.flatMap(
    Effect.promise(() => readFile(join(folder, "package.json"), "utf8")),
    decodeManifest
  )
  return yield* registryWith(join(root, tarball), manifest)
})

const install = Effect.fnUntraced(function*(sandbox: Sandbox.Sandbox, env: Readonly<Record<string, string>>) {
  const child = yield* OpenCode.start(sandbox, ["plugin", "opencode-errand", "-g"], { env })
  const exit = yield* child.exited
  assert.strictEqual(exit.code, 0, `${yield* child.stdout}${yield* child.stderr}`)
  return yield* child.stdout
})

const times = (text: string, part: string): number => text.split(part).length - 1

/** What a built file imports, at once and later. A statement may take several lines. */
const importsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^import\b[^"';]*"([^"]+)"|\bimport\("(\.\/[^"]+)"\)/gm)].map(([, now, later]) =>
    now ?? later ?? ""
  )

/** The text of a built file, and of all that it loads. */
const textsFrom = async (name: string, seen = new Set<string>()): Promise<ReadonlyArray<string>> => {
  if (seen.has(name)) return []
  seen.add(name)
  const text = await readFile(join(dirname(tuiBundle), name), "utf8")
  const own = importsOf(text).filter((path) => path.startsWith("./"))
  return [text, ...(await Promise.all(own.map((path) => textsFrom(path, seen)))).flat()]
}

/** The seconds that the first task on the screen has been out. */
const secondsOf = (screen: string): number => Number(/Errand 1 +(\d+)s$/m.exec(sidebarOf(screen))?.[1] ?? Number.NaN)

describe("opencode plugin opencode-errand -g", () => {
  it("line 8: no import of the built file is missed by OpenCode's terminal", async () => {
    const texts = await textsFrom("tui.js")
    assert.isAbove(texts.length, 1, "what the start loads a moment later")
    for (const text of texts) assert.notMatch(text, /\bfrom["']/)
    const names = texts.flatMap(importsOf)
    assert.include(names, "@opentui/solid")
    assert.deepStrictEqual(names.filter((name) => !/^(?:node:|\.\/|@opentui\/|solid-js(?:\/|$))/.test(name)), [])
  })

  it.live("line 12: twice, it leaves one entry in each file and the comments in them; line 8: and the sidebar ticks", () =>
    Effect.gen(function*() {
      const here = yield* place({ plugins: [] })
      const { sandbox } = here
      const env = { npm_config_registry: yield* registry(sandbox) }
      const files = ["opencode.jsonc", "tui.jsonc"].map((name) => join(sandbox.configDir, name))
      yield* Effect.promise(async () => {
        await mkdir(sandbox.configDir, { recursive: true })
        await Promise.all(files.map((file) => writeFile(file, "{\n  // Mine: do not lose it.\n  \"plugin\": []\n}\n")))
      })
      yield* install(sandbox, env)
      yield* install(sandbox, env)
      for (const file of files) {
        const text = yield* Effect.promise(() => readFile(file, "utf8"))
        assert.include(text, "// Mine: do not lose it.", file)
        assert.strictEqual(times(text, "\"opencode-errand\""), 1, `entries in ${file}: ${text}`)
      }
      // Not one more beside it.
      assert.notInclude(yield* Effect.promise(() => readdir(sandbox.configDir)), "tui.json")

      const server = yield* OpenCode.serve(sandbox, { env })
      const { body } = yield* server.request("GET", "/experimental/tool/ids")
      assert.include(JSON.stringify(body), "delegate_task")
      const { terminal } = yield* openLocal(here, { args: ["attach", server.url] })
      const { parent } = words({ model: here.model, server })
      const { post, show, sidebar } = views({ server, terminal })
      const session = yield* parent
      yield* show(session)
      const me = { session, now: yield* Clock.currentTimeMillis }
      yield* post(session, board(me, [item(me, 1, { status: "running", session: "ses_1", started: 3 })]))
      yield* sidebar(/▼ Errands +1 out$/, /Errand 1 +\d+s$/)
      // Redrawn: a plugin with a Solid of its own shows nothing, or never again.
      const first = secondsOf(yield* terminal.screen)
      yield* terminal.waitFor((screen) => secondsOf(screen) > first, { what: `Errand 1 after more than ${first}s` })
    }))

  it.live("line 8: by the path of its folder, as from a clone, both halves are there and the sidebar ticks", () =>
    Effect.gen(function*() {
      const { delegate, model, parent, show, sidebar } = yield* make({ plugins: [folder], tui: { plugin: [folder] } })
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [{ description: "Tick", steps: [{ gate: "tick", say: "done" }] }])
      yield* sidebar(/▼ Errands +1 out$/, /Tick +[1-9]\d*s$/)
      yield* model.openGate("tick")
      yield* sidebar(/▼ Errands$/, /✓ Tick/)
    }))
})
