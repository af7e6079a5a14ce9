/**
 * Launches as a person sees them, in the conversation: OpenCode's own card of a task instead of a wall of arguments.
 */
import { assert, layer } from "@effect/vitest"
import { Script } from "@errand/lab"
import { Effect } from "effect"
import { conversationOf, type Errand, live, Stage, stage } from "./support/stage.ts"

const long = "Read every file of the project, and say what is wrong with each of them. ".repeat(42)

const wordy = (gate: string, description: string): Errand => ({
  description,
  steps: [{ gate, say: `done: ${description}` }],
  args: { model: "fake/m2" }
})

/** The lines of the launches: from the first until the agent says that they are on their way. */
const launchesIn = (screen: string): ReadonlyArray<string> => {
  const lines = conversationOf(screen).split("\n").filter((line) =>
    line.trim() !== "" && !line.includes("view subagents")
  )
  const first = lines.findIndex((line) => /Find the code|Run the tests/.test(line))
  return lines.slice(Math.max(0, first), lines.findIndex((line) => line.includes("They are on their way.")))
}

for (const width of [90, 160]) {
  layer(stage({ width, settings: { modelConcurrency: { "fake/m2": 1 } } }), live)(
    `cards, at ${width} columns`,
    (it) => {
      it.effect("line 2: a launch with 3,000 characters of a prompt takes no more than two lines each", () =>
        Effect.gen(function*() {
          const { model, parent, server, show, terminal } = yield* Stage
          const session = yield* parent
          yield* show(session)
          const calls = ["Find the code", "Run the tests"].map((description) => ({
            name: "delegate_task",
            args: {
              description,
              agent: "explore",
              model: "fake/m2",
              prompt: `${long}${Script.script([{ gate: description, say: "done" }])}`
            }
          }))
          yield* model.onMessage({
            when: /^launch two/,
            steps: [{ toolCalls: calls }, { say: "They are on their way." }]
          })
          yield* server.promptAsync(session, "launch two")
          const screen = yield* terminal.waitFor((screen) => {
            const text = launchesIn(screen).join(" ")
            return /Explore Task \(background\) — Find the code/.test(text) && /Run the tests.*1st in line/.test(text)
              && !screen.includes("Read every") && screen.includes("They are on their way.")
          }, { what: "a card and one that is 1st in line, without a wall of text" })
          const lines = launchesIn(screen)
          assert.isAtMost(lines.length, 4, lines.join("\n"))
          yield* model.openGate("Find the code")
          yield* model.openGate("Run the tests")
          yield* terminal.waitFor((screen) => (screen.match(/✓ Explore Task/g) ?? []).length === 2)
        }))

      it.effect("line 4: a click on a card opens the session of its task", () =>
        Effect.gen(function*() {
          const { delegate, model, parent, show, terminal } = yield* Stage
          const session = yield* parent
          yield* show(session)
          yield* delegate(session, [wordy("click", "Click me")])
          yield* terminal.clickOn("— Click me")
          yield* terminal.waitFor(/Explore \(\d of \d\)/)
          yield* terminal.keys("Up")
          yield* model.openGate("click")
          yield* terminal.waitFor("✓ Explore Task")
        }))
    }
  )
}
