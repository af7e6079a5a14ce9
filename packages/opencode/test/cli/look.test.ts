/**
 * What `doctor` looks at: files as they lie about, and an OpenCode (played by a script here) that behaves badly.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, type Scope } from "effect"
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:http"
import { createServer as createSecure } from "node:https"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { errandEntries } from "../../src/cli/doctor/Lists.ts"
import * as look from "../../src/cli/doctor/look/index.ts"
import { selfSigned } from "./selfSigned.ts"

/** A home and a project with these files, and what is done with them. */
const place = (files: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "errand-look-")))),
      (root) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
    ),
    (root) => {
      const write = (path: string, text: string) => {
        const file = join(root, path)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
        return file
      }
      for (const [path, text] of Object.entries({ "home/.keep": "", "project/.keep": "", ...files })) write(path, text)
      const program = (body: string) => {
        const file = write("bin/opencode", `#!${process.execPath}\n${body}\n`)
        chmodSync(file, 0o755)
        return file
      }
      const surroundings = {
        directory: join(root, "project"),
        home: join(root, "home"),
        env: { PATH: join(root, "bin") }
      }
      return { root, write, program, surroundings }
    }
  )

const config = "home/.config/opencode"

const live = (name: string, effect: () => Effect.Effect<void, unknown, NodeServices.NodeServices | Scope.Scope>) =>
  it.live(name, () => Effect.provide(effect(), NodeServices.layer), 60_000)

describe("lists", () => {
  live("names and paths, with options, in every file; what is at a path says what it is", () =>
    Effect.gen(function*() {
      const { root, surroundings } = yield* place({
        "errand/package.json": "{ \"name\": \"opencode-errand\", \"version\": \"0.1.0\" }",
        "errand/dist/index.js": "",
        [`${config}/opencode.jsonc`]: "{ \"plugin\": [[\"opencode-errand@0.1.0\", { \"toasts\": false }]] } // mine",
        "project/opencode.json": "{ \"plugin\": [\"../errand/dist/index.js\", \"./none.js\", \"./there\"] }",
        "project/there.ts": "",
        "project/tui.json": "{ \"plugin\": 1 }"
      })
      const files = yield* look.lists({
        ...surroundings,
        env: { OPENCODE_CONFIG_CONTENT: "{ \"plugin\": [\"opencode-errand\"] }" }
      })
      assert.deepStrictEqual(
        errandEntries(files, "server").map(({ options, source, version }) => [source, options, version]),
        [
          ["opencode-errand@0.1.0", { toasts: false }, undefined],
          [join(root, "errand"), undefined, "0.1.0"],
          ["opencode-errand@latest", undefined, undefined]
        ]
      )
      const lost = files.flatMap(({ content }) => content._tag === "Read" ? content.entries : [])
        .filter(({ isLost }) => isLost)
      assert.deepStrictEqual(lost.map(({ source, spec }) => [spec, source]), [[
        "./none.js",
        join(root, "project/none.js")
      ]])
      const broken = files.flatMap(({ content, path }) => content._tag === "Broken" ? [`${path}: ${content.why}`] : [])
      assert.deepStrictEqual(broken, [
        `${join(root, "project/tui.json")}: \`plugin\` must be a list of names, or of names with options`
      ])
    }))
})

describe("what is installed", () => {
  live("is in OpenCode's cache, in a folder named after what was asked for", () =>
    Effect.gen(function*() {
      const cached = "home/.cache/opencode/packages/opencode-errand@latest"
      const { root, surroundings } = yield* place({
        [`${config}/opencode.json`]: "{ \"plugin\": [\"opencode-errand\"] }",
        [`${config}/tui.json`]: "{ \"plugin\": [\"opencode-errand@9.9.9\"] }",
        [`${cached}/node_modules/opencode-errand/package.json`]:
          "{ \"name\": \"opencode-errand\", \"version\": \"0.0.9\" }"
      })
      const found = yield* look.cached(surroundings, yield* look.lists(surroundings))
      assert.deepStrictEqual(found.map(({ source }) => source), [
        { _tag: "Package", wanted: "latest", folder: join(root, cached), version: "0.0.9" },
        {
          _tag: "Package",
          wanted: "9.9.9",
          folder: join(root, "home/.cache/opencode/packages/opencode-errand@9.9.9"),
          version: undefined
        }
      ])
    }))
})

