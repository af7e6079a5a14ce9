/**
 * The demo itself, as a person starts it: with the scripted model, and with a configuration of the person's own (whose
 * model is a scripted one here, that reads the words which a real one would be given).
 */
import { assert, describe, it } from "@effect/vitest"
import { Sandbox, type Script, ScriptedModel } from "@errand/lab"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Words from "../src/words.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

interface Ran {
  readonly code: number | null
  readonly output: string
}

const demo = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv, interruptAt?: RegExp) =>
  Effect.callback<Ran>((resume) => {
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    let interrupted = false
    const hear = (chunk: Buffer) => {
      output += chunk.toString()
      if (interrupted || interruptAt === undefined || !interruptAt.test(output)) return
      interrupted = true
      child.kill("SIGINT")
    }
    child.stdout.on("data", hear)
    child.stderr.on("data", hear)
    child.once("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const call = (name: string, args: Script.ToolCall["args"]) => ({ name, args: args ?? {} })
const delegate = (agent: string) =>
  call("delegate_task", { agent, description: `Ask ${agent}`, prompt: `You are ${agent}: look, then answer.` })

/** The processes that have this temporary folder. Linux only: elsewhere none are found. */
const processesIn = (temp: string): ReadonlyArray<string> =>
  (existsSync("/proc") ? readdirSync("/proc") : []).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`TMPDIR=${temp}`)
    } catch {
      return false
    }
  })

/** What a model that does as it is told makes of the words. */
const obedient: ReadonlyArray<ScriptedModel.Rule> = [
  {
    when: /^This is a demonstration of background tasks/,
    steps: [
      { toolCalls: ["explore", "librarian", "oracle"].map(delegate) },
      { delay: 300, toolCalls: [call("read", { filePath: "README.md" })] },
      { say: "I go on meanwhile." }
    ]
  },
  {
    when: /\(oracle, /,
    steps: [
      { say: "From all three.", toolCalls: [delegate("momus")] },
      { delay: 500, toolCalls: [call("background_cancel", { task_id: "{{match:^Task ID: (bg_\\w+)}}" })] },
      {
        toolCalls: [
          call("delegate_task", { session_id: "{{match:Session ID: (ses_\\w+)}}", prompt: "Continue: passwords" })
        ]
      },
      { say: "It goes on." }
    ]
  },
  { when: /\(momus, /, steps: [{ say: `Done. ${Words.closing}` }] },
  { when: /^Continue: /, steps: [{ delay: 300, say: "Nothing is missing." }] },
  { when: /^You are momus/, steps: [{ hang: true }] },
  {
    when: /^You are/,
    steps: [{ delay: 1_500, toolCalls: [call("read", { filePath: "README.md" })] }, { say: "Seen." }]
  }
]

describe("demo", () => {
  it.live("tells the story, checks it and ends with 0", () =>
    Effect.gen(function*() {
      const { code, output } = yield* demo([], { ...process.env, NO_COLOR: "1" })
      assert.strictEqual(code, 0, output)
      assert.match(output, /is pending\. It waits for the limit of provider anthropic/)
      assert.match(output, /Cancelled 1 background task\(s\)/)
      assert.match(output, /All \d+ checks hold/)
      assert.match(output, /One after another +\d+\.\ds[\s\S]*With Errand +\d+\.\ds/)
      assert.match(output, /oracle .*░+█+✓/)
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(output, /\u001b/)
    }))

  it.live("does the same with the user's own configuration", () =>
    Effect.gen(function*() {
      const model = yield* ScriptedModel.make({ onMessage: obedient })
      const sandbox = yield* Sandbox.make({ model, providers: { mine: ["best"] } })
      const env = { ...sandbox.env, OPENCODE_CONFIG: Path.join(sandbox.project, "opencode.json") }
      const unknown = yield* demo(["--model", "mine/worst"], env)
      assert.strictEqual(unknown.code, 1)
      assert.match(unknown.output, /no model mine\/worst\. Known models of mine: best\./)

      const temp = Path.join(sandbox.root, "temp")
      mkdirSync(temp)
      const { code, output } = yield* demo(["--model", "mine/best"], { ...env, TMPDIR: temp })
      assert.strictEqual(code, 0, output)
      assert.match(output, /is pending/)
      assert.match(output, /momus +✓ completed/)
      assert.strictEqual(yield* model.maxInFlight(({ parentSessionID }) => parentSessionID !== undefined), 2)
      assert.isFalse(existsSync(Path.join(sandbox.dataDir, "opencode.db")), "the user's own database is left alone")
      assert.deepStrictEqual(readdirSync(temp), [])
    }))

  it.live("leaves nothing behind when it is interrupted", () =>
    Effect.gen(function*() {
      const model = yield* ScriptedModel.make()
      const sandbox = yield* Sandbox.make({ model })
      const temp = Path.join(sandbox.root, "temp")
      mkdirSync(temp)
      const env = { ...sandbox.env, TMPDIR: temp }
      const { code, output } = yield* demo([], env, /delegate_task: agent oracle/)
      assert.strictEqual(code, 130, output)
      assert.notInclude(output, "checks hold")
      assert.deepStrictEqual(readdirSync(temp), [])
      assert.deepStrictEqual(processesIn(temp), [])
    }))
})
