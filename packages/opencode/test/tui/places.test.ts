/**
 * The same tasks from everywhere: in the terminal of most people, which has a server of its own; in one that is attached
 * to a server; and, plainer, where the terminal's half is not there.
 */
import { assert, describe, it } from "@effect/vitest"
import { OpenCode, type Script, type ScriptedModel, type Terminal } from "@errand/lab"
import { Effect } from "effect"
import { lastUser, patience, place, words } from "../e2e/support/b.ts"
import { openLocal, sidebarOf, tuiPlugin } from "./support/stage.ts"

const launch = (description: string): Script.ToolCall => ({
  name: "delegate_task",
  args: { description, agent: "explore", prompt: `Task: ${description}`, model: "fake/m2" }
})

/** The agents of this file act by what a person types. */
const rules: ReadonlyArray<ScriptedModel.Rule> = [
  {
    when: /^send three/,
    steps: [
      { toolCalls: ["Find the auth code", "Run the tests", "Review it"].map(launch) },
      { say: "Three are on their way." }
    ]
  },
  { when: /^Task: /, steps: [{ gate: "tasks", say: "It is done." }] }
]

const settings = { modelConcurrency: { "fake/m2": 2 } }

/** What each terminal shows, without what moves. */
const full = `▼ Errands 2 out · 1 in line
* Find the auth code 0s
explore · thinks
* Run the tests 0s
explore · thinks
◌ Review it 0s
1st in line · fake/m2 2/2`

const terminals = [
  { which: "with a server of its own", args: () => [], serves: false },
  { which: "with one that listens", args: () => ["--port", "0"], serves: false },
  { which: "attached to one", args: (url: string) => ["attach", url], serves: true }
]

const types = Effect.fnUntraced(function*(terminal: Terminal.Terminal) {
  yield* terminal.type("send three")
  yield* terminal.waitFor("send three")
  yield* terminal.keys("Enter")
})

const errandsIn = (screen: string): string => {
  const lines = sidebarOf(screen).split("\n").map((line) => line.trim()).filter((line) => line !== "")
  return lines.slice(lines.findIndex((line) => line.includes("Errands"))).slice(0, 7).join("\n")
    .replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, "*").replace(/ (?:\d+m)?\d+s$/gm, " 0s").replace(/ +/g, " ")
}

describe("from everywhere", () => {
  for (const { args, serves, which } of terminals) {
    it.live(`line 9: a terminal shows the same, ${which}`, () =>
      Effect.gen(function*() {
        const here = yield* place({ tui: { plugin: [tuiPlugin] }, settings, rules })
        const url = serves ? (yield* OpenCode.serve(here.sandbox)).url : ""
        const { sidebar, terminal } = yield* openLocal(here, { args: args(url) })
        yield* types(terminal)
        yield* terminal.waitFor((screen) => errandsIn(screen) === full, {
          timeout: "90 seconds",
          what: `in the sidebar:\n${full}`
        })
        yield* here.model.openGate("tasks")
        yield* sidebar(/▼ Errands$/, /✓/, /✓/, /✓/)
      }))
  }

  it.live("line 9: without the terminal's half the tasks are launched, end and are told all the same", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place({ settings, rules })
      const { terminal } = yield* openLocal({ sandbox })
      yield* types(terminal)
      yield* terminal.waitFor("Three are on their way.")
      yield* model.openGate("tasks")
      // In the conversation: neither a card nor a toast, which are there without anybody being told.
      yield* terminal.waitFor(/^.{0,20}✓ 3 errands back · \d/m)
      yield* model.waitFor((request) => lastUser(request).includes("[ALL BACKGROUND TASKS COMPLETE]"), {
        timeout: patience,
        what: "the model to be told that all tasks are complete"
      })
      assert.notInclude(yield* terminal.screen, "▼ Errands")
      assert.notInclude(yield* terminal.errors, "tui.plugin")
    }))

  it.live("line 9: with --pure OpenCode starts without both halves", () =>
    Effect.gen(function*() {
      const here = yield* place({ tui: { plugin: [tuiPlugin] }, settings })
      const { terminal } = yield* openLocal(here, { args: ["--pure"] })
      yield* types(terminal)
      // By now they would be there, as they are loaded a moment after the start.
      yield* terminal.waitFor("ACK send three")
      const offered = (yield* here.model.requests).flatMap(({ tools }) => tools.map(({ name }) => name))
      assert.include(offered, "bash")
      assert.notInclude(offered, "delegate_task")
      yield* terminal.type("/tasks")
      const screen = yield* terminal.waitFor("No matching items")
      assert.notMatch(screen, /▼ Errands|What the agents that were sent out do/)
      assert.strictEqual(yield* terminal.errors, "")
    }))

  it.live("line 10: where nobody looks no board is kept", () =>
    Effect.gen(function*() {
      const { model, sandbox } = yield* place({ settings, rules })
      const server = yield* OpenCode.serve(sandbox)
      const { told } = words({ model, server })
      const session = yield* server.newSession("parent")
      yield* server.promptAsync(session, "send three")
      yield* model.openGate("tasks")
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      const { body } = yield* server.request("GET", `/session/${session}`)
      assert.notInclude(JSON.stringify(body), "\"board\"")
    }))
})
