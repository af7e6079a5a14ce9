/**
 * `opencode-errand doctor` beside a real OpenCode: what it says before and after `--fix`, and that it leaves nothing
 * behind.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, Sandbox, ScriptedModel } from "@errand/lab"
import { Effect, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { chmod, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Report } from "../../src/cli/doctor/Report.ts"
import { bun, call, cli, installed, packed, patient, processes, type Ran, run, withOpenCode } from "./support/cli.ts"
import { registryWith } from "./support/registry.ts"

const decodeReport = Schema.decodeEffect(Schema.fromJsonString(Report))
const decodeManifest = Schema.decodeEffect(
  Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String, main: Schema.String }))
)

const reportOf = ({ stderr, stdout }: Ran) => {
  assert.strictEqual(stderr, "")
  return decodeReport(stdout)
}

/** By its check: one word for each of its findings. A machine that has other things to do starts an OpenCode slowly. */
const verdicts = ({ findings: all }: Report) => {
  const findings = all.map((one) => /are there, but OpenCode took/.test(one.found) ? { ...one, status: "ok" } : one)
  return Object.fromEntries(
    [...new Set(findings.map(({ check }) => check))].map((check) => [
      check,
      findings.filter((one) => one.check === check).map(({ status }) => status).join(" ")
    ])
  )
}

const exists = (path: string) => Effect.promise(() => stat(path).then(() => true, () => false))

/** A sandbox with OpenCode, and a registry that has this package. */
const place = Effect.fnUntraced(function*(files: Readonly<Record<string, string>> = {}) {
  const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make(), files })
  const manifest = yield* Effect.flatMap(
    Effect.promise(() => readFile(join(dirname(dirname(cli)), "package.json"), "utf8")),
    decodeManifest
  )
  const registry = yield* registryWith(yield* packed(sandbox), manifest)
  const env = { ...yield* withOpenCode(sandbox), npm_config_registry: registry }
  const program = yield* installed(sandbox)
  const doctor = (...args: ReadonlyArray<string>) => call(sandbox, ["doctor", ...args], env, { program })
  return { sandbox, env, doctor, version: manifest.version }
})

const allWell = {
  opencode: "ok",
  entries: "ok ok",
  cache: "ok",
  settings: "ok",
  limits: "ok",
  clashes: "ok",
  install: "ok",
  live: "ok"
}