describe("what OpenCode would install", () => {
  const manifest = "{ \"dependencies\": { \"@opencode-ai/plugin\": \"1.18.33\" } }"
  const lock = `{ "lockfileVersion": 3, "packages": { "": ${manifest} } }`
  const seeded = (folder: string) => ({
    [`${folder}/node_modules/.keep`]: "",
    [`${folder}/package.json`]: manifest,
    [`${folder}/package-lock.json`]: lock
  })

  live("nothing where each folder has it: nobody is asked", () =>
    Effect.gen(function*() {
      const { surroundings } = yield* place({ ...seeded(config), ...seeded("project/.opencode") })
      const found = yield* look.install(surroundings)
      assert.isUndefined(found.registry)
      assert.deepStrictEqual(found.folders.map(({ isSeeded }) => isSeeded), [true, true])
    }))

  live("what a folder lacks, from the registry that npm would ask, which answers or not", () =>
    Effect.gen(function*() {
      const { surroundings, write } = yield* place({ ...seeded(config), "project/.opencode/errand.jsonc": "{}" })
      const asked: Array<string | undefined> = []
      const server = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const server = createServer(({ url }, response) => {
            asked.push(url)
            response.statusCode = url === "/ok/@opencode-ai%2fplugin" ? 200 : url?.startsWith("/guarded/") ? 401 : 404
            response.end()
          })
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = server.address()
      const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`
      write("home/.npmrc", `audit=false\nregistry=${url}/ok/\n`)
      const well = yield* look.install(surroundings)
      assert.deepStrictEqual(well.registry, { url: `${url}/ok`, problem: undefined })
      assert.deepStrictEqual(well.folders.map(({ isSeeded }) => isSeeded), [true, false])
      const refused = yield* look.install({ ...surroundings, env: { npm_config_registry: `${url}/no` } })
      assert.deepStrictEqual(refused.registry, { url: `${url}/no`, problem: "it answers 404" })
      assert.deepStrictEqual(asked, ["/ok/@opencode-ai%2fplugin", "/no/@opencode-ai%2fplugin"])
      // npm may have the token that it wants, and reach through a proxy what does not answer here.
      const guarded = yield* look.install({ ...surroundings, env: { npm_config_registry: `${url}/guarded` } })
      assert.deepStrictEqual(guarded.registry, { url: `${url}/guarded`, problem: undefined })
      const proxied = { npm_config_registry: "http://127.0.0.1:1" }
      for (const behind of [{ HTTPS_PROXY: "http://proxy:1" }, { npm_config_https_proxy: "http://proxy:1" }]) {
        assert.isUndefined((yield* look.install({ ...surroundings, env: { ...proxied, ...behind } })).registry)
      }
      const env = { npm_config_registry: "http://127.0.0.1:1" }
      assert.match((yield* look.install({ ...surroundings, env })).registry?.problem ?? "", /\w/)
    }))

  live("a registry whose certificate is not known here: npm may know it", () =>
    Effect.gen(function*() {
      const { surroundings, write } = yield* place({ "project/.opencode/errand.jsonc": "{}" })
      const server = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createSecure>>((resume) => {
          const server = createSecure(selfSigned, (_, response) => void response.end())
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = server.address()
      const url = `https://127.0.0.1:${typeof address === "object" ? address?.port : address}`
      const env = { npm_config_registry: url, npm_config_globalconfig: "/nowhere" }
      const { registry } = yield* look.install({ ...surroundings, env })
      assert.deepStrictEqual([registry?.url, registry?.ofCertificate], [url, true])
      assert.match(registry?.problem ?? "", /CERT/)
      const known = yield* look.install({ ...surroundings, env: { ...env, npm_config_cafile: "/ca.pem" } })
      assert.deepStrictEqual(known.registry, { url, problem: undefined })
      // As the machine's administrator has said.
      const global = write("etc/npmrc", "cafile=/ca.pem\n")
      const everywhere = yield* look.install({ ...surroundings, env: { ...env, npm_config_globalconfig: global } })
      assert.deepStrictEqual(everywhere.registry, { url, problem: undefined })
    }))
})

