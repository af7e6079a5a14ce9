/**
 * The lab itself, against the real OpenCode: what the tests that use it rely on.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { existsSync } from "node:fs"
import { OpenCode, Sandbox, Script, ScriptedModel } from "../src/index.ts"

const { script } = Script
const { textOf } = OpenCode

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const lab = Effect.gen(function*() {
  const model = yield* ScriptedModel.make()
  const sandbox = yield* Sandbox.make({ model, providers: { anthropic: ["claude-opus-4-5"] } })
  return { model, sandbox }
})

it.live("serves scripted answers, tool calls, and notices", () =>
  Effect.gen(function*() {
    const { model, sandbox } = yield* lab
    const server = yield* OpenCode.serve(sandbox)
    const session = yield* server.newSession("lab")
    const bash = (command: string) => ({ toolCalls: [{ name: "bash", args: { command, description: "-" } }] })
    const prompt = script(
      [bash("echo id_$((6 * 7))"), bash("echo again {{match:id_\\d+}}"), { say: "saw {{lastTool}}" }],
      { later: [{ say: "noticed {{lastUser}}" }] }
    )
    assert.strictEqual(textOf(yield* server.prompt(session, prompt)).trim(), "saw again id_42")
    assert.strictEqual(textOf(yield* server.prompt(session, "something")), "noticed something")

    yield* model.onMessage({ when: /weather/, steps: [{ say: "ruled" }] })
    yield* server.promptAsync(session, "the weather", { model: "anthropic/claude-opus-4-5" })
    yield* server.waitFor(({ type }) => type === "session.idle")
    yield* server.idle(session)
    const last = (yield* server.messages(session)).at(-1)
    assert.strictEqual(last && textOf(last), "ruled")

    const requests = yield* model.requests
    assert.deepStrictEqual(requests.map(({ kind }) => kind), ["script", "script", "script", "script", "rule"])
    assert.deepStrictEqual(requests.at(-1)?.model, "claude-opus-4-5")
    assert.isTrue(requests.every(({ aborted, sessionID, tools }) =>
      !aborted && sessionID === session && tools.some(({ name }) => name === "bash")
    ))
    assert.strictEqual(yield* model.maxInFlight(), 1)
  }))

it.live("holds answers at a gate, and sees an abort", () =>
  Effect.gen(function*() {
    const { model, sandbox } = yield* lab
    const server = yield* OpenCode.serve(sandbox)
    const [parent, child] = [yield* server.newSession("parent"), yield* server.newSession("child")]
    const gated = yield* Effect.forkChild(server.prompt(parent, script([{ gate: "go", say: "went" }])))
    yield* server.promptAsync(child, script([{ hang: true }]))
    yield* model.waitFor(({ sessionID }) => sessionID === parent)
    yield* model.waitFor(({ sessionID }) => sessionID === child)
    assert.strictEqual(yield* model.inFlight(), 2)

    yield* server.abort(child)
    yield* model.waitFor(({ aborted, sessionID }) => sessionID === child && aborted)
    yield* model.openGate("go")
    assert.strictEqual(textOf(yield* Fiber.join(gated)), "went")
    assert.strictEqual(yield* model.inFlight(), 0)
    assert.strictEqual(yield* model.maxInFlight(), 2)
    assert.strictEqual(yield* model.maxInFlight(({ sessionID }) => sessionID === child), 1)
  }))

it.live("keeps the sessions over a crash, and leaves nothing behind", () =>
  Effect.gen(function*() {
    const pids: Array<number> = []
    const root = yield* Effect.scoped(Effect.gen(function*() {
      const { sandbox } = yield* lab
      const first = yield* OpenCode.serve(sandbox)
      const session = yield* first.newSession("lab")
      yield* first.prompt(session, script([{ say: "before" }]))
      yield* first.kill("SIGKILL")
      assert.strictEqual((yield* first.exited).signal, "SIGKILL")

      const second = yield* OpenCode.serve(sandbox)
      assert.strictEqual((yield* second.messages(session)).length, 2)
      assert.isTrue(isAlive(second.pid))
      pids.push(first.pid, second.pid)
      return sandbox.root
    }))
    assert.deepStrictEqual(pids.map(isAlive), [false, false])
    assert.isFalse(existsSync(root))
  }))

it.live("runs `opencode run` to its end", () =>
  Effect.gen(function*() {
    const { sandbox } = yield* lab
    const result = yield* OpenCode.run(sandbox, [], { stdin: `say it: ${script([{ say: "printed" }])}` })
    assert.strictEqual(result.stdout, "printed\n")
    assert.strictEqual(result.code, 0)
    const hung = yield* OpenCode.run(sandbox, [script([{ hang: true }])], { timeout: "2 seconds" })
    assert.isTrue(hung.timedOut)
  }))

it.live("says why OpenCode did not start", () =>
  Effect.gen(function*() {
    const model = yield* ScriptedModel.make()
    const sandbox = yield* Sandbox.make({ model, config: { agent: 7 } })
    const error = yield* Effect.flip(OpenCode.serve(sandbox))
    assert.strictEqual(error._tag, "StartError")
    assert.include(error.message, "ConfigInvalidError")
  }))