describe("doctor", () => {
  it.live(
    "is red before --fix and green after it, keeps comments, and twice it changes nothing",
    () =>
      Effect.gen(function*() {
        const { doctor, sandbox, version } = yield* place()
        const server = join(sandbox.configDir, "opencode.jsonc")
        const tui = join(sandbox.configDir, "tui.json")
        // OpenCode itself writes the schema into a file that has none.
        const head = "{\n  \"$schema\": \"https://opencode.ai/config.json\",\n  // Mine.\n"
        const mine = `${head}  "plugin": [], // none yet\n}\n`
        yield* Effect.promise(() => writeFile(server, mine).then(() => chmod(server, 0o640)))

        const before = yield* doctor("--json")
        assert.strictEqual(before.code, 1)
        const red = yield* reportOf(before)
        assert.isFalse(red.ok)
        assert.deepStrictEqual(verdicts(red), {
          ...allWell,
          entries: "failure warning",
          cache: "skipped",
          live: "failure"
        })
        assert.strictEqual(yield* Effect.promise(() => readFile(server, "utf8")), mine)
        assert.isFalse(yield* exists(tui))

        const after = yield* doctor("--fix", "--json")
        const green = yield* reportOf(after)
        assert.deepStrictEqual(verdicts(green), allWell, JSON.stringify(green, undefined, 2))
        assert.strictEqual(after.code, 0)
        assert.deepStrictEqual(green.repairs.map(({ file, status }) => [file, status]), [
          [server, "changed"],
          [tui, "changed"]
        ])
        assert.strictEqual(
          yield* Effect.promise(() => readFile(server, "utf8")),
          `${head}  "plugin": ["opencode-errand"], // none yet\n}\n`
        )
        assert.strictEqual((yield* Effect.promise(() => stat(server))).mode & 0o777, 0o640)

        // By now it is installed, and its version is known.
        const again = yield* reportOf(yield* doctor("--fix", "--json"))
        assert.deepStrictEqual([again.ok, again.repairs], [true, []])
        assert.include(
          again.findings.find(({ check }) => check === "cache")?.found,
          `${version}, the same as this doctor`
        )
        assert.deepStrictEqual(
          (yield* Effect.promise(() => readdir(sandbox.configDir))).filter((name) => name.includes("tmp")),
          []
        )
        assert.deepStrictEqual(yield* processes(sandbox), [])
      }),
    patient
  )

  it.live(
    "agrees with OpenCode's own way to install: whichever comes first, there is one entry in each file",
    () =>
      Effect.gen(function*() {
        const { doctor, env, sandbox } = yield* place()
        const install = Effect.gen(function*() {
          const child = yield* OpenCode.start(sandbox, ["plugin", "opencode-errand", "-g"], { env })
          const { code } = yield* child.exited
          assert.strictEqual(code, 0, yield* child.stdout)
        })
        const entries = Effect.promise(async () => {
          const names = (await readdir(sandbox.configDir)).filter((name) => /^(opencode|tui)\.jsonc?$/.test(name))
            .sort()
          const texts = await Promise.all(names.map((name) => readFile(join(sandbox.configDir, name), "utf8")))
          return texts.flatMap((text) => text.match(/"opencode-errand[^"]*"/g) ?? [])
        })
        yield* install
        assert.deepStrictEqual(yield* entries, ["\"opencode-errand\"", "\"opencode-errand\""])
        const after = yield* reportOf(yield* doctor("--fix", "--no-live", "--json"))
        assert.deepStrictEqual([after.ok, after.repairs], [true, []], JSON.stringify(after, undefined, 2))

        yield* Effect.promise(async () => {
          const names = (await readdir(sandbox.configDir)).filter((name) => /^(opencode|tui)\.jsonc?$/.test(name))
          await Promise.all(names.map((name) => rm(join(sandbox.configDir, name))))
        })
        const fixed = yield* reportOf(yield* doctor("--fix", "--no-live", "--json"))
        assert.lengthOf(fixed.repairs, 2)
        yield* install
        assert.deepStrictEqual(yield* entries, ["\"opencode-errand\"", "\"opencode-errand\""])
      }),
    patient
  )

  it.live("tells a person, line by line, what is wrong with settings, limits and other plugins, and what to do", () =>
    Effect.gen(function*() {
      const { doctor, sandbox } = yield* place({
        "tui.json": "{ \"plugin\": [ }",
        // Another plugin that has a tool of the same name.
        ".opencode/plugin/other.js":
          "export const Other = async () => ({ tool: { background_output: { description: \"\", args: {}, execute: async () => \"\" } } })",
        ".opencode/errand.jsonc": "{ \"toasts\": \"loud\", \"maxDeph\": 1, \"providerConcurrency\": { \"fakee\": 1 } }"
      })
      const config = JSON.parse(yield* sandbox.read("opencode.json"))
      const plugin = [fileURLToPath(new URL("index.js", `file://${cli}`))]
      yield* sandbox.write("opencode.json", JSON.stringify({ ...config, plugin }))
      const { code, stderr, stdout } = yield* doctor("--fix")
      assert.strictEqual(code, 1)
      assert.strictEqual(stderr, "")
      const expected = [
        /^✗ not fixed .*\/project\/tui\.json: left as it is: .* at line 1, column 15$/m,
        /^✗ config file: .*\/project\/tui\.json: .* -> mend it by hand/m,
        /^✓ server entry: ".*dist\/index\.js" in .*\/project\/opencode\.json$/m,
        /^! tui entry: /m,
        /^✗ settings: .*errand\.jsonc: toasts is "loud", but must be true or false\. .* -> mend it/m,
        /^✗ settings: .*there is no setting "maxDeph"; did you mean maxDepth/m,
        /^! limits: providerConcurrency\["fakee"\] has no effect: .* Did you mean "fake"\? -> /m,
        /^✗ other plugins: background_output is there twice, .* -> take the other plugin out/m,
        /^✓ tools in OpenCode: delegate_task, background_output, background_cancel are there/m,
        /^\d fine, 2 warnings, 4 to mend\.$/m
      ]
      for (const line of expected) assert.match(stdout, line)
      assert.notInclude(stdout, "undefined")
      assert.notInclude(stdout, "\u001b")
      assert.strictEqual(yield* sandbox.read("tui.json"), "{ \"plugin\": [ }")
    }))

  it.live(
    "from a clone writes the way to the clone, which OpenCode then loads: there is nothing to fetch",
    () =>
      Effect.gen(function*() {
        const { env, sandbox } = yield* place()
        const root = dirname(dirname(cli))
        const before = yield* call(sandbox, ["doctor", "--no-live"], env)
        assert.include(before.stdout, `run \`node ${cli} doctor --fix\``)
        const report = yield* reportOf(yield* call(sandbox, ["doctor", "--fix", "--json"], env))
        assert.deepStrictEqual(verdicts(report), allWell, JSON.stringify(report, undefined, 2))
        assert.deepStrictEqual(
          report.repairs.map(({ what }) => what),
          [`added ${JSON.stringify(root)} to \`plugin\``, `added ${JSON.stringify(root)} to \`plugin\``]
        )
      }),
    patient
  )

  it.live("without an OpenCode says so, and goes on with the rest", () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make(), plugins: ["opencode-errand"] })
      const ran = yield* call(sandbox, ["doctor", "--json"], { ...sandbox.env, PATH: "/usr/bin:/bin" })
      assert.strictEqual(ran.code, 1)
      assert.deepStrictEqual(verdicts(yield* reportOf(ran)), {
        ...allWell,
        opencode: "failure",
        entries: "ok warning",
        live: "skipped"
      })
    }))

  for (const runtime of ["node", "bun"]) {
    it.live(`on ${runtime}: is not troubled by a reader that has read enough`, () =>
      Effect.gen(function*() {
        const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make() })
        const path = runtime === "node" ? process.execPath : bun
        const piped = yield* Effect.promise(() =>
          run("sh", ["-c", "{ \"$0\" \"$1\" doctor; echo \"rc $?\" >&2; } | head -1", path, cli], {
            cwd: sandbox.project,
            env: { ...sandbox.env, PATH: "/usr/bin:/bin" }
          })
        )
        assert.match(piped.stdout, /^✗ OpenCode: not found .*\n$/)
        assert.strictEqual(piped.stderr, "rc 1\n")
      }))
  }

  it.live("comes with the package, by both of its names", () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make() })
      const { env, root } = sandbox
      const tarball = yield* packed(sandbox)
      const prefix = join(root, "installed")
      yield* Effect.promise(() =>
        run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--prefix", prefix, tarball], {
          cwd: root,
          env
        })
      )
      const say = (name: string, ...args: ReadonlyArray<string>) =>
        Effect.promise(() => run(join(prefix, "node_modules", ".bin", name), args, { cwd: sandbox.project, env }))
      const { version } = yield* Effect.flatMap(
        Effect.promise(() => readFile(join(dirname(dirname(cli)), "package.json"), "utf8")),
        decodeManifest
      )
      assert.deepStrictEqual(yield* say("opencode-errand", "--version"), { stdout: `${version}\n`, stderr: "" })
      const { stdout } = yield* say("errand", "schema")
      assert.strictEqual(
        stdout,
        yield* Effect.promise(() => readFile(join(dirname(cli), "errand.schema.json"), "utf8"))
      )
    }))

  it.live("stops the OpenCode that it has started when it is interrupted itself", () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.make({ model: yield* ScriptedModel.make() })
      const env = yield* withOpenCode(sandbox)
      const child = spawn(process.execPath, [cli, "doctor"], { cwd: sandbox.project, env, stdio: "ignore" })
      const ended = new Promise((resolve) => child.once("exit", resolve))
      yield* untilServing(sandbox)
      child.kill("SIGINT")
      yield* Effect.promise(() => ended)
      assert.deepStrictEqual(yield* processes(sandbox), [])
    }))
})

/** It was asked for its version before, by a process of its own. */
const untilServing = (sandbox: Sandbox.Sandbox) =>
  Effect.timeout(
    Effect.repeat(processes(sandbox), {
      schedule: Schedule.spaced("50 millis"),
      until: (all) => all.some((line) => line.includes(" serve "))
    }),
    "45 seconds"
  )