describe("OpenCode", () => {
  live("is looked for on the path, where its installer puts it, or where one says", () =>
    Effect.gen(function*() {
      const { program, surroundings } = yield* place()
      const missing = yield* look.openCode(surroundings, Option.none())
      assert.strictEqual(missing._tag, "Missing")
      const path = program("console.log('1.18.33')")
      const found = { _tag: "Found", path, version: "1.18.33" } as const
      assert.deepStrictEqual(yield* look.openCode(surroundings, Option.none()), found)
      assert.deepStrictEqual(yield* look.openCode({ ...surroundings, env: {} }, Option.some(path)), found)
      program("console.log('hello')")
      assert.strictEqual((yield* look.openCode(surroundings, Option.none()))._tag, "Broken")
      assert.strictEqual((yield* look.openCode(surroundings, Option.some("/none")))._tag, "Missing")
    }))

  /** An OpenCode whose server answers so; it notes its pid. */
  const serving = (answer: string) =>
    `const port = process.argv[process.argv.indexOf("--port") + 1]
     require("node:fs").writeFileSync(__dirname + "/pid", String(process.pid))
     require("node:fs").writeFileSync(__dirname + "/look", String(process.env.ERRAND_LOOK_ONLY))
     let nth = 0
     require("node:http").createServer((request, response) => {
       nth++
       ${answer}
     }).listen(port, "127.0.0.1", () => console.log("opencode server listening on http://127.0.0.1:" + port))`
  const wellBehaved = `response.end(request.url.startsWith("/experimental/tool/ids")
    ? JSON.stringify(["bash", "delegate_task"])
    : JSON.stringify({ providers: [{ id: "fake", models: { m1: {}, m2: {} } }] }))`
  const isGone = (root: string) => {
    try {
      process.kill(Number(readFileSync(join(root, "bin/pid"), "utf8")), 0)
      return false
    } catch {
      return true
    }
  }

  live("tells its tools and models, is told that we only look, and is stopped", () =>
    Effect.gen(function*() {
      const { program, root, surroundings } = yield* place()
      const { found, models } = yield* look.live(program(serving(wellBehaved)), surroundings)
      assert.strictEqual(found._tag, "Answered")
      assert.deepStrictEqual(found._tag === "Answered" ? found.tools : [], ["bash", "delegate_task"])
      assert.deepStrictEqual(models, [{ provider: "fake", id: "m1" }, { provider: "fake", id: "m2" }])
      assert.strictEqual(readFileSync(join(root, "bin/look"), "utf8"), "1")
      assert.isTrue(isGone(root))
    }))

  live("that never answers what came in its first moment is asked again", () =>
    Effect.gen(function*() {
      const { program, root, surroundings } = yield* place()
      const { found } = yield* look.live(program(serving(`if (nth === 1) return\n${wellBehaved}`)), surroundings)
      assert.strictEqual(found._tag, "Answered")
      assert.isTrue(isGone(root))
    }))

  live("that refuses, ends at once or cannot be started is quoted", () =>
    Effect.gen(function*() {
      const { program, root, surroundings } = yield* place()
      const why = Effect.fnUntraced(function*(path: string) {
        const { found, models } = yield* look.live(path, surroundings)
        assert.isUndefined(models)
        return found._tag === "Failed" ? `${found.why} | ${found.output.join(" ")}` : found._tag
      })
      const refusing = program(serving("response.statusCode = 500; response.end(\"ConfigInvalidError\")"))
      assert.match(yield* why(refusing), /^\/experimental\/tool\/ids answers 500: ConfigInvalidError/)
      assert.isTrue(isGone(root))
      const ending = program("console.error('out of luck'); process.exit(3)")
      assert.match(yield* why(ending), /^it ended at once, with exit code 3 \| out of luck$/)
      assert.match(yield* why(join(root, "none")), /ENOENT|NotFound/)
    }))

  live("that does not heed SIGTERM is stopped all the same", () =>
    Effect.gen(function*() {
      const { program, root, surroundings } = yield* place()
      yield* look.live(program(`process.on("SIGTERM", () => {})\n${serving(wellBehaved)}`), surroundings)
      assert.isTrue(isGone(root))
    }))
})

describe("repair", () => {
  live("writes through a link, keeps the file's mode, and leaves nothing beside it", () =>
    Effect.gen(function*() {
      const { root, write } = yield* place()
      const real = write("dotfiles/opencode.json", "{ \"plugin\": [\"a\"] }\n")
      chmodSync(real, 0o600)
      const path = join(root, "home/opencode.json")
      symlinkSync(real, path)
      const [done] = yield* look.repair([{ _tag: "Add", half: "server", path, spec: "opencode-errand" }])
      assert.strictEqual(done?.status, "changed")
      assert.isTrue(lstatSync(path).isSymbolicLink())
      assert.strictEqual(readFileSync(real, "utf8"), "{ \"plugin\": [\"a\", \"opencode-errand\"] }\n")
      assert.strictEqual(lstatSync(real).mode & 0o777, 0o600)
      assert.deepStrictEqual(readdirSync(join(root, "dotfiles")), ["opencode.json"])
    }))

  live("makes the folder and the file where there is none", () =>
    Effect.gen(function*() {
      const { root } = yield* place()
      const path = join(root, "home/.config/opencode/tui.json")
      yield* look.repair([{ _tag: "Add", half: "tui", path, spec: "opencode-errand" }])
      assert.include(readFileSync(path, "utf8"), "\"opencode-errand\"")
    }))

  live("leaves alone what does not parse, and says why", () =>
    Effect.gen(function*() {
      const { write } = yield* place()
      const path = write("home/tui.json", "{ \"plugin\": [ // mine")
      const done = yield* look.repair([
        { _tag: "Add", half: "tui", path, spec: "opencode-errand" },
        { _tag: "Replace", path, from: "a", to: "b" }
      ])
      assert.deepStrictEqual(done.map(({ status }) => status), ["refused", "refused"])
      assert.match(done[0]?.what ?? "", /^left as it is: .* at line 1, column \d+$/)
      assert.strictEqual(readFileSync(path, "utf8"), "{ \"plugin\": [ // mine")
    }))
})
