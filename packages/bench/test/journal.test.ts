/**
 * Where the journals of the bench are: what is measured with a file has one, in the sandbox, and nobody's home gets any.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { homedir } from "node:os"
import * as Path from "node:path"
import { append } from "../src/journal/spawn.ts"
import { file, memory } from "../src/measures/B14.ts"
import { errand } from "../src/peers/errand.ts"
import type { Peer } from "../src/peers/Peer.ts"
import { Script } from "../src/server/index.ts"
import * as Server from "../src/server/start.ts"
import * as Sandbox from "../src/worker/Sandbox.ts"
import * as Worker from "../src/worker/start.ts"

const setup = { limits: { defaultConcurrency: 5 }, models: [] }

const journalsIn = (data: string | undefined): ReadonlyArray<string> => {
  const folder = Path.join(data ?? "", "errand", "journals")
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".sqlite")) : []
}

/** The user's own. */
const home = () => journalsIn(process.env["XDG_DATA_HOME"] ?? Path.join(homedir(), ".local", "share"))

/** The journals that a plugin has made when it has launched a task, in the sandbox. */
const journalsOf = Effect.fnUntraced(function*(peer: Peer) {
  const { control, url } = yield* Server.start
  const sandbox = yield* Sandbox.make(peer, setup)
  yield* control.reset({ directory: sandbox.directory, agents: peer.agents })
  const worker = yield* Worker.start(peer, { url, sandbox })
  const parent = yield* control.root()
  const prompt = Script.script([{ do: "hang" }])
  const [launched] = yield* worker.launch([{ parent, description: "d", prompt, agent: "explore", background: true }])
  assert.isDefined(launched?.task)
  const own = journalsIn(sandbox.env["XDG_DATA_HOME"])
  // Its name holds a hash of the project's path: nobody else's has it.
  assert.deepStrictEqual(home().filter((name) => own.includes(name)), [])
  assert.deepStrictEqual(journalsIn(Path.join(sandbox.env["HOME"] ?? "", ".local", "share")), [])
  return own.length
}, Effect.scoped)

describe("the journal of a plugin that is measured", () => {
  it.live("is a file in the sandbox, by default and where the measure says so", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.forEach([errand, file], journalsOf), [1, 1])
    }))

  it.live("is in memory where the measure says so", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* journalsOf(memory), 0)
    }))
})

describe("a journal that is measured by itself", () => {
  it.live("is not measured where its file cannot be used", () =>
    Effect.scoped(Effect.gen(function*() {
      const { directory } = yield* Sandbox.make(errand, setup)
      const error = yield* Effect.flip(append("file", directory))
      assert.strictEqual(error.what, "a journal, file")
      assert.match(error.message, /cannot be used/)
    })))
})
